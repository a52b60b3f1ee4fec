"""The closed bars of one ticker, in session order, as columns: no object a bar."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.domain.bars import Bar, merge
from streams.domain.calendar import Ints, SessionCalendar
from streams.domain.ticks import Floats

_GROWTH = 16
# Of the fields of a bar, in their order.
_KINDS = ("u1", "u1", "i8", "f8", "u1", "i8", "f8", "f8", "f8", "f8", "u1")
_CLOSE, _HIGH, _LOW = (Bar._fields.index(name) for name in ("close", "high", "low"))


class BarSeries:
    """Closed bars by session index, with columns of what evaluation reads.

    Positions count the ticker's closed bars, indexes the calendar's sessions.
    """

    __slots__ = ("_bars", "_calendar", "_close_ms", "_index", "_length")

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._length = 0
        self._index: Ints = np.empty(0, dtype=np.int64)
        self._close_ms: Ints = np.empty(0, dtype=np.int64)
        self._bars: list[npt.NDArray[Any]] = [np.empty(0, dtype=kind) for kind in _KINDS]

    def __len__(self) -> int:
        """Return the number of closed bars."""
        return self._length

    def __contains__(self, index: int) -> bool:
        """Say whether the session is closed."""
        at = self.position(index)
        return at < self._length and int(self._index[at]) == index

    def items(self) -> Iterator[tuple[int, Bar]]:
        """Yield (session index, bar) in order."""
        for position in range(self._length):
            yield self.index_at(position), self._bar_at(position)

    def bar(self, index: int) -> Bar:
        """Return the bar of a session."""
        position = self.position(index)
        if position == self._length or int(self._index[position]) != index:
            raise KeyError(index)
        return self._bar_at(position)

    def index_at(self, position: int) -> int:
        """Return the session index of a position."""
        return int(self.index[position])

    def position(self, index: int) -> int:
        """Return the position of a session, or where it would stand."""
        if self._length and index > self._index[self._length - 1]:
            return self._length
        return bisect_left(self.index, index)

    def put(self, index: int, bar: Bar) -> bool:
        """Merge a bar into its session; say whether anything changed."""
        at = self.position(index)
        if at < self._length and int(self._index[at]) == index:
            old = self._bar_at(at)
            new = merge(old, bar)
            if new == old:
                return False
            self._write(at, index, new)
            return True
        self._make_room(at)
        self._write(at, index, bar)
        return True

    def replace(self, index: int, bar: Bar) -> None:
        """Set the bar of a session, whatever was there."""
        at = self.position(index)
        if at == self._length or int(self._index[at]) != index:
            self._make_room(at)
        self._write(at, index, bar)

    @property
    def index(self) -> Ints:
        """Return the session indexes."""
        return self._index[: self._length]

    @property
    def close_ms(self) -> Ints:
        """Return the closes of the sessions, in ms."""
        return self._close_ms[: self._length]

    @property
    def close(self) -> Floats:
        """Return the closing prices."""
        return self._bars[_CLOSE][: self._length]

    @property
    def high(self) -> Floats:
        """Return the highs."""
        return self._bars[_HIGH][: self._length]

    @property
    def low(self) -> Floats:
        """Return the lows."""
        return self._bars[_LOW][: self._length]

    def _bar_at(self, position: int) -> Bar:
        return Bar(*(column[position].item() for column in self._bars))

    def _write(self, at: int, index: int, bar: Bar) -> None:
        self._index[at] = index
        self._close_ms[at] = self._calendar.closes[index]
        for column, value in zip(self._bars, bar, strict=True):
            column[at] = value

    def _make_room(self, at: int) -> None:
        """Make a place for one more bar, in the middle where it comes late."""
        held = self._length
        columns = [self._index, self._close_ms, *self._bars]
        if held == len(self._index):
            more = held // 8 + _GROWTH
            columns = [np.concatenate((each, np.zeros(more, each.dtype))) for each in columns]
            self._index, self._close_ms, *self._bars = columns
        if at < held:
            for each in columns:
                each[at + 1 : held + 1] = each[at:held]
        self._length = held + 1
