"""Plain tables and counts for people: columns as wide as their widest cell."""

from collections.abc import Iterator, Sequence
from typing import Any


def aligned(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a table; numbers stand to the right, a missing value is a dash.

    >>> print(*aligned(("name", "n"), [("a", 10), ("bcdefg", None)]), sep="|")
    name     n|a       10|bcdefg   -
    """
    is_number = [any(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    texts = [[_text(each) for each in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *texts, strict=True)]
    for line in (header, *texts):
        yield "  ".join(
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()


def percent(value: float | None) -> str | None:
    """Return a return as people read it.

    >>> percent(0.01234), percent(None)
    ('1.23%', None)
    """
    return None if value is None else f"{value:.2%}"


def counted(count: int, noun: str) -> str:
    """Return a count and what it counts.

    >>> counted(1, "line"), counted(0, "line"), counted(2, "dead letter")
    ('1 line', '0 lines', '2 dead letters')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _text(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.10g}"
    return str(value)
