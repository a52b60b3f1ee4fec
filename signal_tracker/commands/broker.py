"""`signal-tracker broker`: run a broker until Ctrl-C."""

from pathlib import Path

import click

from signal_tracker.broker import EmbeddedBroker
from signal_tracker.kafka_broker import kafka_broker
from signal_tracker.options import data_option, option
from signal_tracker.stopping import until_stopped


@click.command("broker")
@option(
    "--kind",
    type=click.Choice(["embedded", "kafka"]),
    default="embedded",
    help="The embedded one needs nothing; kafka needs Docker, or Java 17 and Maven.",
)
@option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=9092,
    help="The port on 127.0.0.1; 0 takes a free one.",
)
@data_option
@click.option("--journal", is_flag=True, hidden=True)
def command(kind: str, port: int, data: Path, journal: bool) -> None:
    """Run a broker on this machine until Ctrl-C; its address goes to stdout.

    Its log is DATA/logs/broker.log.
    """
    if journal:
        msg = "`broker --journal` is not in this version: keeping the inbound topics comes later."
        raise click.UsageError(msg)
    log = data / "logs" / "broker.log"
    with until_stopped():
        broker = _broker(kind, log, port)
        with broker:
            click.echo(broker.address)
            click.echo(f"{kind} broker at {broker.address}; Ctrl-C ends it.", err=True)
            if kind == "embedded":
                click.echo(
                    "It keeps nothing when it stops: publishing the same files again gives "
                    "the same rows.",
                    err=True,
                )
            broker.wait()


def _broker(kind: str, log: Path, port: int) -> EmbeddedBroker:
    return kafka_broker(log, port=port) if kind == "kafka" else EmbeddedBroker(log, port=port)
