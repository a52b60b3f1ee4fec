"""The figures of an account, and why some of them cannot be had."""

import pytest

from sinks.evidence.figures import Figure
from sinks.evidence.rates import rate
from sinks.paper.account import run_account
from sinks.paper.summary import PaperSummary, summarise
from tests.unit.sinks.paper.samples import DAY_MS, flat, make_bar, make_order, make_rules


def summary_of(closes: list[float], **rules: float) -> PaperSummary:
    """Trade session after session, each a BUY at 100 that leaves at its close."""
    bars = [
        make_bar(n, (100, max(100, close), min(100, close), close))
        for n, close in enumerate(closes, 1)
    ]
    orders = [
        make_order(f"s{n}", staged_close_ms=n * DAY_MS, horizon_sessions=1)
        for n in range(len(closes))
    ]
    made = make_rules(**rules)
    return summarise(run_account(orders, {"A": bars}, made), made)


def test_the_figures_of_three_trades_are_those_by_hand() -> None:
    found = summary_of([110, 90, 100])  # +100, -101 of the 10,100 then, 0

    assert (found.capital, found.equity) == (10_000.0, pytest.approx(9_999.0))
    assert found.total_return.value == pytest.approx(-0.0001)
    assert (found.trades, found.wins, found.win_rate) == (3, 1, rate(1, 3))
    assert found.profit_factor.value == pytest.approx(100 / 101)
    assert found.expectancy.value == pytest.approx(-1 / 3)
    assert found.max_drawdown.value == pytest.approx(101 / 10_100)
    assert found.costs == 0.0
    assert found.exit_reasons == {"stop": 0, "target": 0, "time": 3, "ruin": 0}


def test_costs_are_summed_and_turn_a_flat_trade_into_a_loss() -> None:
    found = summary_of([100, 100], cost_bps=10.0)

    assert found.costs == pytest.approx(2 + 2 * 0.9998)
    assert found.wins == 0


def test_an_account_before_its_first_session_has_figures_with_reasons() -> None:
    account, rules = run_account([make_order()], {}, make_rules()), make_rules()

    found = summarise(account, rules)

    nothing = Figure(None, "no session since the first staged one")
    assert (found.total_return, found.max_drawdown) == (nothing, nothing)
    assert found.win_rate.value is None
    assert found.profit_factor == found.expectancy == Figure(None, "no closed trade")
    assert found.equity == 10_000.0


def test_a_profit_factor_without_a_loss_is_undefined() -> None:
    assert summary_of([110]).profit_factor == Figure(None, "no loss")


def test_an_open_trade_counts_in_equity_alone() -> None:
    rules = make_rules()
    account = run_account([make_order()], {"A": [flat(1), flat(2, 110)]}, rules)

    found = summarise(account, rules)

    assert (found.trades, found.expectancy.value) == (0, None)
    assert found.total_return.value == pytest.approx(0.01)
