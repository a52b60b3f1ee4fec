"""A picture of the results, as an SVG made here.

Above, how far each result stands from its bound: value / bound, or bound / value for a
ceiling, on a logarithmic axis, so that to the right of the line at 1 everything holds.
Below, the rates of all contestants of a scenario, as shares of the fastest.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

from benchmarks.lines import AT_MOST
from benchmarks.tables import number

Content = Mapping[str, Any]

RATES = ("single_ticks", "columnar_ticks")

_WIDTH, _LABELS, _ROW, _HEAD, _RIGHT = 960, 380, 22, 46, 200
_LOW, _HIGH = 0.1, 20.0
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.h{font-weight:600;font-size:14px}"
    ".g{stroke:#ddd}.one{stroke:#333}.yes{fill:#3a7d5d}.no{fill:#c0392b}.peer{fill:#8aa0b5}"
    ".v{fill:#666}@media(prefers-color-scheme:dark){text{fill:#ddd}.v{fill:#aaa}"
    ".g{stroke:#444}.one{stroke:#ddd}}"
)


def svg(lines: Sequence[Content], runs: Mapping[str, Content]) -> str:
    """Return the bounded results, and the rates, as a picture."""
    bounded = [line for line in lines if line["floor"]]
    body = [
        *_heading(0, "Results against their bounds", "times as good as asked: right of 1 holds")
    ]
    foot = _HEAD + _ROW * len(bounded)
    body += [_tick(each, foot) for each in (0.1, 0.5, 1.0, 2.0, 10.0)]
    body += [_bounded(_HEAD + at * _ROW, line) for at, line in enumerate(bounded)]
    y = foot + 30
    for name in RATES:
        rates = _rates(runs.get(name, {"series": []}))
        if rates:
            body += _heading(y, name, "ticks a second, medians")
            body += [
                _rate(y + _HEAD + at * _ROW, contestant, rate, max(rates.values()))
                for at, (contestant, rate) in enumerate(rates.items())
            ]
            y += _HEAD + _ROW * len(rates) + 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}"'
        f' viewBox="0 0 {_WIDTH} {y}" role="img">\n<style>{_STYLE}</style>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def margin(line: Content) -> float:
    """Return how many times as good as its bound a result is.

    >>> margin({"value": 2.0, "floor": 4.0, "direction": "at most"})
    2.0
    """
    value, limit = float(line["value"]), float(line["floor"])
    if line["direction"] == AT_MOST:
        return limit / value if value else math.inf
    return value / limit


def _heading(y: int, title: str, words: str) -> Iterator[str]:
    yield f'<text class="h" x="12" y="{y + 20}">{escape(title)}</text>'
    yield f'<text class="v" x="12" y="{y + 36}">{escape(words)}</text>'


def _x(share: float) -> float:
    inside = min(max(share, _LOW), _HIGH)
    span = math.log(_HIGH / _LOW)
    return _LABELS + (_WIDTH - _LABELS - _RIGHT) * math.log(inside / _LOW) / span


def _tick(share: float, foot: int) -> str:
    kind = "one" if share == 1.0 else "g"
    x = _x(share)
    return (
        f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_HEAD - 4}" y2="{foot + 2}"/>'
        f'<text class="v" x="{x:.1f}" y="{foot + 16}" text-anchor="middle">{share:g}</text>'
    )


def _bounded(y: int, line: Content) -> str:
    one, end = _x(1.0), _x(margin(line))
    kind = "yes" if line["holds"] else "no"
    told = f"{number(line['value'])} {line['unit']} ({line['direction']} {number(line['floor'])})"
    return _bar(y, f"{line['scenario']}: {line['metric']}", kind, told, (one, end))


def _rate(y: int, contestant: str, rate: float, fastest: float) -> str:
    end = _LABELS + (_WIDTH - _LABELS - _RIGHT) * rate / fastest
    kind = "yes" if contestant == "worker" else "peer"
    return _bar(y, contestant, kind, number(rate), (float(_LABELS), end))


def _bar(y: int, label: str, kind: str, told: str, ends: tuple[float, float]) -> str:
    left, right = min(ends), max(ends)
    return (
        f'<text x="{_LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>'
        f'<rect class="{kind}" x="{left:.1f}" y="{y + 3}" width="{max(right - left, 1.0):.1f}"'
        f' height="{_ROW - 8}"/>'
        f'<text class="v" x="{right + 5:.1f}" y="{y + 13}">{escape(told)}</text>'
    )


def _rates(told: Content) -> dict[str, float]:
    found = {
        each["contestant"]: median(each["values"])
        for each in told["series"]
        if each["unit"] == "ticks/s"
    }
    return dict(sorted(found.items(), key=lambda each: -each[1]))
