"""PURE: from data to places in a chart: scales, round ticks, fewer points, labels apart.

No I/O, and no function whose last bit differs by machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_DAY_STEPS = (1, 2, 5, 7, 14, 21, 28, 42)
_YEAR = 12
_FLAT = 1e-12
# One label is no scale.
_LEAST_LABELS = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from data to coordinates."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the coordinate of a value.

        >>> Scale(0.0, 2.0, 100.0, 0.0).at(0.5)
        75.0
        """
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def spread(values: Sequence[float], *, margin: float = 0.06) -> tuple[float, float]:
    """Return the ends of an axis that holds all values, never one point.

    >>> spread([1.0, 2.0], margin=0.5), spread([3.0])
    ((0.5, 2.5), (2.5, 3.5))
    """
    low, high = min(values), max(values)
    if high - low <= _FLAT * max(abs(low), abs(high), 1.0):
        return low - 0.5 * (abs(low) / 3 or 1.0), high + 0.5 * (abs(high) / 3 or 1.0)
    return low - margin * (high - low), high + margin * (high - low)


def ticks(low: float, high: float, most: int = 6) -> tuple[list[float], int]:
    """Return round values within the ends, and how many decimals they need.

    >>> ticks(0.0, 1.0), ticks(-0.031, 0.012)
    (([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1), ([-0.03, -0.02, -0.01, 0.0, 0.01], 2))
    """
    # the exponent by text: a logarithm's last bit differs by machine
    exponent = int(f"{(high - low) / most:e}".partition("e")[2])
    unit = float(f"1e{exponent}")
    step = next((each for each in _STEPS if (high - low) / (each * unit) <= most), _STEPS[-1])
    decimals = max(0, -exponent + {2.5: 1, 10.0: -1}.get(step, 0))
    first, last = math.ceil(low / (step * unit)), math.floor(high / (step * unit))
    return [round(k * step * unit, decimals) + 0.0 for k in range(first, last + 1)], decimals


def date_ticks(first: date, last: date, most: int = 5, most_days: int = 4) -> list[tuple[int, str]]:
    """Return days to label, as ordinals with their labels: years, months or single days.

    >>> date_ticks(date(2024, 1, 30), date(2024, 3, 31))[1][1], date_ticks(
    ...     date(2020, 6, 1), date(2024, 6, 1))[0]
    ('2024-03', (737791, '2021-01'))
    """
    for step in _MONTH_STEPS:
        found = _months(first, last, step)
        if _LEAST_LABELS <= len(found) <= most:
            return found
    span = (last - first).days
    step = next((each for each in _DAY_STEPS if span // each < most_days), span or 1)
    days = [first + timedelta(days=each) for each in range(0, span + 1, step)]
    return [(each.toordinal(), each.isoformat()) for each in days]


def thinned(values: Sequence[float], limit: int) -> list[int]:
    """Return the places of at most `limit` values: both ends, and each stretch's extremes.

    >>> thinned([0, 1, 9, 1, 2, -5, 2, 3, 4, 5], 6)
    [0, 1, 2, 5, 8, 9]
    """
    size = len(values)
    if size <= limit:
        return list(range(size))
    stretches = (limit - 2) // 2
    kept = {0, size - 1}
    for each in range(stretches):
        held = range(1 + each * (size - 2) // stretches, 1 + (each + 1) * (size - 2) // stretches)
        kept.add(min(held, key=lambda place: values[place]))
        kept.add(max(held, key=lambda place: values[place]))
    return sorted(kept)


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Return the places of labels, moved down where two would overlap.

    >>> apart([10.0, 4.0, 12.0], 5.0)
    [10.0, 4.0, 15.0]
    """
    held = list(places)
    least = -math.inf
    for place in sorted(range(len(held)), key=held.__getitem__):
        held[place] = max(held[place], least)
        least = held[place] + gap
    return held


def _months(first: date, last: date, step: int) -> list[tuple[int, str]]:
    months = range(first.year * _YEAR + first.month - 1, last.year * _YEAR + last.month)
    starts = [date(each // _YEAR, each % _YEAR + 1, 1) for each in months if each % step == 0]
    return [(each.toordinal(), each.isoformat()[:7]) for each in starts if each >= first]
