"""PURE: curves over sessions: equity and what is under water, of a cohort or the paper account."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from sinks.charts import HEIGHT, Box, label, line, no_data, path, svg
from sinks.charts_scales import Scale, apart, date_ticks, spread, thinned, ticks
from sinks.charts_text import count, number, percent

MOST_POINTS = 400
_BOX = Box()
_LABEL_GAP = 13.0
# Nothing was open over a gap longer than a weekend with holidays: the curve rests there.
_REST_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a chart; `points` are (day as an ordinal, value) in order of days."""

    name: str
    css: str
    points: Sequence[tuple[int, float]]


def money(value: float) -> str:
    """Return a sum of money."""
    return number(value, 0)


def growth(value: float) -> str:
    """Return what 1 has become."""
    return number(value, 2)


def under(value: float) -> str:
    """Return a loss from the peak, which is drawn below zero."""
    return percent(value, 1)


def daily(value: float) -> str:
    """Return a mean return of a session."""
    return percent(value, 2, sign=True)


def curves_chart(
    ident: str,
    title: str,
    unit: str,
    curves: Sequence[Curve],
    *,
    base: float,
    shown: Callable[[float], str],
    reason: str,
) -> str:
    """Return the chart of some curves with a line at `base`; without points, why there are none."""
    if not any(each.points for each in curves):
        return no_data(ident, title, reason)
    days = [day for each in curves for day, _ in each.points]
    first, last = min(days), max(days)
    values = [value for each in curves for _, value in each.points]
    low, high = spread([*values, base])
    across = Scale(first, max(last, first + 1), _BOX.left, _BOX.right)
    upwards = Scale(low, high, _BOX.bottom, _BOX.top)
    parts = [
        *_value_axis(upwards, unit, in_percent=shown in (under, daily)),
        *_day_axis(across, first, last),
        line(_BOX.left, upwards.at(base), _BOX.right, upwards.at(base), "zero"),
        *(_drawn(each, across, upwards) for each in curves),
        *_end_labels(curves, upwards, shown),
    ]
    return svg(ident, title, _described(curves, shown, len(curves[0].points)), parts)


def equity_points(days: Sequence[str], returns: Sequence[float]) -> list[tuple[int, float]]:
    """Return what 1 becomes, from the day before the first on; it stops at ruin.

    >>> equity_points(["2024-01-02", "2024-01-03"], [0.5, -1.5])
    [(738886, 1.0), (738887, 1.5), (738888, 0.0)]
    """
    if not days:
        return []
    value = 1.0
    points = [(_ordinal(days[0]) - 1, value)]
    for day, change in zip(days, returns, strict=True):
        value = max(value * (1.0 + change), 0.0)
        if not math.isfinite(value):
            break
        points.append((_ordinal(day), value))
        if value == 0.0:
            break
    return points


def under_water(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return how far each point lies under the greatest before it, as a negative fraction.

    >>> under_water([(1, 1.0), (2, 2.0), (3, 1.5)])
    [(1, 0.0), (2, 0.0), (3, -0.25)]
    """
    peak, found = 0.0, []
    for day, value in points:
        peak = max(peak, value)
        found.append((day, value / peak - 1.0 if peak else 0.0))
    return found


def dated(days: Sequence[str], values: Sequence[float]) -> list[tuple[int, float]]:
    """Return values with their days as ordinals."""
    return [(_ordinal(day), value) for day, value in zip(days, values, strict=True)]


def rolling(days: Sequence[str], values: Sequence[float], window: int) -> list[tuple[int, float]]:
    """Return the mean of each value and those before it, as many as the window holds.

    >>> rolling(["2024-01-02", "2024-01-03"], [0.01, 0.03], 2)
    [(738888, 0.02)]
    """
    return [
        (_ordinal(days[at - 1]), math.fsum(values[at - window : at]) / window)
        for at in range(window, len(days) + 1)
    ]


@cache
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _drawn(curve: Curve, across: Scale, upwards: Scale) -> str:
    rested = [*curve.points[:1]]
    for before, point in pairwise(curve.points):
        if point[0] - before[0] > _REST_DAYS:
            rested.append((point[0] - 1, before[1]))
        rested.append(point)
    kept = thinned([value for _, value in rested], MOST_POINTS)
    drawn = [(across.at(rested[at][0]), upwards.at(rested[at][1])) for at in kept]
    return path(drawn, f"curve {curve.css}") if drawn else ""


def _value_axis(upwards: Scale, unit: str, *, in_percent: bool) -> list[str]:
    found, decimals = ticks(upwards.low, upwards.high)
    parts = [label(2, 10, unit, anchor="start", css="t unit")]
    for value in found:
        place = upwards.at(value)
        words = percent(value, max(0, decimals - 2)) if in_percent else number(value, decimals)
        parts.append(line(_BOX.left, place, _BOX.right, place, "grid"))
        parts.append(label(_BOX.left - 5, place + 3.5, words, anchor="end"))
    return parts


def _day_axis(across: Scale, first: int, last: int) -> list[str]:
    parts = [line(_BOX.left, _BOX.bottom, _BOX.right, _BOX.bottom, "axis")]
    for day, words in date_ticks(date.fromordinal(first), date.fromordinal(last)):
        place = across.at(day)
        parts.append(line(place, _BOX.bottom, place, _BOX.bottom + 4, "axis"))
        parts.append(label(place, _BOX.bottom + 16, words))
    middle = (_BOX.left + _BOX.right) / 2
    parts.append(label(middle, HEIGHT - 5, "session", css="t unit"))
    return parts


def _end_labels(
    curves: Sequence[Curve], upwards: Scale, shown: Callable[[float], str]
) -> list[str]:
    held = [each for each in curves if each.points]
    places = apart([upwards.at(each.points[-1][1]) for each in held], _LABEL_GAP)
    parts = []
    for each, place in zip(held, places, strict=True):
        name = f"{each.name} " if len(curves) > 1 else ""
        words, css = f"{name}{shown(each.points[-1][1])}", f"t end {each.css}"
        parts.append(label(_BOX.right + 4, place + 3.5, words, anchor="start", css=css))
    return parts


def _described(curves: Sequence[Curve], shown: Callable[[float], str], points: int) -> str:
    ends = [
        f"{each.name} ends at {shown(each.points[-1][1])}, lowest "
        f"{shown(min(value for _, value in each.points))}, highest "
        f"{shown(max(value for _, value in each.points))}"
        for each in curves
        if each.points
    ]
    return f"{'; '.join(ends)}; {count(points, 'point')}."
