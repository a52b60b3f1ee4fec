"""The sink rules, on a real database."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from schemas.records import AppliedDecision, Record
from sinks.errors import SinkBusyError
from sinks.sink import Batch, Position
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_observations, read_signal, reading
from tests.unit.sinks.policy_samples import make_policy_version
from tests.unit.sinks.samples import (
    GENERATED_MS,
    batch_of,
    lost,
    make_bar,
    make_dead_letter,
    make_event,
    make_matured,
    make_observation,
    make_observations,
    make_state,
    make_transition,
)


def rows(sink: SqliteSink, sql: str) -> list[tuple[Any, ...]]:
    with reading(sink.path) as connection:
        return connection.execute(sql).fetchall()


def write(sink: SqliteSink, *records: Record) -> None:
    for each in records:
        sink.write(batch_of(each))


def test_the_query_of_the_review_page_works(sink: SqliteSink) -> None:
    older = make_state(signal_id="a", action="HOLD", generated_at_ms=GENERATED_MS - 1)
    newer = make_state(signal_id="b", ticker="MSFT", action="HOLD")
    write(sink, older, newer)

    found = rows(
        sink,
        "SELECT ticker, signal_date, action, validation_status FROM llm_signals "
        "ORDER BY created_at DESC LIMIT 5",
    )

    assert found == [
        ("MSFT", "2025-11-03", "HOLD", "pending"),
        ("AAPL", "2025-11-03", "HOLD", "pending"),
    ]


def test_a_later_state_of_the_same_payload_replaces_row_transitions_and_decisions(
    sink: SqliteSink,
) -> None:
    decision = AppliedDecision(
        decision_id="d1",
        kind="cancel",
        decided_at_ms=GENERATED_MS,
        by="me",
        reason="r",
        applied=False,
        refusal="too late",
    )
    write(
        sink,
        make_state(
            status="cancelled",
            transitions=[make_transition("registered"), make_transition("cancelled")],
            decisions=[decision],
        ),
        make_state(status="tracking", transitions=[make_transition("tracking")]),
    )

    assert rows(sink, "SELECT status FROM llm_signals") == [("tracking",)]
    assert rows(sink, "SELECT to_status FROM transitions") == [("tracking",)]
    assert rows(sink, "SELECT * FROM decisions") == []


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("lesser_first", [True, False])
def test_the_least_payload_holds_the_id_whatever_came_first(
    sink: SqliteSink, lesser_first: bool, together: bool
) -> None:
    lesser = make_state(payload_hash="bb", generated_at_ms=GENERATED_MS - 1)
    greater = make_state(payload_hash="aa", ticker="MSFT", transitions=[make_transition("x")])
    pair = (lesser, greater) if lesser_first else (greater, lesser)
    if together:
        sink.write(batch_of(*pair))
    else:
        write(sink, *pair)

    assert rows(sink, "SELECT ticker, payload_hash FROM llm_signals") == [("AAPL", "bb")]
    assert rows(sink, "SELECT * FROM transitions") == []
    assert rows(sink, "SELECT * FROM quarantined") == [("s-1", "aa", GENERATED_MS, "MSFT")]


def test_of_two_payloads_of_one_time_the_lesser_hash_holds(sink: SqliteSink) -> None:
    write(sink, make_state(payload_hash="bb"), make_state(payload_hash="aa"))

    assert rows(sink, "SELECT payload_hash FROM llm_signals") == [("aa",)]
    assert rows(sink, "SELECT payload_hash FROM quarantined") == [("bb",)]


def test_the_payloads_that_the_worker_quarantined_are_listed(sink: SqliteSink) -> None:
    write(sink, make_state(quarantined=[lost("zz", GENERATED_MS + 5)]))

    assert rows(sink, "SELECT * FROM quarantined") == [("s-1", "zz", GENERATED_MS + 5, "AAPL")]


def test_observations_wait_for_a_state_that_comes_later(sink: SqliteSink) -> None:
    write(sink, make_observations(make_observation("2025-11-04", 1)))
    assert rows(sink, "SELECT * FROM signal_observations") == []

    write(sink, make_state(first_session="2025-11-03", entry_price=100.0, entry_index=7))

    assert rows(sink, "SELECT session, k FROM signal_observations") == [("2025-11-04", 1)]
    assert rows(sink, "SELECT observations, max_drawdown FROM signal_rows") == [(1, 0.0)]


@pytest.mark.parametrize("state_first", [True, False])
def test_observations_after_the_last_session_go_whichever_comes_second(
    sink: SqliteSink, state_first: bool
) -> None:
    state = make_matured()
    observations = make_observations(
        make_observation("2025-12-15", 30), make_observation("2025-12-16", 31)
    )
    write(sink, *((state, observations) if state_first else (observations, state)))

    assert rows(sink, "SELECT session FROM observations") == [("2025-12-15",)]


def test_rows_of_a_displaced_payload_are_not_read(sink: SqliteSink) -> None:
    greater, lesser = make_matured(payload_hash="bb"), make_matured(payload_hash="aa")
    write(
        sink,
        greater,
        make_observations(make_observation("2025-11-04", 1, payload_hash="bb")),
        lesser,
        make_observations(make_observation("2025-11-05", 2, payload_hash="bb")),
    )

    assert rows(sink, "SELECT * FROM signal_observations") == []
    assert rows(sink, "SELECT observations FROM signal_rows") == [(0,)]


def test_observations_and_drawdown_are_those_of_the_greatest_k_in_the_window(
    sink: SqliteSink,
) -> None:
    write(
        sink,
        make_matured(),
        make_observations(make_observation("2025-11-03", 9)),
        make_observations(make_observation("2025-11-04", 1, max_drawdown=0.1)),
        make_observations(make_observation("2025-11-05", 2, max_drawdown=0.2)),
    )

    assert rows(sink, "SELECT observations, max_drawdown FROM signal_rows") == [(2, 0.2)]


def test_without_an_entry_there_is_no_drawdown(sink: SqliteSink) -> None:
    write(sink, make_state())

    assert rows(sink, "SELECT observations, max_drawdown FROM signal_rows") == [(0, None)]


def test_a_revised_bar_or_observation_replaces_the_former(sink: SqliteSink) -> None:
    write(
        sink,
        make_bar(close=1.0),
        make_bar(close=2.0, split_ratio=2.0, dividend=0.24),
        make_observations(make_observation("2025-11-04", 1)),
        make_observations(make_observation("2025-11-04", 2)),
    )

    assert rows(sink, "SELECT close, split_ratio, dividend FROM bars") == [(2.0, 2.0, 0.24)]
    assert rows(sink, "SELECT k FROM observations") == [(2,)]


def test_an_event_that_comes_again_is_new_once(sink: SqliteSink) -> None:
    first = sink.write(batch_of(make_event("e1"), make_event("e1", revision=1), make_event("e2")))
    again = sink.write(batch_of(make_event("e1", revision=2)))

    assert [each["event_id"] for each in first.new_events] == ["e1", "e2"]
    assert again.new_events == []
    sink.write(batch_of(make_event("e1", revision=1)))
    assert rows(sink, "SELECT event_id, revision FROM validation_events") == [("e1", 2), ("e2", 0)]


def test_a_policy_that_comes_from_two_partitions_is_one_row(sink: SqliteSink) -> None:
    version = make_policy_version()
    written = sink.write(batch_of(version, version))

    assert (written.policies, written.records) == (2, 2)
    assert rows(sink, "SELECT * FROM policies") == [
        (version.policy_hash, "tracker", 0, version.content)
    ]


def test_dead_letters_of_one_record_are_told_apart_by_their_element(sink: SqliteSink) -> None:
    write(sink, make_dead_letter(), make_dead_letter(index=0), make_dead_letter(index=0))

    assert rows(sink, "SELECT index_ FROM dead_letters ORDER BY index_") == [(-1,), (0,)]


def test_a_batch_that_breaks_in_the_middle_leaves_neither_rows_nor_offsets(
    sink: SqliteSink,
) -> None:
    sink.write(batch_of(make_bar(close=1.0), positions={("bars", 0): 1}))
    broken = batch_of(make_state(), make_bar(close=2.0), positions={("bars", 0): 2})
    broken.dead_letters.append({})

    with pytest.raises(KeyError):
        sink.write(broken)

    assert rows(sink, "SELECT close FROM bars") == [(1.0,)]
    assert rows(sink, "SELECT * FROM llm_signals") == []
    assert sink.positions()["bars", 0].next_offset == 1


def test_rows_and_offsets_are_there_after_opening_again(tmp_path: Path) -> None:
    first = SqliteSink(tmp_path / "signals.db")
    first.open()
    first.write(batch_of(make_bar(), positions={("bars", 3): 9}))
    first.close()
    second = SqliteSink(tmp_path / "signals.db")
    second.open()

    assert second.positions() == {("bars", 3): Position(next_offset=9, topic_id="id")}
    second.close()


def test_a_second_sink_on_one_file_is_refused_until_the_first_closes(sink: SqliteSink) -> None:
    second = SqliteSink(sink.path)
    with pytest.raises(SinkBusyError, match="another SQLite sink"):
        second.open()

    sink.close()
    second.open()
    second.close()


def test_a_reader_sees_one_look_while_the_sink_writes(sink: SqliteSink) -> None:
    write(sink, make_matured())
    with reading(sink.path) as connection:
        assert read_signal(connection, "s-1") is not None
        write(sink, make_observations(make_observation("2025-11-04", 1)))
        assert read_observations(connection, "s-1") == []

    with reading(sink.path) as connection:
        assert len(read_observations(connection, "s-1")) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM bars")


def test_the_epoch_that_was_reached_is_kept_with_the_offset(sink: SqliteSink) -> None:
    for epoch in (2, 5):
        at = Position(next_offset=epoch, topic_id="id", epoch=epoch)
        sink.write(Batch(positions={("bars", 0): at}))
        assert sink.positions() == {("bars", 0): at}
