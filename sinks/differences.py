"""PURE: what `audit` says of rows: what was expected, what is stored, how many were compared."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Key: TypeAlias = tuple[Any, ...]
Row: TypeAlias = tuple[Any, ...]

# Equal values may be written in two ways: an older file's texts were made by SQLite.
_JSON_COLUMNS = frozenset({"screen", "verdict", "transitions", "suspect_sessions", "indicators"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value, or where `column` is None one whole row, that is not what it should be.

    A row that should be there and is not has `was` None, one that should not be `expected`.
    """

    table: str
    ticker: str | None
    key: Key
    column: str | None
    expected: Any
    was: Any


@dataclass(slots=True, kw_only=True)
class Count:
    """The rows of one table: how many should be there, are there, and are as they should be."""

    expected: int = 0
    stored: int = 0
    equal: int = 0


@dataclass(slots=True)
class Comparison:
    """Counts by table, and each difference handed on as it is found."""

    on_difference: Callable[[Difference], None]
    counts: dict[str, Count] = field(default_factory=dict)
    differences: Counter[str] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        """Return the number of rows that should be there."""
        return sum(each.expected for each in self.counts.values())

    def rows(
        self,
        table: str,
        columns: Sequence[str],
        expected: Iterable[Row],
        stored: Iterable[Row],
        ticker: str | None = None,
    ) -> None:
        """Compare rows whose first values are their key and whose last are those of the columns."""
        one, other = set(expected), set(stored)
        count = self._count(table)
        count.expected += len(one)
        count.stored += len(other)
        count.equal += len(one & other)
        # Whole sets at once: of what is equal nothing more is made.
        wanted, there = _by_key(one - other, columns), _by_key(other - one, columns)
        for key, row in wanted.items():
            was = there.get(key)
            if was is None:
                self._tell(table, ticker, key, expected=_named(columns, row))
                continue
            wrong = _unlike(columns, row, was)
            count.equal += not wrong
            for column, value, other_value in wrong:
                self._tell(table, ticker, key, column=column, expected=value, was=other_value)
        for key in (each for each in there if each not in wanted):
            self._tell(table, ticker, key, was=_named(columns, there[key]))

    def stranger(self, table: str, key: Key, ticker: str | None, row: Mapping[str, Any]) -> None:
        """Say that a row is there that should not be."""
        self._count(table).stored += 1
        self._tell(table, ticker, key, was=dict(row))

    def _tell(
        self,
        table: str,
        ticker: str | None,
        key: Key,
        *,
        column: str | None = None,
        expected: Any = None,
        was: Any = None,
    ) -> None:
        self.differences[table] += 1
        self.on_difference(
            Difference(
                table=table, ticker=ticker, key=key, column=column, expected=expected, was=was
            )
        )

    def _count(self, table: str) -> Count:
        return self.counts.setdefault(table, Count())


def _by_key(rows: Iterable[Row], columns: Sequence[str]) -> dict[Key, Row]:
    """Return rows by their first values, in the order of these."""
    return {row[: -len(columns)]: row[-len(columns) :] for row in sorted(rows, key=repr)}


def _unlike(columns: Sequence[str], expected: Row, was: Row) -> list[tuple[str, Any, Any]]:
    found = zip(columns, expected, was, strict=True)
    return [each for each in found if not _same(*each)]


def _same(column: str, one: Any, other: Any) -> bool:
    if one == other:
        return True
    if column not in _JSON_COLUMNS or not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _named(columns: Sequence[str], row: Row) -> dict[str, Any]:
    return dict(zip(columns, row, strict=True))
