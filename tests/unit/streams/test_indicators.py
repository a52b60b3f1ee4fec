"""Averages, volatility and its rank before a position: by hand, by pandas, and kept or not."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.indicators import LOOKBACK, Indicators, Market
from streams.domain.observations import Split
from streams.domain.series import BarSeries
from tests.unit.streams.closed_bars import (
    CALENDAR,
    FIRST,
    SEEDS,
    bar_of,
    series_of,
    split_day,
    walk,
)


def market_of(
    closes: Sequence[float], splits: Sequence[Split] = (), position: int | None = None
) -> Market:
    series = series_of(closes)
    found = Indicators().at(series, CALENDAR, splits, len(series) if position is None else position)
    assert found is not None
    return found


def test_before_the_first_bar_there_is_no_market() -> None:
    assert Indicators().at(series_of([100.0]), CALENDAR, (), 0) is None


def test_averages_are_of_the_last_20_and_50_closes() -> None:
    market = market_of([float(each) for each in range(1, 61)])

    assert market.last_close == 60
    assert market.sma20 == pytest.approx(50.5, abs=1e-12)
    assert market.sma50 == pytest.approx(35.5, abs=1e-12)
    assert (market.last_index, market.bars) == (FIRST + 59, 60)


def test_volatility_is_of_the_last_20_returns() -> None:
    closes = [1.0, *([100.0, 110.0] * 10), 100.0]
    returns = [0.1, 100 / 110 - 1] * 10

    assert market_of(closes).volatility == pytest.approx(statistics.stdev(returns), abs=1e-12)


@pytest.mark.parametrize(
    ("bars", "known"),
    [
        (1, []),
        (19, []),
        (20, ["sma20"]),
        (21, ["sma20", "volatility"]),
        (49, ["sma20", "volatility"]),
        (50, ["sma20", "sma50", "volatility"]),
        (79, ["sma20", "sma50", "volatility"]),
        (80, ["sma20", "sma50", "volatility", "volatility_percentile"]),
    ],
)
def test_a_figure_without_its_bars_is_none(bars: int, known: list[str]) -> None:
    found = market_of(walk(1, bars))._asdict()

    figures = ["sma20", "sma50", "volatility", "volatility_percentile"]
    assert [name for name in figures if found[name] is not None] == known
    assert found["bars"] == bars


def test_the_greatest_of_sixty_volatilities_ranks_half_a_place_below_one() -> None:
    closes = [100.0 + at % 2 for at in range(79)]

    assert market_of([*closes, 200.0]).volatility_percentile == 59.5 / 60


@pytest.mark.parametrize("price", [0.07, 33.33, 1e-100, 1e100])
def test_flat_prices_equal_their_averages_and_rank_in_the_middle(price: float) -> None:
    market = market_of([price] * 100)

    assert (market.last_close, market.sma20, market.sma50) == (price, price, price)
    assert (market.volatility, market.volatility_percentile) == (0.0, 0.5)


def test_steady_growth_has_no_volatility() -> None:
    """The returns differ in their last bits only: that is noise, and no rank."""
    market = market_of([100 * 1.01**at for at in range(300)])

    assert (market.volatility, market.volatility_percentile) == (0.0, 0.5)


@pytest.mark.parametrize("closes", [[1e-100, 1e100] * 50, [1e100, 1e-100] * 50])
def test_absurd_prices_leave_every_figure_finite(closes: list[float]) -> None:
    splits = [Split(split_day(at), 1e-6) for at in range(1, 100)]

    for market in (market_of(closes), market_of(closes, splits)):
        assert all(math.isfinite(each) for each in market if each is not None)


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 330))
def test_every_figure_is_what_pandas_finds(seed: int, count: int) -> None:
    closes = pd.Series(walk(seed, count))
    # by the window: pandas' running form keeps the noise of the window before
    spread = closes.pct_change().rolling(20).apply(lambda held: np.std(held, ddof=1), raw=True)
    volatility = spread.dropna().round(12)
    latest = volatility.tail(252)
    rank = latest.rank(method="average").iloc[-1] - 0.5 if len(latest) >= 60 else math.nan

    market = market_of(closes.tolist())

    expected = [
        closes.rolling(20).mean().iloc[-1],
        closes.rolling(50).mean().iloc[-1],
        volatility.iloc[-1] if len(volatility) else math.nan,
        rank / len(latest) if len(latest) else math.nan,
    ]
    figures = [math.nan if each is None else each for each in market[2:6]]
    assert figures == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@settings(max_examples=25)
@given(
    SEEDS,
    st.lists(st.tuples(st.integers(1, 119), st.sampled_from([0.25, 0.5, 2.0, 4.0])), max_size=4),
    st.integers(1, 120),
)
def test_a_split_with_bars_to_match_changes_only_the_unit_of_the_prices(
    seed: int, cuts: list[tuple[int, float]], position: int
) -> None:
    closes = np.array(walk(seed, 120))
    after, shares = closes.copy(), np.ones(120)
    splits = [Split(split_day(at), ratio) for at, ratio in sorted(dict(cuts).items())]
    for at, ratio in dict(cuts).items():
        after[at:] /= ratio
        shares[at:] *= ratio

    plain = market_of(closes.tolist(), position=position)
    split = market_of(after.tolist(), splits, position)

    unit = float(shares[position - 1])
    prices = [None if each is None else each / unit for each in plain[1:4]]
    assert split == plain._replace(last_close=prices[0], sma20=prices[1], sma50=prices[2])


def test_a_split_of_three_moves_no_rank() -> None:
    closes = np.array([100.0, 103.0, 101.0, 102.0] * 30)
    after = np.concatenate((closes[:90], closes[90:] / 3))

    plain = market_of(closes.tolist())
    split = market_of(after.tolist(), [Split(split_day(90), 3.0)])

    assert split.volatility_percentile == plain.volatility_percentile
    assert split.volatility == plain.volatility
    assert split.sma50 == pytest.approx((plain.sma50 or 0) / 3, rel=1e-12)


def test_a_split_on_the_next_day_waits_for_its_bar() -> None:
    closes = walk(3, 100)

    assert market_of(closes, [Split(split_day(100), 2.0)]) == market_of(closes)
    assert market_of(closes, [Split(split_day(0), 2.0)]) == market_of(closes)


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 20), st.floats(1, 1000))
def test_a_bar_beyond_the_look_back_is_no_matter(seed: int, more: int, price: float) -> None:
    closes = walk(seed, LOOKBACK + more)
    older = [price] * more + closes[more:]

    assert market_of(older) == market_of(closes)
    assert market_of(closes[more:]) == market_of(closes)._replace(last_index=FIRST + LOOKBACK - 1)


def test_the_first_bar_of_the_look_back_is_a_matter() -> None:
    closes = [100.0 + at % 2 for at in range(LOOKBACK)] + [105.0]
    # Of the ranked volatilities only the first one rests on this bar.
    moved = [closes[0], 150.0, *closes[2:]]

    assert market_of(closes).volatility_percentile == 251.5 / 252
    assert market_of(moved).volatility_percentile == 250.5 / 252


@settings(max_examples=25)
@given(SEEDS, st.lists(st.integers(0, 120), min_size=1, max_size=20), st.booleans())
def test_what_is_kept_says_what_is_found_anew(
    seed: int, positions: list[int], halved: bool
) -> None:
    """Positions in any order, while bars come in behind them."""
    closes = walk(seed, 120)
    splits = [Split(split_day(60), 2.0)] if halved else []
    series, kept = series_of([]), Indicators()
    for position in positions:
        for at in range(len(series), position):
            series.put(FIRST + at, bar_of(closes[at]))

        found = kept.at(series, CALENDAR, splits, position)

        assert found == Indicators().at(series_of(closes), CALENDAR, splits, position)


def test_a_restated_bar_counts_once_what_is_kept_is_forgotten_from_there() -> None:
    closes = walk(7, 140)
    series, kept = series_of(closes), Indicators()
    kept.at(series, CALENDAR, (), 140)
    closes[100] *= 1.5
    series.put(FIRST + 100, bar_of(closes[100], revision=1))
    assert kept.at(series, CALENDAR, (), 110) != market_of(closes, position=110)

    kept.forget(100)

    for position in range(80, 141):
        assert kept.at(series, CALENDAR, (), position) == market_of(closes, position=position)


def test_a_bar_put_between_others_counts_once_all_is_forgotten() -> None:
    closes = walk(8, 100)
    series, kept = BarSeries(CALENDAR), Indicators()
    for at in (*range(50), *range(51, 100)):
        series.put(FIRST + at, bar_of(closes[at]))
    kept.at(series, CALENDAR, (), 99)
    series.put(FIRST + 50, bar_of(closes[50]))

    kept.forget()

    assert kept.at(series, CALENDAR, (), 100) == market_of(closes)
