"""PURE: tables of whole numbers by key, to which other tables are added and taken away.

A key is a unit (a cohort, or part of a ticker's roll-up) and what is told apart in it:
a day, a bin, a clock. All cells of a unit lie side by side.
"""

from collections.abc import Sequence

import numpy as np

from sinks.prices import Ints

_BITS = 40
_SUB = (1 << _BITS) - 1


def keyed(unit: Ints, sub: Ints) -> Ints:
    """Return the keys of cells: `sub` is below 2^40."""
    return (unit << _BITS) + sub


class Cells:
    """Sums by key: `columns` hold one column of the table in a row."""

    def __init__(self, width: int) -> None:
        self.keys: Ints = np.empty(0, dtype=np.int64)
        self.columns: Ints = np.empty((width, 0), dtype=np.int64)
        # Where the cells of each unit lie, and whether some are of nothing any more.
        self._places: dict[int, tuple[int, int]] | None = None
        self._holes = False

    def add(self, keys: Ints, columns: Ints, sign: int = 1) -> None:
        """Add rows, or take them away by a sign of -1; their keys may come again."""
        if not len(keys):
            return
        keys, columns = added_up(keys, columns)
        self._places = None
        if not len(self.keys):
            self.keys, self.columns = keys, columns * sign
            return
        at = np.searchsorted(self.keys, keys)
        there = at < len(self.keys)
        there[there] = self.keys[at[there]] == keys[there]
        self.columns[:, at[there]] += columns[:, there] * sign
        if not there.all():
            new = ~there
            self.keys = np.insert(self.keys, at[new], keys[new])
            self.columns = np.insert(self.columns, at[new], columns[:, new] * sign, axis=1)

    def of(self, unit: int) -> tuple[Ints, Ints]:
        """Return what a unit tells apart, in order, and its columns; the first is not 0."""
        if self._places is None:
            self._places = self._placed()
            self._holes = not self.columns[0].all()
        first, last = self._places.get(unit, (0, 0))
        columns = self.columns[:, first:last]
        subs = self.keys[first:last] & _SUB
        if self._holes:
            there = columns[0] != 0
            return subs[there], columns[:, there]
        return subs, columns

    def _placed(self) -> dict[int, tuple[int, int]]:
        units = self.keys >> _BITS
        starts = np.flatnonzero(np.concatenate(([True], units[1:] != units[:-1]))[: len(units)])
        ends = [*starts[1:].tolist(), len(units)]
        return dict(
            zip(units[starts].tolist(), zip(starts.tolist(), ends, strict=False), strict=True)
        )

    def of_all(self, units: Sequence[int]) -> tuple[Ints, Ints]:
        """Return the same of several units, added up."""
        if len(units) == 1:
            return self.of(units[0])
        parts = [self.of(each) for each in units]
        parts = [each for each in parts if len(each[0])]
        if not parts:
            return self.keys[:0], self.columns[:, :0]
        return added_up(
            np.concatenate([subs for subs, _ in parts]),
            np.concatenate([columns for _, columns in parts], axis=1),
        )

    def units(self) -> tuple[Ints, Ints]:
        """Return the unit of each row, and what it tells apart."""
        return self.keys >> _BITS, self.keys & _SUB


def added_up(keys: Ints, columns: Ints) -> tuple[Ints, Ints]:
    """Return each key once, in order, with the sums of its rows."""
    if len(keys) < 2:  # noqa: PLR2004 one row is in order
        return keys, columns
    order = np.argsort(keys)
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[starts], np.add.reduceat(columns[:, order], starts, axis=1)
