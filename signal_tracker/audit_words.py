"""What `audit` prints: differences and counts, for people and for programs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from signal_tracker.auditing import Look, Outcome
from signal_tracker.columns import aligned, counted
from signal_tracker.printing import plain_json
from signal_tracker.unsettled import Offsets, lag
from sinks.differences import Comparison, Difference
from streams.domain.calendar import SessionCalendar
from streams.domain.refold import first_session_from

_WIDTH = 60


def as_json(content: Mapping[str, Any]) -> bytes:
    """Return one line of JSON; bytes as text, what is none of UTF-8 as replaced."""
    line = plain_json(orjson.dumps(content, default=_text).decode())
    return f"{line}\n".encode()


def difference_fields(difference: Difference) -> dict[str, Any]:
    """Return a difference as plain fields."""
    return asdict(difference)


def summary(comparison: Comparison, outcome: Outcome) -> dict[str, Any]:
    """Return what an audit came to as plain fields; `audit` is the number of differences."""
    return {
        "audit": sum(comparison.differences.values()),
        "rows": comparison.compared,
        "unsettled": sorted(outcome.unsettled),
        "ticks_from_ms": {str(each): ms for each, ms in outcome.ticks_from_ms.items()},
        "tables": {
            table: {**asdict(count), "differences": comparison.differences[table]}
            for table, count in comparison.counts.items()
        },
    }


def last_line(comparison: Comparison, outcome: Outcome) -> str:
    """Return the line that a program looks at.

    >>> last_line(Comparison(print), Outcome())
    'audit=0 rows=0 unsettled=0'
    """
    found = sum(comparison.differences.values())
    return f"audit={found} rows={comparison.compared} unsettled={len(outcome.unsettled)}"


def table_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the counts by table."""
    rows = [
        (table, each.expected, each.stored, each.equal, comparison.differences[table])
        for table, each in comparison.counts.items()
    ]
    yield from aligned(("table", "expected", "stored", "equal", "differences"), rows)


def difference_lines(shown: list[Difference], total: int) -> Iterator[str]:
    """Yield the first differences."""
    yield f"DIFFERENCES, the first {len(shown)} of {total}" if total > len(shown) else "DIFFERENCES"
    rows = [
        (
            each.table,
            each.ticker or "-",
            " ".join(map(str, each.key)),
            each.column or "(row)",
            *(_short(value, each.column) for value in (each.expected, each.was)),
        )
        for each in shown
    ]
    yield from aligned(("table", "ticker", "key", "column", "expected", "was"), rows)


def lag_lines(look: Look) -> Iterator[str]:
    """Yield who is behind, and how far."""
    for who, reached, ends in (
        ("the worker", look.committed, look.input_ends),
        ("the SQLite sink", look.stored, look.output_ends),
    ):
        behind = _all(reached, ends)
        if behind:
            yield f"{who} is {counted(behind, 'record')} behind"


def ticks_lines(from_ms: Mapping[int, int], calendar: SessionCalendar) -> Iterator[str]:
    """Yield from which session on ticks are there, by partition, where older ones are gone."""
    for partition, time_ms in sorted(from_ms.items()):
        session = first_session_from(calendar, time_ms)
        since = f"held for sessions from {session} on ({calendar.name})" if session else "all gone"
        yield f"ticks[{partition}]: ticks are {since}; the bars topic stands in for others"


def _all(reached: Offsets, ends: Offsets) -> int:
    return sum(lag(reached, ends).values())


def _short(value: Any, column: str | None) -> str:
    if column is None:
        return "no row" if value is None else "a row"
    text = str(value) if isinstance(value, str | float | int) else repr(value)
    text = "null" if value is None else text
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    raise TypeError
