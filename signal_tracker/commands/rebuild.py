"""`signal-tracker rebuild`: signals.db made anew from the topics, and put in place in one step."""

from pathlib import Path

import click

from schemas.cluster import Cluster
from signal_tracker.options import broker_option, data_option, option, prefix_option


@click.command("rebuild")
@broker_option
@prefix_option
@data_option
@option(
    "--run-id",
    metavar="TEXT",
    help="Mark the new file as this run's; by default as the old one is marked.",
)
@option(
    "--force",
    is_flag=True,
    envvar="SIGNAL_TRACKER_REBUILD_FORCE",
    help="Leave out rows that only the old file holds; it stays beside as signals.db.old.",
)
def command(*, broker: Cluster, prefix: str, data: Path, run_id: str | None, force: bool) -> None:
    """Make DATA/signals.db anew from the topics, and put it in place in one step.

    End `sink sqlite` and what reads the file first; afterwards the sink goes on
    from where the new file ends. Observations that their topic has forgotten are
    computed again; dead letters and events that theirs have are carried over from
    the old file. Rows that would be lost are named, and the old file stays.
    """
    from signal_tracker.columns import counted
    from signal_tracker.printing import plain
    from signal_tracker.progress import say
    from signal_tracker.rebuilding import Order, rebuild
    from signal_tracker.remedies import topics_remedied
    from sinks.snapshot import DATABASE

    path = data / DATABASE
    order = Order(broker=broker, prefix=prefix, path=path, run_id=run_id, force=force)
    with topics_remedied(broker, prefix):
        done = rebuild(order, lambda line: say(plain(line)))
    if done.filled:
        say(f"computed again: {counted(done.filled, 'observation')}")
    for table, count in done.kept.carried.items():
        say(f"carried over from the old file: {counted(count, 'row')} of {table}")
    for table, count in done.kept.dropped.items():
        say(f"left out: {counted(count, 'row')} of {table}")
    counts = " ".join(f"{table}={count}" for table, count in done.counts.items())
    carried, dropped = (sum(each.values()) for each in (done.kept.carried, done.kept.dropped))
    click.echo(f"rebuilt {counts} computed={done.filled} carried={carried} dropped={dropped}")
