"""The state of partitions that stay, go, and come back."""

from typing import Any

import faust
import pytest
from faust.types import TP

from schemas import topics
from streams import tables
from streams.domain.tracker import PartitionTracker
from streams.inbound import Chunk
from streams.rows import all_rows, changed_rows
from streams.trackers import Trackers
from tests.oracle.examples import closes, signal
from tests.topology.log import Log
from tests.unit.streams.fold import RULES, apply, apply_ticks, new_tracker

Tables = dict[str, tables.PartitionTable]


@pytest.fixture
def table_of() -> Tables:
    return tables.declare_tables(faust.App("trackers", store="memory://"), 4)


def recover(table_of: Tables, partition: int, *lives: PartitionTracker) -> None:
    """The changelog of a partition after these lives, a chunk a table."""
    for name, table in table_of.items():
        log = Log()
        for life in lives:
            for each, key, value in all_rows(life):
                if each == name:
                    log.append((name, partition), key, value)
        entries = log.entries[name, partition]
        if entries:
            chunk: Any = Chunk(name, partition, entries)
            message = type("M", (), {"partition": partition, "offset": len(entries) - 1})
            message.value = chunk
            table.data.apply_changelog_batch([type("E", (), {"message": message})], bytes, bytes)


def some_life(sessions: int, *ids: str) -> PartitionTracker:
    tracker = new_tracker()
    apply(tracker, topics.SIGNALS, [signal(signal_id=each) for each in ids])
    apply_ticks(tracker, closes([100.0 + n for n in range(sessions)]))
    return tracker


def rows_of(tracker: PartitionTracker) -> dict[tuple[str, bytes], bytes]:
    return {(name, key): value for name, key, value in all_rows(tracker)}


def test_a_partition_is_built_from_the_rows_and_they_are_not_kept_twice(table_of: Tables) -> None:
    life = some_life(3, "a", "b")
    recover(table_of, 1, life)
    trackers = Trackers(RULES, table_of)

    trackers.take_over([1])

    assert rows_of(trackers.of(1)) == rows_of(life)
    assert all(not table.rows(1) for table in table_of.values())


def test_a_partition_that_stays_is_not_built_anew(table_of: Tables) -> None:
    trackers = Trackers(RULES, table_of)
    trackers.take_over([1, 2])
    first = trackers.of(1)

    trackers.take_over([1, 3])

    assert trackers.of(1) is first


def test_what_another_worker_wrote_in_between_counts(table_of: Tables) -> None:
    trackers = Trackers(RULES, table_of)
    recover(table_of, 1, some_life(2, "a", "b"))
    trackers.take_over([1])
    later = some_life(5, "b", "c")
    recover(table_of, 1, later)

    trackers.take_over([1])

    found = rows_of(trackers.of(1))
    assert {key: found[key] for key in rows_of(later)} == rows_of(later)
    assert set(trackers.of(1).tickers["AAPL"].signals) == {"a", "b", "c"}


def test_a_partition_that_left_is_read_from_its_beginning_when_it_returns(
    table_of: Tables,
) -> None:
    trackers = Trackers(RULES, table_of)
    recover(table_of, 1, some_life(3, "a"))
    trackers.take_over([1])

    trackers.take_over([])

    for table in table_of.values():
        assert table.data.persisted_offset(TP(table.changelog_name, 1)) is None
    recover(table_of, 1, some_life(3, "a"))
    trackers.take_over([1])
    assert rows_of(trackers.of(1)) == rows_of(some_life(3, "a"))


def test_rows_of_a_partition_in_use_are_not_kept_in_the_table(table_of: Tables) -> None:
    trackers = Trackers(RULES, table_of)
    tracker = trackers.of(1)
    effects = apply(tracker, topics.SIGNALS, [signal(signal_id="a")])

    for offset, (name, key, value) in enumerate(changed_rows(tracker, effects)):
        table_of[name].written(1, [(key, value, None)], offset)

    assert all(not table.rows(1) for table in table_of.values())


def test_what_a_take_over_could_not_raise_is_raised_by_the_next(table_of: Tables) -> None:
    recover(table_of, 1, some_life(3, "a"))
    trackers = Trackers(RULES, table_of)

    assert list(trackers.take_over([1])) == [1]
    assert list(trackers.take_over([1])) == [1]
    trackers.raised([1])
    assert list(trackers.take_over([1])) == []
