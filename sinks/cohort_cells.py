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

    def add(self, keys: Ints, columns: Ints, sign: int = 1) -> None:
        """Add rows, or take them away by a sign of -1; their keys may come again."""
        if not len(keys):
            return
        keys, columns = added_up(keys, columns)
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
        first, last = np.searchsorted(self.keys, (unit << _BITS, (unit + 1) << _BITS)).tolist()
        columns = self.columns[:, first:last]
        there = columns[0] != 0
        subs = self.keys[first:last] & _SUB
        return (subs, columns) if there.all() else (subs[there], columns[:, there])

    def of_all(self, units: Sequence[int]) -> tuple[Ints, Ints]:
        """Return the same of several units, added up."""
        if len(units) == 1:
            return self.of(units[0])
        parts = [self.of(each) for each in units]
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
