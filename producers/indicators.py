"""Moving averages and relative strength over closes; pure arithmetic."""

from collections.abc import Sequence
from itertools import pairwise
from math import fsum

RSI_PERIOD = 14


def sma(closes: Sequence[float], period: int) -> float | None:
    """Return the mean of the last closes, None where there are too few.

    >>> sma([1.0, 2.0, 3.0, 4.0], 2)
    3.5
    """
    return fsum(closes[-period:]) / period if len(closes) >= period else None


def rsi(closes: Sequence[float], period: int = RSI_PERIOD) -> float | None:
    """Return Wilder's relative strength index after the last close, None where too few.

    >>> rsi([float(n) for n in range(1, 16)])
    100.0
    """
    series = rsi_series(closes, period)
    return series[-1] if series else None


def rsi_series(closes: Sequence[float], period: int = RSI_PERIOD) -> list[float | None]:
    """Return the index after each close, None for the first `period`."""
    series: list[float | None] = [None] * min(len(closes), period)
    changes = [after - before for before, after in pairwise(closes)]
    if len(changes) < period:
        return [None] * len(closes)
    gain = fsum(max(each, 0.0) for each in changes[:period]) / period
    loss = fsum(max(-each, 0.0) for each in changes[:period]) / period
    series.append(_index(gain, loss))
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0.0)) / period
        loss = (loss * (period - 1) + max(-change, 0.0)) / period
        series.append(_index(gain, loss))
    return series


def _index(gain: float, loss: float) -> float:
    # without any change there is no strength either way
    return 50.0 if gain + loss == 0 else 100.0 * gain / (gain + loss)
