"""Closed bars of one ticker, one a session, for what only reads their closes."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from streams.domain.bars import Bar
from streams.domain.calendar import label_days
from streams.domain.series import BarSeries
from tests.unit.streams.fold import RULES

CALENDAR = RULES.calendar_of("AAPL")
FIRST = CALENDAR.index_of(label_days("2022-01-03")) or 0
SEEDS = st.integers(0, 2**32 - 1)


def bar_of(close: float, revision: int = 0) -> Bar:
    return Bar(revision, 1, 0, close, 1, 0, close, close, close, close, 1)


def series_of(closes: Sequence[float]) -> BarSeries:
    """Closed bars of consecutive sessions from 2022-01-03 on."""
    series = BarSeries(CALENDAR)
    for at, close in enumerate(closes):
        series.put(FIRST + at, bar_of(close))
    return series


def walk(seed: int, count: int) -> list[float]:
    """Prices in cents whose volatility itself moves."""
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal((2, count))
    steps = 0.02 * np.exp(np.cumsum(0.1 * noise[0])) * noise[1]
    closes = 100 * np.exp(np.clip(np.cumsum(steps), -4, 4))
    return [round(each, 2) for each in closes.tolist()]


def split_day(at: int) -> int:
    """The ex-date of a split whose first bar is the one at a position."""
    return int(CALENDAR.days[FIRST + at])
