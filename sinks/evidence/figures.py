"""PURE: a figure that is a number, or undefined with the reason; never NaN, never infinite."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or None with the reason why there is none."""

    value: float | None
    reason: str | None = None


def known(value: float) -> Figure:
    """Return a number as a figure; one that is not finite is undefined.

    >>> known(-0.0), known(math.inf)
    (Figure(value=0.0, reason=None), Figure(value=None, reason='not a finite number'))
    """
    if not math.isfinite(value):
        return undefined("not a finite number")
    return Figure(value + 0.0)


def undefined(reason: str) -> Figure:
    """Return the figure that could not be computed."""
    return Figure(None, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval, or None at both ends with the reason."""

    low: float | None
    high: float | None
    level: float = 0.95
    reason: str | None = None
