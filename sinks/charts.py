"""PURE: the primitives of hand-written SVG charts. No I/O, no dependency.

A chart is text: coordinates have one decimal, colours come from the page by
class names, and every chart has a title and a description for who cannot see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from sinks.charts_text import escaped

WIDTH = 400
HEIGHT = 230
_LINE_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where in a chart its data is drawn."""

    left: float = 46.0
    right: float = WIDTH - 88.0
    top: float = 22.0
    bottom: float = HEIGHT - 38.0


def path(points: Sequence[tuple[float, float]], css: str) -> str:
    """Return a line through points."""
    steps = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="{css}" d="M{steps}"/>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return one straight line."""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def label(x: float, y: float, words: str, *, anchor: str = "middle", css: str = "t") -> str:
    """Return words at a place."""
    at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{css}" {at}>{escaped(words)}</text>'


def svg(ident: str, title: str, describe: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    """Return a chart of the page's width; `ident` is one that no other chart has."""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d"><title id="{ident}-t">{escaped(title)}</title>'
        f'<desc id="{ident}-d">{escaped(describe)}</desc>{"".join(parts)}</svg>'
    )


def no_data(ident: str, title: str, reason: str) -> str:
    """Return the chart that says that there is nothing to draw, and why."""
    lines = wrap(reason, _LINE_CHARACTERS, max_lines=3, placeholder=" …")
    return svg(
        ident,
        title,
        f"No data: {reason}",
        [
            f'<rect class="void" x="1" y="1" width="{WIDTH - 2}" height="98" rx="6"/>',
            label(WIDTH / 2, 36, "No data", css="t strong"),
            *(label(WIDTH / 2, 54 + 14 * at, words) for at, words in enumerate(lines)),
        ],
        height=100,
    )
