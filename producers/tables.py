"""Raw columns of a file with line numbers, a bounded block at a time; what the formats share.

A table's columns are untyped as far as the format allows: CSV gives text,
JSON lines and Parquet what they hold. Column names are folded to lower case.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from producers.arrow import Column, Values
from producers.errors import InputError
from producers.results import Refusal
from producers.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of equal length, the line each row came from, and lines that are no rows."""

    columns: dict[str, Column]
    lines: Values
    refused: list[Refusal] = field(default_factory=list)


def tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    """Return the wanted columns of a source; a table has only those that are there."""
    return source.format.reader.tables(source, wanted)


def folded(names: Sequence[str], source_name: str) -> list[str]:
    """Return column names in lower case; raise InputError where one stands twice."""
    lower = [name.strip().lower() or f"column {n}" for n, name in enumerate(names, 1)]
    for name in lower:
        if lower.count(name) > 1:
            msg = f"{source_name}: expected each column once, was {name!r} twice"
            raise InputError(msg)
    return lower


def columns_reason(names: Sequence[str], actual: int) -> str:
    """Return why a row of another length is none."""
    return f"expected {len(names)} columns, was {actual}"
