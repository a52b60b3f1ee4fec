"""PURE: the pieces of report.html that every section is made of. No I/O of any kind.

What is undefined is shown as a dash that leads to its reason, which stands in a
list at the end of the page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sinks.charts_text import UNKNOWN, escaped, percent
from sinks.evidence.figures import Figure, Interval
from sinks.evidence.rates import Rate

_NO_REASON = "no reason was given"


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons why figures are undefined, numbered as the page first needs them."""

    numbers: dict[str, int] = field(default_factory=dict)

    def mark(self, reason: str | None) -> str:
        """Return the dash of a figure that is undefined for that reason."""
        words = reason or _NO_REASON
        at = self.numbers.setdefault(words, len(self.numbers) + 1)
        return (
            f'<a class="no" href="#why-{at}" title="{escaped(words)}">{UNKNOWN}<sup>{at}</sup></a>'
        )

    def listed(self) -> str:
        """Return the list of all reasons so far."""
        if not self.numbers:
            return "<p>Every figure of this page is defined.</p>"
        rows = "\n".join(
            f'<li id="why-{at}">{escaped(words)}</li>' for words, at in self.numbers.items()
        )
        return f'<ol class="why">\n{rows}\n</ol>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: str
    number: bool = True
    hint: str = ""


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], css: str = ""
) -> str:
    """Return a table whose cells are HTML already; the first of a row is its header."""
    return whole_table(caption, columns, f"<tbody>\n{body(columns, rows)}</tbody>", css)


def whole_table(caption: str, columns: Sequence[Column], bodies: str, css: str = "") -> str:
    """Return a table of bodies that are made already."""
    heads = "".join(
        f'<th scope="col"{_css(each)}{_title(each.hint)}>{escaped(each.title)}</th>'
        for each in columns
    )
    # The name and the role let a keyboard reach and scroll a table that is wider than the page.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(caption)}">'
        f'<table class="{css}">\n<caption>{escaped(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n{bodies}\n</table></div>"
    )


def body(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """Return the rows of a table."""
    styles = [_css(each) for each in columns[1:]]
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td{css}>{cell}</td>" for css, cell in zip(styles, rest, strict=True))
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>\n')
    return "".join(lines)


def value(shown: str, *below: str) -> str:
    """Return a figure over what it rests on, in small."""
    small = " ".join(f"<span>{each}</span>" for each in below if each)
    return f'<span class="v">{shown}</span>' + (f"<small>{small}</small>" if small else "")


def figure(found: Figure, shown: str, why: Reasons) -> str:
    """Return a figure as it is shown, or the dash of one that is undefined."""
    return why.mark(found.reason) if found.value is None else shown


def interval(found: Interval, words: Callable[[float], str], why: Reasons) -> str:
    """Return an interval whose ends are shown by `words`."""
    if found.low is None or found.high is None:
        return f"{percent(found.level, 0)} interval {why.mark(found.reason)}"
    return f"{percent(found.level, 0)} [{words(found.low)}, {words(found.high)}]"


def rate(found: Rate, why: Reasons, reason: str = "no matured signal") -> str:
    """Return a rate with its interval and n."""
    if found.value is None or found.low is None or found.high is None:
        return value(why.mark(reason), f"n {found.n:,}")
    return value(
        percent(found.value),
        f"95% [{percent(found.low)}, {percent(found.high)}]",
        f"n {found.n:,}",
    )


def section(ident: str, title: str, content: str, *, apart: bool = False) -> str:
    """Return a section of the page."""
    css = ' class="apart"' if apart else ""
    return f'<section id="{ident}"{css}>\n<h2>{escaped(title)}</h2>\n{content}\n</section>'


def badge(words: str, css: str) -> str:
    """Return a few words that stand out; they never rest on colour alone."""
    return f'<span class="badge {css}">{escaped(words)}</span>'


def _css(column: Column) -> str:
    return ' class="r"' if column.number else ""


def _title(hint: str) -> str:
    return f' title="{escaped(hint)}"' if hint else ""
