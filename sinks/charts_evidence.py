"""PURE: the charts of a cohort's evidence beside its reliability diagram."""

import math
from collections.abc import Sequence

from sinks.charts import HEIGHT, WIDTH, Box, label, line, no_data, svg
from sinks.charts_curves import (
    Curve,
    curves_chart,
    daily,
    dated,
    equity_points,
    growth,
    money,
    rolling,
    under,
    under_water,
)
from sinks.charts_scales import Scale, spread, ticks
from sinks.charts_text import UNKNOWN, number
from sinks.evidence.cohort import Cohort, HorizonIC

EQUITY_TITLE = "Equity, gross and net of costs"
UNDER_TITLE = "Under water, gross and net of costs"
OPEN_TITLE = "Open signals by session"
TREND_TITLE = "Rolling mean net return, 30 and 60 sessions"
IC_TITLE = "Information coefficient by horizon"
_BOX = Box(left=44.0, right=WIDTH - 14.0, top=22.0, bottom=HEIGHT - 50.0)
_Z95 = 1.96
_LEAST_IC = 3
_STRIP_WIDTH = 120
_STRIP_HEIGHT = 12


def equity_chart(ident: str, cohort: Cohort) -> str:
    """Return what 1 in the cohort's daily series has become, gross and net of costs."""
    series = cohort.series
    gross, net = (equity_points(series.days, each) for each in (series.gross, series.net))
    return curves_chart(
        ident,
        EQUITY_TITLE,
        "growth of 1",
        [Curve(name="gross", css="gross", points=gross), Curve(name="net", css="net", points=net)],
        base=1.0,
        shown=growth,
        reason=_no_series(cohort),
    )


def underwater_chart(ident: str, cohort: Cohort) -> str:
    """Return how far the cohort lay under its peak, gross and net of costs."""
    series = cohort.series
    gross, net = (
        under_water(equity_points(series.days, each)) for each in (series.gross, series.net)
    )
    return curves_chart(
        ident,
        UNDER_TITLE,
        "loss from the peak",
        [Curve(name="gross", css="gross", points=gross), Curve(name="net", css="net", points=net)],
        base=0.0,
        shown=under,
        reason=_no_series(cohort),
    )


def open_chart(ident: str, cohort: Cohort) -> str:
    """Return how many signals stand behind each value of the series."""
    series = cohort.series
    return curves_chart(
        ident,
        OPEN_TITLE,
        "signals",
        [Curve(name="open", css="net", points=dated(series.days, series.open_signals))],
        base=0.0,
        shown=money,
        reason=_no_series(cohort),
    )


def trend_chart(ident: str, cohort: Cohort) -> str:
    """Return the mean net return of the last 30 and the last 60 sessions, session by session."""
    series = cohort.series
    curves = [
        Curve(name=f"{window}", css=css, points=rolling(series.days, series.net, window))
        for window, css in ((30, "gross"), (60, "net"))
    ]
    return curves_chart(
        ident,
        TREND_TITLE,
        "a session",
        curves,
        base=0.0,
        shown=daily,
        reason=f"expected at least 30 sessions, was {len(series.days)}",
    )


def ic_chart(ident: str, found: Sequence[HorizonIC]) -> str:
    """Return the information coefficient by horizon, with n and what chance alone would give."""
    held = [each for each in found if each.ic.value is not None]
    if not held:
        reasons = sorted({each.ic.reason or "" for each in found})
        return no_data(ident, IC_TITLE, reasons[0] if reasons else "no horizon is looked at")
    reach = [each.ic.value or 0.0 for each in held] + [_chance(each.n) for each in held]
    low, high = spread([*reach, *(-_chance(each.n) for each in held), 0.0])
    upwards = Scale(low, high, _BOX.bottom, _BOX.top)
    parts = _ic_axes(upwards)
    step = (_BOX.right - _BOX.left) / len(found)
    for at, each in enumerate(found):
        middle = _BOX.left + step * (at + 0.5)
        parts.append(label(middle, _BOX.bottom + 15, f"{each.horizon:,}"))
        parts.append(label(middle, _BOX.bottom + 28, f"{each.n:,}", css="t n"))
        parts.extend(_ic_bar(each, middle, min(step * 0.3, 22.0), upwards))
    parts.append(line(_BOX.left, upwards.at(0), _BOX.right, upwards.at(0), "zero"))
    return svg(ident, IC_TITLE, _ic_described(found), parts)


def interval_strip(value: float, low: float, high: float, reach: float) -> str:
    """Return a small drawing of an interval about zero, to stand beside its numbers."""
    scale = Scale(-reach, reach, 4.0, _STRIP_WIDTH - 4.0)
    middle = _STRIP_HEIGHT / 2
    css = "gain" if low > 0 else "loss" if high < 0 else "even"
    return (
        f'<svg class="strip" viewBox="0 0 {_STRIP_WIDTH} {_STRIP_HEIGHT}" aria-hidden="true">'
        f"{line(scale.at(0), 0, scale.at(0), _STRIP_HEIGHT, 'zero')}"
        f"{line(scale.at(low), middle, scale.at(high), middle, f'whisker {css}')}"
        f'<circle class="{css}" cx="{scale.at(value):.1f}" cy="{middle:.1f}" r="3"/></svg>'
    )


def _no_series(cohort: Cohort) -> str:
    return cohort.sharpe.reason or "no session with an open signal yet"


def _ic_axes(upwards: Scale) -> list[str]:
    marks, decimals = ticks(upwards.low, upwards.high)
    parts = [label(2, 10, "rank correlation", anchor="start", css="t unit")]
    for value in marks:
        y = upwards.at(value)
        parts.append(line(_BOX.left, y, _BOX.right, y, "grid"))
        parts.append(label(_BOX.left - 5, y + 3.5, number(value, decimals), anchor="end"))
    parts.append(label(2, _BOX.bottom + 28, "n", anchor="start", css="t n"))
    middle = (_BOX.left + _BOX.right) / 2
    words = "horizon in sessions; whiskers: 95% of chance alone"
    parts.append(label(middle, HEIGHT - 5, words, css="t unit"))
    return parts


def _ic_bar(found: HorizonIC, x: float, half: float, upwards: Scale) -> list[str]:
    if found.ic.value is None:
        return [label(x, upwards.at(0) - 5, UNKNOWN)]
    top, base = upwards.at(max(found.ic.value, 0.0)), upwards.at(min(found.ic.value, 0.0))
    size = f'width="{2 * half:.1f}" height="{base - top:.1f}"'
    low, high = upwards.at(-_chance(found.n)), upwards.at(_chance(found.n))
    return [
        f'<rect class="bar" x="{x - half:.1f}" y="{top:.1f}" {size}/>',
        line(x, low, x, high, "whisker"),
        line(x - 4, low, x + 4, low, "whisker"),
        line(x - 4, high, x + 4, high, "whisker"),
    ]


def _chance(n: int) -> float:
    return min(1.0, _Z95 / math.sqrt(n - 1)) if n >= _LEAST_IC else 1.0


def _ic_described(found: Sequence[HorizonIC]) -> str:
    return "; ".join(
        f"horizon {each.horizon}: "
        + (each.ic.reason or "undefined" if each.ic.value is None else number(each.ic.value, 3))
        + f", n {each.n:,}"
        for each in found
    )
