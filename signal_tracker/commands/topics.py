"""`signal-tracker topics`: the catalogue, and creating it on a broker."""

import click

from schemas.cluster import Cluster
from schemas.topics import CATALOGUE, DEFAULT_PARTITIONS, Topic, prefixed
from signal_tracker.options import broker_option, option, partitions_option, prefix_option

_DAY_MS = 24 * 3600 * 1000
_HEADER = ("name", "key", "records", "cleanup", "retention", "partitions")


@click.group("topics")
def command() -> None:
    """List the topics, or create them."""


@command.command("list")
@prefix_option
def list_topics(prefix: str) -> None:
    """Print the catalogue: name, key, records, cleanup, retention, partitions.

    It asks no broker.
    """
    rows = [_HEADER, *(_row(prefix, topic) for topic in CATALOGUE)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


@command.command("create")
@broker_option
@prefix_option
@partitions_option
@option(
    "--replication-factor",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    help="Copies of every partition.",
)
def create(broker: Cluster, prefix: str, partitions: int, replication_factor: int) -> None:
    """Create the topics that are missing; those that exist stay as they are."""
    from signal_tracker.admin import create_topics

    created = create_topics(broker, prefix, partitions, replication_factor=replication_factor)
    for topic in CATALOGUE:
        name = prefixed(prefix, topic)
        click.echo(f"{name} {'created' if name in created else 'existed'}")


def _row(prefix: str, topic: Topic) -> tuple[str, ...]:
    records = "|".join(record.__name__ for record in topic.records)
    partitions = str(DEFAULT_PARTITIONS)
    return prefixed(prefix, topic), topic.key, records, topic.cleanup, _kept(topic), partitions


def _kept(topic: Topic) -> str:
    if topic.cleanup == "compact":
        return "last of a key"
    return "unlimited" if topic.retention_ms < 0 else f"{topic.retention_ms // _DAY_MS} d"
