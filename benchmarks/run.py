"""`python -m benchmarks.run`: measure the worker beside its peers, and hold it to its floors.

Results: a table on standard output, `build/bench.json`; exit code 1 where a
floor does not hold.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import click

from benchmarks import results
from benchmarks.contest import ContestError
from benchmarks.scenarios import FULL, QUICK, Bench
from signal_tracker.admin import connected
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.errors import BrokerError
from signal_tracker.kafka_broker import kafka_broker

OUT = Path("build/bench.json")


@click.command()
@click.option("--quick", is_flag=True, envvar="QUICK", help="Fewer ticks and rounds.")
@click.option("--broker", metavar="HOST:PORT", help="Use this broker instead of starting one.")
@click.option(
    "--broker-kind",
    type=click.Choice(["embedded", "kafka"]),
    default="embedded",
    show_default=True,
    help="What to start: the embedded broker, or an Apache Kafka (Docker, or Java and Maven).",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=OUT)
def main(*, quick: bool, broker: str | None, broker_kind: str, out: Path) -> None:
    """Measure the worker beside a plain Faust agent and bare consumers."""
    kind = "given with --broker" if broker else broker_kind
    click.echo(f"broker: {kind}; {'quick' if quick else 'full'} run")
    folder = Path(tempfile.mkdtemp(prefix="signal-tracker-bench-"))
    prefix = f"bench-{uuid4().hex[:8]}-"
    try:
        with _serving(broker, broker_kind, folder, prefix) as address:
            bench = Bench(
                broker=address, prefix=prefix, folder=folder, plan=QUICK if quick else FULL
            )
            runs = {"single_ticks": bench.single_ticks(), "columnar_ticks": bench.columnar_ticks()}
    except (BrokerError, ContestError) as error:
        raise click.ClickException(str(error)) from None
    lines = [
        *results.single_lines(runs["single_ticks"]),
        *results.columnar_lines(runs["columnar_ticks"]),
    ]
    results.write(lines, runs, kind, out)
    click.echo(results.table(lines, runs))
    click.echo(f"results in {out}", err=True)
    sys.exit(any(line.holds is False for line in lines))


@contextmanager
def _serving(given: str | None, kind: str, folder: Path, prefix: str) -> Iterator[str]:
    if given:
        try:
            yield given
        finally:
            _remove_topics(given, prefix)
        return
    log = folder / "broker.log"
    with kafka_broker(log) if kind == "kafka" else EmbeddedBroker(log) as broker:
        yield broker.address


def _remove_topics(broker: str, prefix: str) -> None:
    # the changelogs, too: they begin with the app id, and that with the prefix
    with connected(broker) as admin:
        names = [name for name in admin.list_topics() if name.startswith(prefix)]
        if names:
            admin.delete_topics(names)


if __name__ == "__main__":
    main()
