"""Observations in their windows, and counts of rows, over batches that break, come again or end."""

import pytest

from schemas.records import Record
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_as_of, reading
from tests.unit.sinks.samples import (
    batch_of,
    make_bar,
    make_event,
    make_matured,
    make_observation,
    make_observations,
)
from tests.unit.sinks.test_sqlite_sink import rows, write


def test_observations_of_a_batch_that_broke_are_stored_when_it_comes_again(
    sink: SqliteSink,
) -> None:
    seen = make_observations(make_observation("2025-11-04", 1))
    broken = batch_of(make_matured(), seen)
    broken.dead_letters.append({})
    with pytest.raises(KeyError):
        sink.write(broken)

    write(sink, make_matured(), seen, seen)
    write(sink, make_observations(make_observation("2025-11-05", 2)))

    assert rows(sink, "SELECT session, k FROM signal_observations") == [
        ("2025-11-04", 1),
        ("2025-11-05", 2),
    ]


def test_rows_are_counted_as_they_come_and_go(sink: SqliteSink) -> None:
    sessions = ["2025-11-04", "2025-11-05", "2025-12-16"]
    seen = [make_observations(make_observation(each, k)) for k, each in enumerate(sessions, 1)]
    write(sink, *seen, *seen, make_bar(), make_bar(close=2.0), make_event(), make_event())

    def counted() -> tuple[int, int, int]:
        with reading(sink.path) as connection:
            found = read_as_of(connection)
            told = found.observations, found.bars, found.validation_events
            held = [
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("observations", "bars", "validation_events")
            ]
        assert list(told) == held
        return told

    assert counted() == (3, 1, 1)
    write(sink, make_matured(payload_hash="aa"))
    assert counted() == (2, 1, 1)
    write(sink, make_matured(payload_hash="00"))
    assert counted() == (0, 1, 1)


def test_a_window_that_ends_after_its_block_was_seen_keeps_later_rows_out(
    sink: SqliteSink,
) -> None:
    """Two signals of one ticker, whose block stays the same from session to session."""

    def block(session: str, k: int) -> Record:
        return make_observations(
            *(make_observation(session, k, signal_id=each) for each in ("s-1", "s-2"))
        )

    write(sink, block("2025-11-04", 1), block("2025-11-05", 2))
    write(sink, make_matured(last_session="2025-11-04"), block("2025-11-06", 3))

    assert rows(sink, "SELECT signal_id, session FROM observations ORDER BY 1, 2") == [
        ("s-1", "2025-11-04"),
        ("s-2", "2025-11-04"),
        ("s-2", "2025-11-05"),
        ("s-2", "2025-11-06"),
    ]
