"""Where a trade ends, by hand: BUY of 1,000 at 100 or SELL of 500, free of costs unless said."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.policy import PaperRules
from sinks.paper.account import run_account
from sinks.paper.records import PaperBar, PaperTrade
from tests.unit.sinks.paper.samples import Prices, flat, make_bar, make_order, make_rules

ENTRY = make_bar(1, (100, 102, 98, 101))
STOP_AND_TARGET = {"stop_return": -0.05, "target_return": 0.1}
SHORT = {"action": "SELL", "stop_return": 0.05, "target_return": -0.1}


def trade_of(
    bars: Sequence[PaperBar], rules: PaperRules | None = None, **changes: Any
) -> PaperTrade:
    account = run_account([make_order(**changes)], {"A": bars}, rules or make_rules())
    assert len(account.trades) == 1
    return account.trades[0]


@pytest.mark.parametrize(
    ("second", "reason", "price", "pnl"),
    [
        pytest.param((101, 101, 94, 96), "stop", 95.0, -50.0, id="stop"),
        pytest.param((92, 99, 90, 98), "stop", 92.0, -80.0, id="gap through the stop"),
        pytest.param((101, 112, 100, 111), "target", 110.0, 100.0, id="target"),
        pytest.param((115, 116, 114, 115), "target", 115.0, 150.0, id="gap through the target"),
        pytest.param((101, 112, 94, 101), "stop", 95.0, -50.0, id="both touched: the stop"),
        pytest.param((115, 116, 94, 95), "target", 115.0, 150.0, id="the open came first"),
        pytest.param((101, 101, 95, 96), "stop", 95.0, -50.0, id="the stop exactly"),
    ],
)
def test_a_long_leaves_where_its_second_bar_says(
    second: Prices, reason: str, price: float, pnl: float
) -> None:
    trade = trade_of([ENTRY, make_bar(2, second), flat(3)], **STOP_AND_TARGET)

    assert (trade.exit_reason, trade.exit_session) == (reason, "d02")
    assert (trade.entry_price, trade.quantity, trade.sessions_held) == (100.0, 10.0, 2)
    assert trade.exit_price == pytest.approx(price)
    assert trade.net_pnl == pytest.approx(pnl)
    assert trade.net_return == pytest.approx(pnl / 1000)
    assert trade.costs == 0.0


@pytest.mark.parametrize(
    ("second", "reason", "price", "pnl"),
    [
        pytest.param((99, 106, 99, 104), "stop", 105.0, -25.0, id="stop"),
        pytest.param((108, 110, 101, 102), "stop", 108.0, -40.0, id="gap through the stop"),
        pytest.param((99, 100, 88, 89), "target", 90.0, 50.0, id="target"),
        pytest.param((85, 86, 84, 85), "target", 85.0, 75.0, id="gap through the target"),
        pytest.param((99, 106, 88, 99), "stop", 105.0, -25.0, id="both touched: the stop"),
    ],
)
def test_a_short_leaves_where_its_second_bar_says(
    second: Prices, reason: str, price: float, pnl: float
) -> None:
    trade = trade_of([ENTRY, make_bar(2, second), flat(3)], **SHORT)

    assert (trade.exit_reason, trade.exit_session, trade.quantity) == (reason, "d02", 5.0)
    assert trade.exit_price == pytest.approx(price)
    assert trade.net_pnl == pytest.approx(pnl)
    assert trade.net_return == pytest.approx(pnl / 500)


def test_the_entry_bar_can_hit_the_stop_after_its_open() -> None:
    trade = trade_of([make_bar(1, (100, 112, 94, 101))], **STOP_AND_TARGET)

    assert (trade.exit_reason, trade.exit_price, trade.sessions_held) == ("stop", 95.0, 1)
    assert trade.entry_session == trade.exit_session == "d01"


def test_a_stop_that_is_passed_before_the_entry_leaves_at_the_open_of_the_entry() -> None:
    trade = trade_of([make_bar(1, (100, 112, 94, 101))], stop_return=0.01)

    assert (trade.exit_reason, trade.exit_price, trade.net_pnl) == ("stop", 100.0, 0.0)


@pytest.mark.parametrize(("horizon", "price"), [(1, 101.0), (2, 103.0), (3, 99.0)])
def test_time_runs_out_at_the_close_of_the_last_session_of_the_horizon(
    horizon: int, price: float
) -> None:
    bars = [ENTRY, make_bar(2, (101, 104, 101, 103)), make_bar(3, (103, 103, 97, 99)), flat(4)]

    trade = trade_of(bars, horizon_sessions=horizon, **STOP_AND_TARGET)

    assert (trade.exit_reason, trade.sessions_held) == ("time", horizon)
    assert trade.exit_price == price
    assert trade.net_pnl == pytest.approx(10 * (price - 100))


def test_a_level_on_the_last_bar_goes_before_time() -> None:
    trade = trade_of([make_bar(1, (100, 101, 94, 99))], horizon_sessions=1, **STOP_AND_TARGET)

    assert trade.exit_reason == "stop"


def test_costs_of_both_sides_are_those_worked_out_in_fractions() -> None:
    rules = make_rules(slippage_bps=5, impact_bps_per_10k=1, cost_bps=1.5)

    trade = trade_of([flat(1, 100), flat(2, 110)], rules, horizon_sessions=2)

    assert trade.entry_price == pytest.approx(100.051, rel=1e-12)
    assert trade.quantity == pytest.approx(9.994902599674166, rel=1e-12)
    assert trade.exit_price == pytest.approx(109.94379061678544, rel=1e-12)
    assert trade.gross_pnl == pytest.approx(99.94902599674167, rel=1e-12)
    assert trade.costs == pytest.approx(1.3863789647987366, rel=1e-11)
    assert trade.net_pnl == pytest.approx(98.56264703194293, rel=1e-12)
    assert trade.net_return == pytest.approx(0.09856264703194293, rel=1e-12)


def test_costs_of_a_short_are_those_worked_out_in_fractions() -> None:
    rules = make_rules(slippage_bps=5, impact_bps_per_10k=1, cost_bps=1.5)

    trade = trade_of([flat(1, 100), flat(2, 90)], rules, action="SELL", horizon_sessions=2)

    assert trade.entry_price == pytest.approx(99.9495, rel=1e-12)
    assert trade.quantity == pytest.approx(5.002526275769264, rel=1e-12)
    assert trade.exit_price == pytest.approx(90.04540520462834, rel=1e-12)
    assert trade.costs == pytest.approx(0.622336481968552, rel=1e-11)
    assert trade.net_pnl == pytest.approx(49.402926275724084, rel=1e-12)


def test_our_own_slippage_moves_no_level() -> None:
    free = trade_of([ENTRY, make_bar(2, (101, 101, 95, 96))], **STOP_AND_TARGET)
    dear = trade_of(
        [ENTRY, make_bar(2, (101, 101, 95, 96))], make_rules(slippage_bps=500), **STOP_AND_TARGET
    )

    assert (free.exit_reason, dear.exit_reason) == ("stop", "stop")
    assert dear.exit_price == pytest.approx(95 * 0.95)


@pytest.mark.parametrize(("action", "pnl"), [("SELL", 50 - 10), ("BUY", -100 + 20)])
def test_a_short_pays_the_dividend_that_a_long_is_paid(action: str, pnl: float) -> None:
    bars = [flat(1, 100), flat(2, 95, dividend=2.0), flat(3, 90)]

    trade = trade_of(bars, action=action)

    assert trade.gross_pnl == trade.net_pnl == pytest.approx(pnl)


def test_a_dividend_is_of_the_shares_before_the_split_of_its_session() -> None:
    bars = [flat(1, 100), flat(2, 50, split_ratio=2.0, dividend=2.0), flat(3, 50)]

    trade = trade_of(bars)

    assert (trade.quantity, trade.entry_price) == (20.0, 50.0)
    assert trade.net_pnl == pytest.approx(20.0)


def test_what_the_entry_bar_itself_was_split_or_paid_is_not_the_orders() -> None:
    trade = trade_of([flat(1, 100, split_ratio=2.0, dividend=5.0), flat(2), flat(3)])

    assert (trade.quantity, trade.net_pnl) == (10.0, 0.0)


def test_a_split_divides_the_levels() -> None:
    bars = [flat(1, 100), make_bar(2, (51, 52, 47, 48), split_ratio=2.0)]

    trade = trade_of(bars, **STOP_AND_TARGET)

    assert (trade.exit_reason, trade.exit_price) == ("stop", 47.5)
    assert trade.net_pnl == pytest.approx(-50.0)
    assert trade.mae == pytest.approx(-0.05)
    assert trade.mfe == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("changes", "mae", "mfe"),
    [({}, -0.05, 0.02), ({"action": "SELL", "stop_return": 0.5}, -0.02, 0.06)],
)
def test_excursions_end_with_the_trade(changes: dict[str, Any], mae: float, mfe: float) -> None:
    """Of the bar that was left at the stop neither the low nor the high after it count."""
    bars = [ENTRY, make_bar(2, (101, 101, 94, 96))]

    trade = trade_of(bars, **{"stop_return": -0.05, "horizon_sessions": 2, **changes})

    assert (trade.mae, trade.mfe) == pytest.approx((mae, mfe))


def test_who_sells_at_slippage_beyond_the_price_gets_nothing_and_pays_nothing_on_top() -> None:
    rules = make_rules(slippage_bps=10_000, impact_bps_per_10k=1, cost_bps=1)

    trade = trade_of([flat(1), flat(2), flat(3)], rules)

    assert trade.entry_price == pytest.approx(200.001)
    assert (trade.exit_price, trade.net_pnl) == (0.0, pytest.approx(-1000.1))
