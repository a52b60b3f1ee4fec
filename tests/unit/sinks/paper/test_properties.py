"""What holds of every account, over random scenarios."""

import math
from dataclasses import astuple, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import PaperRules
from sinks.paper.account import run_account
from sinks.paper.records import PaperAccount, PaperBar
from sinks.paper.summary import summarise
from tests.unit.sinks.paper.samples import (
    CASH_POOR,
    DAY_MS,
    RULES,
    Scenario,
    flat,
    make_order,
    make_rules,
    scenarios,
    session,
)

EXAMPLES = settings(max_examples=50, deadline=None)
ACCOUNTS = scenarios() | scenarios(rules=CASH_POOR)


def run(scenario: Scenario, **changes: Any) -> PaperAccount:
    parts = {"orders": scenario.orders, "bars": scenario.bars, "rules": scenario.rules, **changes}
    return run_account(**parts)


@EXAMPLES
@given(ACCOUNTS)
def test_equity_is_the_capital_and_every_profit(scenario: Scenario) -> None:
    account = run(scenario)
    nets = [trade.net_pnl for trade in account.trades]
    unrealised = [each.unrealised_pnl or 0.0 for each in account.positions]
    equity = account.equity[-1].equity if account.equity else scenario.rules.capital
    scale = max([scenario.rules.capital, *(each.exposure for each in account.equity)])

    assert equity - scenario.rules.capital == pytest.approx(
        math.fsum(nets + unrealised), rel=1e-9, abs=1e-9 * scale
    )


@EXAMPLES
@given(ACCOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_orders_and_tickers_changes_nothing(scenario: Scenario, chance: Any) -> None:
    orders, tickers = list(scenario.orders), list(scenario.bars)
    chance.shuffle(orders)
    chance.shuffle(tickers)

    shuffled = run(scenario, orders=orders, bars={name: scenario.bars[name] for name in tickers})

    assert repr(shuffled) == repr(run(scenario))


@EXAMPLES
@given(scenarios(splits=False), st.integers(0, 12), st.sampled_from([2.0, 3.0, 0.1]))
def test_a_split_changes_no_profit(scenario: Scenario, first: int, ratio: float) -> None:
    """The bars after it are divided; a power of two does so without a rounding."""
    exact, orders = ratio == 2, scenario.orders
    if not exact:  # a rounding may part a price from the level that it just touches
        orders = [replace(each, stop_return=None, target_return=None) for each in orders]
    held = scenario.bars["A"]
    after = [_divided(bar, ratio) for bar in held[first:]]
    if first < len(held):
        # the dividend is of a share of the bar before, so that it is not divided at the split
        after[0] = replace(after[0], split_ratio=ratio, dividend=held[first].dividend)
    plain = run(scenario, orders=orders)

    split = run(scenario, orders=orders, bars={**scenario.bars, "A": [*held[:first], *after]})

    scale = 1e-9 * scenario.rules.capital
    assert [each.signal_id for each in split.trades] == [each.signal_id for each in plain.trades]
    for ours, theirs in zip(split.trades, plain.trades, strict=True):
        assert (ours.exit_reason, ours.sessions_held) == (theirs.exit_reason, theirs.sessions_held)
        for name in ("gross_pnl", "net_pnl", "costs", "net_return", "mae", "mfe"):
            near = pytest.approx(getattr(theirs, name), rel=1e-9, abs=0 if exact else scale)
            assert getattr(ours, name) == near
    assert [each.equity for each in split.equity] == pytest.approx(
        [each.equity for each in plain.equity], rel=1e-9, abs=scale
    )


@EXAMPLES
@given(ACCOUNTS, st.integers(0, 14))
def test_bars_to_come_change_nothing_before_them(scenario: Scenario, until: int) -> None:
    """No look-ahead, and a restated bar changes nothing before its own session."""
    end = until * DAY_MS
    known = {name: [b for b in bars if b.close_ms < end] for name, bars in scenario.bars.items()}
    restated = {
        name: [b if b.close_ms < end else _divided(b, 0.7) for b in bars]
        for name, bars in scenario.bars.items()
    }
    whole = run(scenario)

    for other in (run(scenario, bars=known), run(scenario, bars=restated)):
        points = [each for each in other.equity if each.close_ms < end]
        assert points == [each for each in whole.equity if each.close_ms < end]
        early = [each for each in other.trades if each.exit_session < session(until)]
        assert early == [each for each in whole.trades if each.exit_session < session(until)]


@EXAMPLES
@given(ACCOUNTS)
def test_the_same_rows_give_the_same_account_whatever_ran_between(scenario: Scenario) -> None:
    first = run(scenario)
    run(scenario, bars={name: bars[::2] for name, bars in scenario.bars.items()})

    assert repr(run(scenario)) == repr(first)


@EXAMPLES
@given(ACCOUNTS)
def test_every_order_has_one_position_and_every_figure_its_bounds(scenario: Scenario) -> None:
    account = run(scenario)
    closed = {each.signal_id for each in account.positions if each.status == "closed"}

    assert sorted(each.signal_id for each in account.positions) == sorted(
        each.signal_id for each in scenario.orders
    )
    assert closed == {each.signal_id for each in account.trades}
    assert all(each.reason for each in account.positions)
    assert all(
        each.mae <= 0 <= each.mfe and min(each.costs, each.exit_price) >= 0
        for each in account.trades
    )
    assert all(each.drawdown >= 0 for each in account.equity)
    assert all(
        a.close_ms < b.close_ms for a, b in zip(account.equity, account.equity[1:], strict=False)
    )


@EXAMPLES
@given(st.data())
def test_absurd_rows_make_no_infinite_figure(data: st.DataObject) -> None:
    """Everything that the schemas let through: prices, ratios, dividends and sizes."""
    price = st.floats(1e-100, 1e100) | st.sampled_from([1e-100, 1e100])
    ratio = st.sampled_from([1.0, 1e6, 1e150, 1e-150])
    bars = []
    for number in range(6):
        low, opened, close, high = sorted(data.draw(price) for _ in range(4))
        paid = data.draw(st.sampled_from([0.0, 1e300]))
        bars.append(
            PaperBar(
                session=session(number),
                close_ms=number,
                open=opened,
                high=high,
                low=low,
                close=close,
                split_ratio=data.draw(ratio),
                dividend=paid,
            )
        )
    wild = st.none() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
    orders = [
        make_order(
            str(n),
            action=data.draw(st.sampled_from(["BUY", "SELL"])),
            staged_close_ms=-1,
            position_size=data.draw(wild),
            stop_return=data.draw(wild),
            target_return=data.draw(wild),
            horizon_sessions=data.draw(st.integers(1, 6)),
        )
        for n in range(3)
    ]
    base = data.draw(RULES)
    rules = replace(base, capital=1e15, impact_bps_per_10k=data.draw(st.sampled_from([0.0, 1e4])))

    account = run_account(orders, {"A": bars}, rules)

    _check_figures(account, rules)


@pytest.mark.parametrize("action", ["BUY", "SELL"])
@pytest.mark.parametrize("ratio", [1e150, 1e-150])
@pytest.mark.parametrize("level", [None, 1e300, -1e300])
@pytest.mark.parametrize("horizon", [5, 9])
def test_a_row_of_absurd_splits_makes_no_infinite_figure(
    action: str, ratio: float, level: float | None, horizon: int
) -> None:
    # on the side from which no price touches it
    far = "target_return" if (action == "BUY") == ((level or 0) > 0) else "stop_return"
    order = make_order(action=action, horizon_sessions=horizon, **{far: level})
    bars = [flat(1, 1e100), *(flat(n, 1e100, split_ratio=ratio, dividend=1.0) for n in range(2, 6))]
    rules = make_rules(slippage_bps=1.0, impact_bps_per_10k=1.0)

    for known in (bars[:1], bars):
        _check_figures(run_account([order], {"A": known}, rules), rules)


def _check_figures(account: PaperAccount, rules: PaperRules) -> None:
    rows = [*account.trades, *account.positions, *account.equity]
    figures = [value for row in rows for value in astuple(row) if isinstance(value, float)]
    summary = summarise(account, rules)
    assert all(math.isfinite(each) for each in [*figures, summary.costs, summary.equity])
    assert not any(each == 0 and math.copysign(1, each) < 0 for each in figures)


def _divided(bar: PaperBar, ratio: float) -> PaperBar:
    prices = {name: getattr(bar, name) / ratio for name in ("open", "high", "low", "close")}
    return replace(bar, **prices, dividend=bar.dividend / ratio)
