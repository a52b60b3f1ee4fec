"""The reads of signals.db: what they return, in which order, and that they scan nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.records import SignalState
from sinks.bar_columns import BarColumns
from sinks.sqlite import SqliteSink
from sinks.sqlite_paper import read_basis
from sinks.sqlite_queries import (
    current_policy,
    read_bar_columns,
    read_decisions,
    read_events,
    read_paper,
    read_policies,
    read_rows,
    reading,
)
from tests.unit.sinks.policy_samples import make_policy, make_policy_version
from tests.unit.sinks.samples import (
    GENERATED_MS,
    batch_of,
    make_bar,
    make_check,
    make_event,
    make_stage,
    make_state,
)

EARLY, LATE, LAST = (make_policy(effective_from_ms=each) for each in (0, 5, 9))


def read(sink: SqliteSink, what: Callable[..., Any], *arguments: Any) -> Any:
    with reading(sink.path) as connection:
        return what(connection, *arguments)


def judged_by(policy_hash: str, **changes: Any) -> SignalState:
    return make_state(policy_hash=policy_hash, **changes)


def test_policies_come_by_the_time_from_which_they_hold(sink: SqliteSink) -> None:
    twin = make_policy(effective_from_ms=5, min_sessions=60)
    sink.write(batch_of(*map(make_policy_version, (LAST, twin, EARLY, LATE))))

    assert read(sink, read_policies) == [
        EARLY, *sorted((LATE, twin), key=lambda each: each.hash), LAST
    ]  # fmt: skip


def test_the_current_policy_is_the_last_that_a_signal_names(sink: SqliteSink) -> None:
    sink.write(batch_of(*map(make_policy_version, (EARLY, LATE, LAST))))
    assert read(sink, current_policy) is None

    sink.write(batch_of(judged_by(EARLY.hash), judged_by(LATE.hash, signal_id="s-2")))

    assert read(sink, current_policy) == LATE


def test_a_policy_that_has_not_come_yet_is_not_current(sink: SqliteSink) -> None:
    sink.write(batch_of(make_policy_version(EARLY), judged_by(EARLY.hash)))
    sink.write(batch_of(judged_by(LATE.hash, signal_id="s-2")))

    assert read(sink, current_policy) == EARLY


def test_bars_come_as_columns_in_session_order(sink: SqliteSink) -> None:
    sink.write(
        batch_of(
            make_bar("2025-11-04", session_index=8, close_ms=2, close=50.0, split_ratio=2.0),
            make_bar("2025-11-03", session_index=7, close_ms=1, dividend=0.24),
            make_bar("2025-11-03", ticker="BTC-USD", calendar="24/7"),
            make_bar("2025-11-03", ticker="MSFT"),
        )
    )

    found = read(sink, read_bar_columns)

    assert list(found) == ["AAPL", "BTC-USD", "MSFT"]
    assert found["BTC-USD"].calendar == "24/7"
    assert found["AAPL"] == BarColumns(
        calendar="XNYS",
        session=("2025-11-03", "2025-11-04"),
        session_index=(7, 8),
        close_ms=(1, 2),
        open=(99.0, 99.0),
        high=(101.0, 101.0),
        low=(98.0, 98.0),
        close=(100.0, 50.0),
        split_ratio=(1.0, 2.0),
        dividend=(0.24, 0.0),
    )


@pytest.mark.parametrize(
    ("asked", "there"), [([], []), (["MSFT", "X", "MSFT"], ["MSFT"]), (["X"], [])]
)
def test_only_the_bars_of_the_tickers_that_are_asked_for_come(
    sink: SqliteSink, asked: list[str], there: list[str]
) -> None:
    sink.write(batch_of(make_bar(), make_bar(ticker="MSFT")))

    assert list(read(sink, read_bar_columns, iter(asked))) == there


def test_decisions_come_by_signal_in_the_order_of_their_time(sink: SqliteSink) -> None:
    later, earlier = make_stage(decision_id="a"), make_stage(decision_id="b", decided_at_ms=1)
    refused = make_stage(applied=False, refusal="too early")
    sink.write(
        batch_of(
            make_state(decisions=[later, earlier]),
            make_state(signal_id="s-2", decisions=[refused]),
            make_state(signal_id="s-3"),
        )
    )

    found = read(sink, read_decisions)

    assert [each["decision_id"] for each in found["s-1"]] == ["b", "a"]
    assert found["s-2"] == [
        {
            "signal_id": "s-2",
            "decision_id": "d-1",
            "kind": "stage",
            "session": None,
            "decided_at_ms": later.decided_at_ms,
            "decided_by": "me",
            "reason": "ready",
            "applied": 0,
            "refusal": "too early",
        }
    ]
    assert "s-3" not in found


def test_events_come_by_their_time_and_then_as_they_were_told(sink: SqliteSink) -> None:
    told = [
        make_event("z", as_of_ms=GENERATED_MS + 1, to_status="matured"),
        make_event("y", as_of_ms=GENERATED_MS + 1, to_status="passed", checks=[make_check()]),
        make_event("x", as_of_ms=GENERATED_MS + 1, to_status="failed", revision=1),
        make_event("w"),
        make_event("v", signal_id="s-2"),
    ]
    sink.write(batch_of(*told))

    found = read(sink, read_events, "s-1")

    assert [each["event_id"] for each in found] == ["w", "z", "y", "x"]
    assert [len(each["checks"]) for each in found] == [0, 0, 1, 0]
    assert found[2]["checks"][0]["name"] == "validation_period"


def test_without_a_staged_signal_the_account_is_empty(sink: SqliteSink) -> None:
    sink.write(batch_of(make_policy_version(EARLY), judged_by(EARLY.hash), make_bar()))

    assert read(sink, read_paper) == {"positions": [], "trades": [], "equity": []}


def test_the_rows_of_a_report_hold_bars_policy_and_account(sink: SqliteSink) -> None:
    state = judged_by(EARLY.hash, decisions=[make_stage()])
    sink.write(batch_of(make_policy_version(EARLY), state, make_bar()))

    found = read(sink, read_rows)

    assert list(found.bars) == ["AAPL"]
    assert found.policy == EARLY
    assert [each["status"] for each in found.paper["positions"]] == ["waiting"]


@pytest.mark.parametrize(
    ("what", "arguments", "found"),
    [
        (read_events, ("s-1",), "(ticker=? AND signal_id=?)"),
        (current_policy, (), "USING COVERING INDEX signals_by_policy (policy_hash=?)"),
        (read_basis, (), "USING INDEX staged_decisions"),
        (read_bar_columns, (["AAPL"],), "SEARCH bars USING PRIMARY KEY (ticker=?)"),
        (read_bar_columns, (), "SCAN bars"),
    ],
)
def test_what_is_read_is_found_by_an_index(
    sink: SqliteSink, what: Callable[..., Any], arguments: tuple[Any, ...], found: str
) -> None:
    with reading(sink.path) as connection:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        what(connection, *arguments)
        connection.set_trace_callback(None)
        plan = [
            step
            for statement in statements
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]

    assert any(found in step for step in plan), plan
    if what is read_bar_columns:
        assert not any("TEMP B-TREE" in step for step in plan), plan
