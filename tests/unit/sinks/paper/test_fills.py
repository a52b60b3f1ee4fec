"""When an order fills, how large it is, and which limit refuses it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sinks.paper.account import run_account
from sinks.paper.records import PaperAccount, PaperOrder, PaperPosition
from tests.unit.sinks.paper.samples import (
    DAY_MS,
    flat,
    make_bar,
    make_order,
    make_rules,
    session,
)

LONG = {"horizon_sessions": 10}
BARS = [flat(number) for number in range(6)]


def run(orders: Sequence[PaperOrder], **rules: float) -> PaperAccount:
    return run_account(orders, {"A": BARS, "B": BARS, "C": BARS}, make_rules(**rules))


def position_of(order: PaperOrder, **rules: float) -> PaperPosition:
    return run([order], **rules).positions[0]


def reasons(orders: Sequence[PaperOrder], **rules: float) -> list[str]:
    positions = run(orders, **rules).positions
    return [each.reason for each in positions if each.status == "rejected"]


def test_an_order_fills_at_the_first_open_after_its_staged_session() -> None:
    bars = [flat(2, 90), make_bar(4, (100, 104, 99, 103)), flat(5)]
    order = make_order(staged_session=session(2), staged_close_ms=2 * DAY_MS, **LONG)

    account = run_account([order], {"A": bars[:2]}, make_rules())

    assert account.positions == (
        PaperPosition(
            signal_id="s1",
            ticker="A",
            action="BUY",
            status="open",
            staged_session="d02",
            entry_session="d04",
            entry_price=100.0,
            quantity=10.0,
            last_session="d04",
            last_price=103.0,
            unrealised_pnl=30.0,
            sessions_held=1,
            reason="session 1 of 10",
        ),
    )
    assert [(each.session, each.equity, each.exposure) for each in account.equity] == [
        ("d02", 10_000.0, 0.0),
        ("d04", 10_030.0, 1_030.0),
    ]
    assert [each.cash for each in account.equity] == [10_000.0, 9_000.0]


@pytest.mark.parametrize("bars", [{}, {"A": []}, {"A": BARS[:1]}, {"B": BARS}])
def test_an_order_without_a_bar_after_it_waits(bars: dict[str, Any]) -> None:
    account = run_account([make_order()], bars, make_rules())

    assert account.positions[0].status == "waiting"
    assert account.positions[0].reason == "no session after d00 yet"
    assert not account.trades


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, 1000.0),
        ({"confidence": 0.7}, 700.0),
        ({"confidence": 0.2}, 500.0),
        ({"position_size": 0.04}, 400.0),
        ({"position_size": 0.4}, 1000.0),
        ({"action": "SELL"}, 500.0),
        ({"action": "SELL", "position_size": 0.02, "confidence": 0.6}, 120.0),
    ],
)
def test_the_size_is_the_lesser_share_by_the_confidence(
    changes: dict[str, Any], value: float
) -> None:
    position = position_of(make_order(**LONG, **changes))

    assert position.quantity is not None
    assert position.quantity * 100 == pytest.approx(value)


def test_the_size_is_of_equity_at_the_closes_before() -> None:
    bars = {"A": [flat(1, 100), flat(2, 150)], "B": BARS}
    late = make_order("s2", ticker="B", staged_close_ms=2 * DAY_MS, **LONG)

    account = run_account([make_order(**LONG), late], bars, make_rules())

    assert account.positions[1].quantity == pytest.approx(10.5)  # a tenth of 10,500 at 100


def test_an_order_that_would_pass_the_limit_of_its_ticker_is_rejected() -> None:
    orders = [make_order("s1", **LONG), make_order("s2", **LONG)]

    assert reasons(orders, max_ticker=0.15) == [
        "max_ticker: expected at most 0.15 of equity, was 0.2"
    ]


def test_a_short_and_a_long_of_one_ticker_both_count_towards_its_limit() -> None:
    orders = [make_order("s1", action="SELL", **LONG), make_order("s2", **LONG)]

    assert reasons(orders, max_ticker=0.12) == [
        "max_ticker: expected at most 0.12 of equity, was 0.15"
    ]


def test_an_order_that_would_pass_the_gross_limit_is_rejected() -> None:
    orders = [make_order("s1", **LONG), make_order("s2", ticker="B", **LONG)]

    assert reasons(orders, max_gross=0.15) == [
        "max_gross: expected at most 0.15 of equity, was 0.2"
    ]


def test_what_fills_a_limit_exactly_is_not_rejected() -> None:
    """Three times 0.07 of 10,000 is 2100.0000000000005."""
    orders = [make_order(f"s{n}", ticker=t, **LONG) for n, t in enumerate("ABC")]

    assert not reasons(orders, max_position=0.07, max_gross=0.21, max_ticker=0.07)


def test_of_two_orders_the_one_decided_first_has_the_room_then_the_lesser_id() -> None:
    """However they were named or passed in."""
    first, second = (make_order(f"s{n}", decided_at_ms=3 - n, **LONG) for n in (2, 1))
    third = replace(second, signal_id="s0")

    account = run([third, second, first], max_ticker=0.25)

    found = [(each.signal_id, each.status) for each in account.positions]
    assert found == [("s2", "open"), ("s0", "open"), ("s1", "rejected")]


def test_a_buy_that_wants_more_cash_than_there_is_is_rejected() -> None:
    orders = [make_order("s1", **LONG), make_order("s2", ticker="B", **LONG)]
    rules = {"max_position": 0.6, "max_ticker": 1.0, "max_gross": 2.0}

    assert reasons(orders, **rules) == ["cash: expected at least 6000, was 4000"]
    assert reasons(orders, **rules, cost_bps=100.0) == ["cash: expected at least 6060, was 3940"]


def test_the_cash_of_an_exit_is_there_from_the_next_session_on() -> None:
    rules = {"max_position": 0.6, "max_ticker": 1.0, "max_gross": 2.0}
    first = make_order("s1", horizon_sessions=2)
    same, after = (make_order(f"t{n}", ticker="B", staged_close_ms=n * DAY_MS) for n in (1, 2))

    assert len(reasons([first, same], **rules)) == 1
    assert not reasons([first, after], **rules)


@pytest.mark.parametrize("size", [0.0, -0.2, 1e-9, 5e-324])
def test_an_order_of_nothing_is_rejected(size: float) -> None:
    [reason] = reasons([make_order(position_size=size)])

    assert reason.startswith("order value: expected at least 0.01, was ")


def test_a_short_whose_slippage_takes_the_whole_price_is_rejected() -> None:
    order = make_order(action="SELL")

    assert reasons([order], slippage_bps=10_000.0) == [
        "price after slippage: expected above 0, was 0"
    ]


def test_a_rejection_says_its_session_and_holds_nothing() -> None:
    position = position_of(make_order(position_size=0.0))

    assert position.last_session == "d01"
    assert position.entry_session is position.quantity is position.unrealised_pnl is None


def test_ruin_closes_all_at_that_close_and_rejects_what_comes() -> None:
    """A short of the whole equity meets a price of two and a half times its own."""
    bars = {"A": [flat(1, 100), flat(2, 250), flat(3, 100)], "B": [flat(1), flat(3), flat(4)]}
    short = make_order("s1", action="SELL", **LONG)
    other = make_order("s2", ticker="B", position_size=0.1, **LONG)
    late = make_order("s3", ticker="B", staged_close_ms=2 * DAY_MS, decided_at_ms=9)
    rules = make_rules(max_short_position=1.0, max_ticker=1.0, max_gross=2.0)

    account = run_account([short, other, late], bars, rules)

    assert [(t.signal_id, t.exit_reason, t.exit_session) for t in account.trades] == [
        ("s1", "ruin", "d02"),
        ("s2", "ruin", "d02"),
    ]
    assert account.trades[0].net_pnl == pytest.approx(-15_000)
    assert [each.equity for each in account.equity] == pytest.approx([10_000] + [-5_000] * 3)
    assert account.equity[-1].drawdown == pytest.approx(1.5)
    assert account.positions[2].reason == "equity: expected above 0, was -5000"


def test_a_ticker_without_a_bar_keeps_its_last_mark() -> None:
    bars = {"A": [flat(1, 100), make_bar(2, (100, 120, 100, 120))], "B": BARS}
    orders = [make_order("s1", **LONG), make_order("s2", ticker="B", **LONG)]

    account = run_account(orders, bars, make_rules())

    assert [each.equity for each in account.equity][2:] == pytest.approx([10_200.0] * 4)
    assert account.positions[0].last_session == "d02"


def test_drawdown_is_from_the_highest_equity_with_the_capital() -> None:
    closes = [90.0, 130.0, 104.0]
    bars = [make_bar(n, (100, 130, 90, close)) for n, close in enumerate(closes, 1)]

    account = run_account([make_order(**LONG)], {"A": bars}, make_rules())

    assert [each.drawdown for each in account.equity] == pytest.approx(
        [100 / 10_000, 0.0, 260 / 10_300]
    )


def test_bars_of_a_ticker_without_an_order_change_nothing() -> None:
    alone = run_account([make_order()], {"A": BARS[::2]}, make_rules())

    assert run_account([make_order()], {"A": BARS[::2], "B": BARS}, make_rules()) == alone


def test_no_orders_make_an_empty_account() -> None:
    assert run([]) == PaperAccount(trades=(), positions=(), equity=())


@pytest.mark.parametrize(
    ("orders", "bars", "rules", "message"),
    [
        ([make_order(action="HOLD")], [], {}, "expected BUY or SELL, was HOLD"),
        ([make_order(), make_order()], [], {}, "s1: expected one order of a signal"),
        ([make_order()], [flat(2), flat(1)], {}, "A: expected a close after"),
        ([make_order()], [flat(1), flat(1)], {}, "A: expected a close after"),
        ([], [], {"capital": 0.0}, r"capital: expected above 0, was 0\.0"),
    ],
)
def test_what_can_be_no_account_is_refused(
    orders: list[PaperOrder], bars: list[Any], rules: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run_account(orders, {"A": bars}, make_rules(**rules))
