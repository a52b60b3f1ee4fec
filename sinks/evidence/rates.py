"""PURE: what a count of outcomes says, and how sure that is. No I/O of any kind."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

# Z of a two-sided 95 % interval.
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of n with its 95 % Wilson interval; all None where n is 0."""

    n: int
    count: int
    value: float | None
    low: float | None
    high: float | None


def rate(count: int, n: int) -> Rate:
    """Return the share of `count` in `n` beside its n and interval.

    >>> rate(0, 0).value is None
    True
    """
    if n == 0:
        return Rate(n=0, count=0, value=None, low=None, high=None)
    low, high = wilson_interval(count, n)
    return Rate(n=n, count=count, value=count / n, low=low, high=high)


def wilson_interval(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927).

    >>> [round(each, 4) for each in wilson_interval(18, 30)]
    [0.4232, 0.7541]
    """
    share, z2 = count / n, _Z95 * _Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 of n and n of n the ends are 0 and 1 exactly; the formula misses by a rounding.
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == n else min(1.0, centre + half)
    return low, high


def mean(values: Iterable[float]) -> float | None:
    """Return the mean in whatever order the values come, or None of none."""
    held = list(values)
    return math.fsum(held) / len(held) if held else None
