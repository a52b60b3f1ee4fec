"""What the closed bars before a moment say: averages, volatility, and its rank among the latest.

Prices are on the basis of the last bar: a split after a bar divides its close.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from streams.domain.calendar import SessionCalendar
from streams.domain.observations import Split
from streams.domain.series import BarSeries
from streams.domain.ticks import Floats

SHORT, LONG = 20, 50
# Of a volatility: its returns; of a percentile: the most and the least volatilities.
RETURNS = 20
RANKED, LEAST_RANKED = 252, 60
# How many bars before a position can matter to it.
LOOKBACK = RANKED + RETURNS


class Market(NamedTuple):
    """What the bars before a signal say; the same for all signals of one entry position.

    `last_index` is the calendar's index of the last bar, `bars` how many there
    are, up to LOOKBACK. `volatility` is of one session. None: too few bars.
    """

    last_index: int
    last_close: float | None
    sma20: float | None
    sma50: float | None
    volatility: float | None
    volatility_percentile: float | None
    bars: int


class Indicators:
    """The markets of one ticker; keeps the volatility after each bar.

    What is kept holds while bars are only appended: `forget` whatever else happens.
    """

    __slots__ = ("_volatilities",)

    def __init__(self) -> None:
        self._volatilities: Floats = np.empty(0)

    def forget(self, first: int = 0) -> None:
        """Drop what is kept of the bars from a position on: one changed, or a split did."""
        self._volatilities[first:] = np.nan

    def at(
        self,
        series: BarSeries,
        calendar: SessionCalendar,
        splits: Sequence[Split],
        position: int,
    ) -> Market | None:
        """Return what the bars before a position say; None where there is none."""
        if position == 0:
            return None
        closes = _closes(series, calendar, splits, max(position - LONG, 0), position)
        ranked = self._latest(series, calendar, splits, position)
        return Market(
            last_index=series.index_at(position - 1),
            last_close=closes[-1],
            sma20=_average(closes, SHORT),
            sma50=_average(closes, LONG),
            volatility=float(ranked[-1]) if len(ranked) else None,
            volatility_percentile=_mid_rank(ranked) if len(ranked) >= LEAST_RANKED else None,
            bars=min(position, LOOKBACK),
        )

    def _latest(
        self,
        series: BarSeries,
        calendar: SessionCalendar,
        splits: Sequence[Split],
        position: int,
    ) -> Floats:
        """Return the latest volatilities before a position, in order."""
        first = max(position - RANKED, RETURNS)
        self._reserve(position)
        latest = self._volatilities[first:position]
        for at in np.flatnonzero(np.isnan(latest)).tolist():
            last = first + at
            latest[at] = _volatility(_closes(series, calendar, splits, last - RETURNS, last + 1))
        return latest

    def _reserve(self, count: int) -> None:
        held = len(self._volatilities)
        if held < count:
            more = np.full(max(count, 2 * held) - held, np.nan)
            self._volatilities = np.concatenate((self._volatilities, more))


def _closes(
    series: BarSeries, calendar: SessionCalendar, splits: Sequence[Split], first: int, stop: int
) -> list[float]:
    """Return the closes of some bars on the basis of the last of them."""
    closes = series.close[first:stop]
    if splits:
        days = calendar.days[series.index[first:stop]]
        shares = np.ones(len(days))
        for ex_day, ratio in splits:
            if ex_day <= days[-1]:
                shares[: int(np.searchsorted(days, ex_day))] *= ratio
        # Only a row of absurd splits comes here; what rests on it shall stay finite.
        closes = closes / np.clip(shares, 1e-100, 1e100)
    found: list[float] = closes.tolist()
    return found


def _average(closes: Sequence[float], count: int) -> float | None:
    """Return the mean of the last closes; of equal ones exactly their value.

    >>> _average([0.07] * 20, 20), _average([1.0, 2.0, 4.0], 2), _average([1.0], 2)
    (0.07, 3.0, None)
    """
    if len(closes) < count:
        return None
    last = closes[-1]
    return last + math.fsum(each - last for each in closes[-count:]) / count


def _volatility(closes: Sequence[float]) -> float:
    """Return the standard deviation (ddof 1) of the simple returns between closes.

    Without the noise of the floats, which would rank equal ones; absurd returns stay finite.
    """
    returns = [min(close / before - 1, 1e100) for before, close in pairwise(closes)]
    mean = math.fsum(returns) / len(returns)
    squares = math.fsum((each - mean) * (each - mean) for each in returns)
    return round(math.sqrt(squares / (len(returns) - 1)), 12)


def _mid_rank(values: Floats) -> float:
    """Return the share of values less than the last, plus half of those equal to it.

    >>> _mid_rank(np.array([3.0, 1.0, 2.0, 2.0]))
    0.5
    """
    last = values[-1]
    less, equal = int(np.count_nonzero(values < last)), int(np.count_nonzero(values == last))
    return (less + equal / 2) / len(values)
