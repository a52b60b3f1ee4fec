"""`signal-tracker status`: how far the sink and the worker are, and what the rows count."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.cluster import Cluster
from signal_tracker.columns import aligned, counted
from signal_tracker.options import DEFAULT_APP_ID, broker_option, data_option, option, prefix_option
from signal_tracker.printing import say_lines

if TYPE_CHECKING:
    from sinks.rows import AsOf, SignalRow

_Offsets = Mapping[tuple[str, int], int]

_NEGATIVE = (
    "a negative lag: the topics were made anew, as by a restart of the embedded broker; start "
    "workers and sinks again, with another --data unless it was `broker --journal`"
)


@click.command("status")
@broker_option
@data_option
@prefix_option
@option("--app-id", metavar="TEXT", default=DEFAULT_APP_ID, help="The worker's consumer group.")
def command(*, broker: Cluster, data: Path, prefix: str, app_id: str) -> None:
    """Show lag, counts, as-of time and dead letters.

    Works from signals.db alone where no broker answers, and from the broker
    alone where there is no signals.db. Partitions without a record are left out.
    """
    from schemas.topics import INBOUND, OUTBOUND, prefixed
    from signal_tracker import admin
    from signal_tracker.errors import SilentBrokerError
    from signal_tracker.remedies import create_topics_command
    from sinks.snapshot import DATABASE
    from sinks.sqlite_queries import committed

    stored: _Offsets = committed(data / DATABASE)
    try:
        ends = admin.end_offsets(broker, [prefixed(prefix, each) for each in OUTBOUND])
        inbound = admin.end_offsets(broker, [prefixed(prefix, each) for each in INBOUND])
        group = admin.committed_offsets(broker, prefix + app_id)
    except SilentBrokerError as error:
        _say(f"No lag: {error}", "")
    else:
        _say(f"Broker {broker}", "")
        if ends and inbound:
            _say(f"SQLITE SINK ({data / DATABASE})", *_lag(stored, ends), "")
            _say(f"WORKER (group {prefix}{app_id})", *_lag(group, inbound), "")
        else:
            _say(f"No topics: run `{create_topics_command(broker, prefix)}`", "")
    _say(*_database(data / DATABASE))


def _lag(committed: _Offsets, ends: _Offsets) -> Iterator[str]:
    rows = [
        (*tp, committed.get(tp), end, end - committed.get(tp, 0))
        for tp, end in sorted(ends.items())
        if committed.get(tp) or end
    ]
    if rows:
        yield from aligned(("topic", "partition", "committed", "end", "lag"), rows)
    lags = [row[-1] for row in rows]
    yield f"lag in all: {sum(lag for lag in lags if lag > 0)}"
    if any(lag < 0 for lag in lags):
        yield _NEGATIVE


def _database(path: Path) -> Iterator[str]:
    from sinks.errors import NoDatabaseError
    from sinks.sqlite_queries import read_as_of, read_signals, reading

    try:
        with reading(path) as connection:
            signals, as_of = read_signals(connection), read_as_of(connection)
    except NoDatabaseError as error:
        yield f"Database: {error}"
        return
    yield from _rows(signals, as_of)


def _rows(signals: "Iterable[SignalRow]", as_of: "AsOf") -> Iterator[str]:
    from sinks.times import iso_utc

    yield f"As of {'n/a' if as_of.as_of_ms is None else iso_utc(as_of.as_of_ms)}"
    yield (
        f"Rows: {counted(as_of.bars, 'bar')}, {counted(as_of.observations, 'observation')}, "
        f"{counted(as_of.quarantined, 'quarantined payload')}"
    )
    yield from ("", "SIGNALS BY STATUS")
    counts = Counter(each.status for each in signals)
    yield from aligned(("status", "signals"), sorted(counts.items())) if counts else ("none",)
    yield from ("", "DEAD LETTERS BY REASON")
    dead = as_of.dead_letters
    yield from aligned(("reason", "records"), sorted(dead.items())) if dead else ("none",)


def _say(*lines: str) -> None:
    say_lines(lines)
