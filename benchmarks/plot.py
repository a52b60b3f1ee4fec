"""A picture of the bounds: how far each result stands from its own, as an SVG.

Each bar is value / bound, or bound / value for a ceiling, so that to the right
of the line at 1 everything holds. The axis is logarithmic.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from benchmarks.lines import AT_MOST
from benchmarks.tables import number

_WIDTH, _LABELS, _ROW, _TOP, _RIGHT = 960, 380, 22, 46, 150
_LOW, _HIGH = 0.1, 100.0
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.h{font-weight:600;font-size:14px}"
    ".g{stroke:#ddd}.one{stroke:#333}.yes{fill:#3a7d5d}.no{fill:#c0392b}.v{fill:#666}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.v{fill:#aaa}.g{stroke:#444}"
    ".one{stroke:#ddd}}"
)


def svg(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the bounded results as a chart."""
    rows = [line for line in lines if line["floor"]]
    height = _TOP + _ROW * len(rows) + 24
    body = [
        '<text class="h" x="12" y="20">Results against their bounds</text>',
        '<text class="v" x="12" y="36">times as good as the bound asks; right of 1 it holds</text>',
        *(_tick(each, height) for each in (0.1, 0.5, 1.0, 2.0, 10.0, 100.0)),
        *(_row(at, line) for at, line in enumerate(rows)),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" role="img">\n<style>{_STYLE}</style>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def margin(line: Mapping[str, Any]) -> float:
    """Return how many times as good as its bound a result is.

    >>> margin({"value": 2.0, "floor": 4.0, "direction": "at most"})
    2.0
    """
    value, limit = float(line["value"]), float(line["floor"])
    if line["direction"] == AT_MOST:
        return limit / value if value else math.inf
    return value / limit


def _x(share: float) -> float:
    inside = min(max(share, _LOW), _HIGH)
    span = math.log(_HIGH / _LOW)
    return _LABELS + (_WIDTH - _LABELS - _RIGHT) * math.log(inside / _LOW) / span


def _tick(share: float, height: int) -> str:
    kind = "one" if share == 1.0 else "g"
    x = _x(share)
    return (
        f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4}" y2="{height - 20}"/>'
        f'<text class="v" x="{x:.1f}" y="{height - 6}" text-anchor="middle">{share:g}</text>'
    )


def _row(at: int, line: Mapping[str, Any]) -> str:
    y = _TOP + at * _ROW
    share = margin(line)
    one, end = _x(1.0), _x(share)
    kind = "yes" if line["holds"] else "no"
    label = escape(f"{line['scenario']}: {line['metric']}")
    told = f"{number(line['value'])} {line['unit']} ({line['direction']} {number(line['floor'])})"
    return (
        f'<text x="{_LABELS - 8}" y="{y + 13}" text-anchor="end">{label}</text>'
        f'<rect class="{kind}" x="{min(one, end):.1f}" y="{y + 3}"'
        f' width="{max(abs(end - one), 1.0):.1f}" height="{_ROW - 8}"/>'
        f'<text class="v" x="{max(one, end) + 5:.1f}" y="{y + 13}">{escape(told)}</text>'
    )
