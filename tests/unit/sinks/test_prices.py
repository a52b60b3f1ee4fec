"""Bars on one basis, across splits and dividends."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.prices import PriceHistory, daily_returns, price_history, window_ratios
from tests.unit.sinks.cohort_worlds import Bars, close_ms_of, random_bars, sessions_of

BARS = Bars(ticker="AAPL", closes=[100.0, 110.0, 55.0, 66.0], ratios=[1.0, 1.0, 2.0, 1.0])
SEEDS = st.integers(0, 10**6)


def both(bars: Bars) -> list[tuple[bool, PriceHistory]]:
    return [(False, bars.history()), (True, bars.history())]


def test_a_split_changes_no_return() -> None:
    history = BARS.history()

    assert daily_returns(history, total_return=False) == pytest.approx([0.1, 0.0, 0.2])
    assert window_ratios(history, 3, total_return=False) == pytest.approx([1.32])


@given(seed=SEEDS, at=st.integers(1, 20))
def test_a_split_told_anywhere_changes_not_one_bit(seed: int, at: int) -> None:
    bars = random_bars(random.Random(seed), "AAPL", "XNYS", 21, gaps=0.0)
    split = bars.split_at(at, 2.0)
    for total, plain in both(bars):
        told = split.history()
        returns = daily_returns(told, total_return=total)
        windows = window_ratios(told, 4, total_return=total)

        assert returns.tolist() == daily_returns(plain, total_return=total).tolist()
        assert windows.tolist() == window_ratios(plain, 4, total_return=total).tolist()


def test_two_splits_between_bars_come_as_one_ratio() -> None:
    history = Bars(ticker="A", closes=[60.0, 10.0], ratios=[1.0, 6.0]).history()

    assert daily_returns(history, total_return=False).tolist() == [0.0]


def test_a_dividend_counts_in_total_return_alone() -> None:
    history = Bars(ticker="A", closes=[100.0, 98.0], dividends=[0.0, 2.0]).history()

    assert daily_returns(history, total_return=False) == pytest.approx([-0.02])
    assert daily_returns(history, total_return=True) == pytest.approx([0.0])


def test_a_dividend_is_of_one_share_of_the_bar_before() -> None:
    bars = Bars(
        ticker="A",
        closes=[100.0, 50.0, 49.0],
        ratios=[1.0, 2.0, 1.0],
        dividends=[0.0, 4.0, 1.0],
    )

    assert window_ratios(bars.history(), 2, total_return=True) == pytest.approx([1.04])
    assert daily_returns(bars.history(), total_return=True) == pytest.approx([0.04, 0.0])


def test_what_the_first_bar_says_of_the_time_before_counts_for_nothing() -> None:
    first = Bars(ticker="A", closes=[10.0, 11.0], ratios=[3.0, 1.0], dividends=[5.0, 0.0])

    assert window_ratios(first.history(), 1, total_return=True) == pytest.approx([1.1])


@given(seed=SEEDS, total=st.booleans(), horizon=st.integers(1, 12))
def test_windows_are_those_of_holding_shares_and_cash_step_by_step(
    seed: int, total: bool, horizon: int
) -> None:
    bars = random_bars(random.Random(seed), "A", "24/7", 30)
    starts = range(len(bars.closes) - horizon)
    expected = [bars.value(at, at + horizon, total_return=total) for at in starts]

    assert window_ratios(bars.history(), horizon, total_return=total) == pytest.approx(expected)


def test_a_history_shorter_than_the_horizon_has_no_window() -> None:
    assert window_ratios(BARS.history(), 4, total_return=True).tolist() == []
    empty = price_history([], [], [], [], [])
    assert (len(empty), window_ratios(empty, 1, total_return=True).tolist()) == (0, [])


def test_a_session_without_a_bar_has_no_position() -> None:
    history = BARS.history()
    labels = sessions_of("XNYS", 5)

    assert [history.position(each) for each in (*labels, None)] == [0, 1, 2, 3, None, None]
    assert history.close_ms.tolist() == [close_ms_of(each) for each in labels[:4]]


def test_bars_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        price_history(["2024-01-03", "2024-01-02"], [1, 2], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0])


def test_absurd_prices_splits_and_dividends_stay_finite() -> None:
    bars = Bars(
        ticker="A",
        closes=[1e-100, 1e100] * 200,
        ratios=[1.0] + [1e6] * 399,
        dividends=[1e308] * 400,
    )
    returns = daily_returns(bars.history(), total_return=True)

    assert all(math.isfinite(each**4) for each in returns.tolist())
    assert np.isfinite(window_ratios(bars.history(), 3, total_return=True)).all()
