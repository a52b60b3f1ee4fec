"""The paper account in signals.db is always that of the rows beside it."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.records import SessionBar, SignalState
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_paper, reading
from tests.unit.sinks.policy_samples import make_paper_rules, make_policy, make_policy_version
from tests.unit.sinks.samples import batch_of, make_bar, make_matured, make_stage

POLICY = make_policy()
VERSION = make_policy_version(POLICY)
SESSIONS = ("2025-12-12", "2025-12-15", "2025-12-16", "2025-12-17", "2025-12-18", "2025-12-19")


def at(session: str, hour: int) -> int:
    return int(datetime.fromisoformat(session).replace(hour=hour, tzinfo=UTC).timestamp() * 1000)


def bar(session: str, price: float = 100.0, **changes: Any) -> SessionBar:
    prices = {"open": price, "high": price + 1, "low": price - 1, "close": price}
    return make_bar(session, **{"close_ms": at(session, 21), **prices, **changes})


def staged(*, decision: dict[str, Any] | None = None, **changes: Any) -> SignalState:
    """A signal that was staged on Friday 2025-12-12 at the close."""
    stage = make_stage(**{"decided_at_ms": at("2025-12-12", 21), **(decision or {})})
    return make_matured(**{"policy_hash": POLICY.hash, "decisions": [stage], **changes})


def paper(sink: SqliteSink) -> dict[str, list[dict[str, Any]]]:
    with reading(sink.path) as connection:
        return read_paper(connection)


def position(sink: SqliteSink) -> dict[str, Any]:
    (found,) = paper(sink)["positions"]
    return found


def emptied(sink: SqliteSink) -> None:
    """Take the account away behind the sink's back: what writes it anew then shows."""
    connection = sqlite3.connect(sink.path)
    with connection:
        for table in ("positions", "trades", "equity"):
            connection.execute(f"DELETE FROM paper_{table}")
    connection.close()


def test_a_staged_signal_fills_after_its_session_and_leaves_by_time(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS[:3])))

    assert position(sink)["status"] == "open"
    assert position(sink)["staged_session"] == "2025-12-12"
    assert position(sink)["entry_session"] == "2025-12-15"
    assert paper(sink)["trades"] == []

    sink.write(batch_of(*map(bar, SESSIONS[3:])))

    (trade,) = paper(sink)["trades"]
    assert (trade["exit_session"], trade["exit_reason"]) == ("2025-12-19", "time")
    assert trade["net_pnl"] < 0
    assert position(sink)["status"] == "closed"
    assert [each["session"] for each in paper(sink)["equity"]] == list(SESSIONS)


@pytest.mark.parametrize(
    ("decision", "session", "entry"),
    [
        ({"session": "2025-12-16"}, "2025-12-16", "2025-12-17"),
        ({"session": "2025-12-11"}, "2025-12-12", "2025-12-15"),
        (
            {"session": "2025-12-12", "decided_at_ms": at("2025-12-16", 21)},
            "2025-12-16",
            "2025-12-17",
        ),
        ({"decided_at_ms": at("2025-12-16", 21)}, "2025-12-16", "2025-12-17"),
        ({"decided_at_ms": at("2025-12-16", 20)}, "2025-12-16", "2025-12-17"),
        ({"decided_at_ms": at("2025-12-11", 9)}, "2025-12-12", "2025-12-15"),
    ],
)
def test_a_stage_counts_from_its_session_and_from_none_that_was_over_when_it_was_decided(
    sink: SqliteSink, decision: dict[str, Any], session: str, entry: str
) -> None:
    sink.write(batch_of(VERSION, staged(decision=decision), *map(bar, SESSIONS)))

    assert (position(sink)["staged_session"], position(sink)["entry_session"]) == (session, entry)


def test_no_order_fills_before_its_session_although_that_has_no_price(sink: SqliteSink) -> None:
    decision = {"session": "2025-12-16"}
    sink.write(batch_of(VERSION, staged(decision=decision), *map(bar, SESSIONS[:2])))
    assert (position(sink)["status"], position(sink)["staged_session"]) == ("waiting", "2025-12-16")

    sink.write(batch_of(bar("2025-12-17")))
    found = position(sink)
    assert (found["staged_session"], found["entry_session"]) == ("2025-12-16", "2025-12-17")

    sink.write(batch_of(bar("2025-12-16")))
    assert position(sink)["entry_session"] == "2025-12-17"


def test_an_order_waits_for_a_price(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), bar("2025-12-16", ticker="MSFT")))
    assert (position(sink)["status"], position(sink)["staged_session"]) == ("waiting", "2025-12-12")

    sink.write(batch_of(bar("2025-12-12"), bar("2025-12-15")))
    assert position(sink)["entry_session"] == "2025-12-15"


@pytest.mark.parametrize(
    ("published", "stop", "target"), [(200.0, 80.0, 110.0), (None, 160.0, 220.0)]
)
def test_levels_hang_on_the_price_that_they_were_published_with(
    sink: SqliteSink, published: float | None, stop: float, target: float
) -> None:
    """A signal that names no price of its own was meant at the price it was entered at."""
    state = staged(stop_loss=160.0, target_price=220.0, published_price=published)
    sink.write(batch_of(VERSION, state, bar(SESSIONS[0]), bar(SESSIONS[1])))

    assert position(sink)["stop_price"] == pytest.approx(stop)
    assert position(sink)["target_price"] == pytest.approx(target)


def test_a_signal_without_levels_has_none(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS[:2])))

    assert (position(sink)["stop_price"], position(sink)["target_price"]) == (None, None)


@pytest.mark.parametrize(
    "state",
    [
        staged(action="HOLD"),
        staged(decision={"applied": False}),
        staged(decision={"kind": "archive"}),
        staged(decisions=[]),
    ],
)
def test_what_is_not_a_staged_trade_is_no_order(sink: SqliteSink, state: SignalState) -> None:
    sink.write(batch_of(VERSION, state, *map(bar, SESSIONS)))

    assert paper(sink) == {"positions": [], "trades": [], "equity": []}


def test_there_is_no_account_before_its_policy_is_known(sink: SqliteSink) -> None:
    sink.write(batch_of(staged(), *map(bar, SESSIONS)))
    assert paper(sink)["positions"] == []

    sink.write(batch_of(VERSION))
    assert position(sink)["status"] == "closed"


def test_the_rules_are_those_of_the_last_policy_that_a_signal_names(sink: SqliteSink) -> None:
    later = make_policy(effective_from_ms=1, paper=make_paper_rules(capital=500.0))
    sink.write(batch_of(VERSION, make_policy_version(later), staged(), *map(bar, SESSIONS)))
    assert paper(sink)["equity"][0]["equity"] == 10_000.0

    sink.write(batch_of(make_matured(signal_id="s-2", ticker="MSFT", policy_hash=later.hash)))

    assert paper(sink)["equity"][0]["equity"] == 500.0


def test_a_restated_bar_restates_the_account(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS)))
    before = paper(sink)["trades"]

    sink.write(batch_of(bar(SESSIONS[-1], 120.0)))

    after = paper(sink)["trades"]
    assert after[0]["net_pnl"] > 0 > before[0]["net_pnl"]


@pytest.mark.parametrize(
    "after",
    [
        staged(decision={"applied": False, "refusal": "it failed"}),
        staged(payload_hash="00", decisions=[], ticker="MSFT"),
    ],
)
def test_a_stage_that_no_longer_holds_leaves_the_account(
    sink: SqliteSink, after: SignalState
) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS)))
    sink.write(batch_of(after))

    assert paper(sink) == {"positions": [], "trades": [], "equity": []}


def test_a_batch_that_touches_no_order_leaves_the_account_alone(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS)))
    emptied(sink)

    sink.write(batch_of(bar(SESSIONS[0], ticker="MSFT"), make_matured(signal_id="s-2"), VERSION))
    assert paper(sink)["positions"] == []

    sink.write(batch_of(bar(SESSIONS[0])))
    assert position(sink)["status"] == "closed"


def test_nothing_of_the_account_is_asked_for_where_nothing_is_staged(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, make_matured(policy_hash=POLICY.hash)))
    statements: list[str] = []
    sink._db.set_trace_callback(statements.append)

    sink.write(batch_of(bar(SESSIONS[0])))

    assert not any("paper_" in each or "policies" in each for each in statements)


def test_an_opened_file_has_the_account_of_its_rows(sink: SqliteSink) -> None:
    """A later version of the rules shall not leave beside the rows what a former one said."""
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS)))
    before = paper(sink)
    emptied(sink)
    sink.close()

    sink.open()

    assert paper(sink) == before


def test_a_batch_that_breaks_leaves_the_account_of_before(sink: SqliteSink) -> None:
    sink.write(batch_of(VERSION, staged(), *map(bar, SESSIONS)))
    before = paper(sink)
    broken = batch_of(bar(SESSIONS[-1], 120.0), positions={("bars", 0): 9})
    broken.positions["bars", 0] = None  # type: ignore[assignment]

    with pytest.raises(AttributeError):
        sink.write(broken)

    assert paper(sink) == before
