"""`signal-tracker broker`: run a broker until Ctrl-C."""

from pathlib import Path

import click

from schemas.topics import MAX_PARTITIONS
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.kafka_broker import kafka_broker
from signal_tracker.options import data_option, option, prefix_option
from signal_tracker.progress import say
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
@option(
    "--journal",
    is_flag=True,
    help="Keep the inbound topics in DATA/journal, and publish them again at the next start.",
)
@option(
    "--partitions",
    metavar="N",
    type=click.IntRange(1, MAX_PARTITIONS),
    help="Partitions of the topics that --journal makes; by default 8, or as the journal has them.",
)
@prefix_option
@data_option
def command(
    *, kind: str, port: int, journal: bool, partitions: int | None, prefix: str, data: Path
) -> None:
    """Run a broker on this machine until Ctrl-C; its address goes to stdout.

    Its log is DATA/logs/broker.log. With --journal it makes the topics, lets clients in when
    all is there again, and acknowledges a record of signals, ticks, corporate-actions or
    decisions behind --prefix when it is on the disk.
    """
    if journal and kind != "embedded":
        msg = "--journal is of the embedded broker: Kafka keeps its topics itself"
        raise click.UsageError(msg)
    log = data / "logs" / "broker.log"
    with until_stopped():
        if journal:
            _run_with_journal(log, data / "journal", port, prefix, partitions)
        else:
            _run(kind, log, port)


def _run(kind: str, log: Path, port: int) -> None:
    with _broker(kind, log, port) as broker:
        click.echo(broker.address)
        say(f"{kind} broker at {broker.address}; Ctrl-C ends it.")
        if kind == "embedded":
            say(
                "It keeps nothing when it stops: publishing the same files again gives the same "
                "rows. --journal keeps the inbound topics."
            )
        broker.wait()


def _run_with_journal(
    log: Path, folder: Path, port: int, prefix: str, partitions: int | None
) -> None:
    from signal_tracker.journaled_broker import JournaledBroker

    with JournaledBroker(
        log, folder, port=port, prefix=prefix, partitions=partitions, say=say
    ) as broker:
        click.echo(broker.address)
        say(f"embedded broker at {broker.address}; Ctrl-C ends it.")
        broker.wait()


def _broker(kind: str, log: Path, port: int) -> EmbeddedBroker:
    return kafka_broker(log, port=port) if kind == "kafka" else EmbeddedBroker(log, port=port)
