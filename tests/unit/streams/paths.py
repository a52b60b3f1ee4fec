"""Claims on short series of closes from 2024-01-02 on, and the paths that they take."""

from collections.abc import Sequence
from typing import Any

from streams.domain.bars import Bar
from streams.domain.calendar import label_days
from streams.domain.observations import Claim, Dividend, Held, Path, Split, observe
from streams.domain.series import BarSeries
from tests.unit.streams.fold import RULES


def bar_of(close: float, high: float, low: float) -> Bar:
    return Bar(0, 1, 0, close, 1, 0, close, high, low, close, 1)


def series_of(
    closes: Sequence[float], ticker: str = "AAPL", spread: Sequence[tuple[float, float]] = ()
) -> BarSeries:
    """Closed bars from 2024-01-02 on; `spread` is (high, low) as factors of the close."""
    calendar = RULES.calendar_of(ticker)
    series = BarSeries(calendar)
    first = calendar.index_of(label_days("2024-01-02"))
    assert first is not None
    for at, close in enumerate(closes):
        high, low = spread[at] if spread else (1.0, 1.0)
        series.put(first + at, bar_of(close, close * high, close * low))
    return series


def claim_of(action: str = "BUY", horizon: int = 30, window: int = 30) -> Claim:
    return Claim(action, horizon, window, 5.0, 0.02, 0.4)


def path_of(
    closes: Sequence[float],
    claim: Claim,
    *,
    splits: Sequence[Split] = (),
    dividends: Sequence[Dividend] = (),
    **series: Any,
) -> Path:
    built = series_of(closes, **series)
    calendar = RULES.calendar_of(series.get("ticker", "AAPL"))
    return observe(built, calendar, Held(tuple(splits), tuple(dividends)), 0, claim)
