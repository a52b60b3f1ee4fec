"""PURE: the net return of a daily series by month, as tear sheets show it."""

from collections.abc import Sequence
from itertools import groupby

from sinks.charts_text import percent
from sinks.evidence.cohort import DailySeries
from sinks.report_html_text import Column, table

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMNS = (
    Column(title="Year", number=False),
    *(Column(title=each) for each in _MONTHS),
    Column(title="Its sessions", hint="all sessions of the year that have an open signal"),
)
# From which size on a cell is drawn darker.
_SHADES = (0.005, 0.02, 0.05)


def months_table(series: DailySeries) -> str:
    """Return net returns by month, each with its sessions, or nothing without any."""
    if not series.days:
        return ""
    rows = []
    days = zip(series.days, series.net, strict=True)
    for year, found in groupby(days, key=lambda each: each[0][:4]):
        held = list(found)
        by_month = {
            month: [change for _, change in each]
            for month, each in groupby(held, key=lambda each: each[0][5:7])
        }
        cells = [_cell(by_month.get(f"{at:02}", [])) for at in range(1, len(_MONTHS) + 1)]
        rows.append([year, *cells, _cell([change for _, change in held])])
    return table("Net return by month, compounded, with its sessions", _COLUMNS, rows, "months")


def compounded(changes: Sequence[float]) -> float:
    """Return what 1 gained over some returns; it stops at ruin.

    >>> compounded([0.5, -0.5]), compounded([-1.5, 1.0])
    (-0.25, -1.0)
    """
    held = 1.0
    for each in changes:
        held = max(held * (1.0 + each), 0.0)
    return held - 1.0


def _cell(changes: Sequence[float]) -> str:
    if not changes:
        return ""
    gained = compounded(changes)
    shade = sum(abs(gained) >= each for each in _SHADES)
    css = f' class="{"g" if gained > 0 else "l"}{shade}"' if shade else ""
    return f"<span{css}>{percent(gained, sign=True)}</span><small>n {len(changes)}</small>"
