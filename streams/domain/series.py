"""The closed bars of one ticker, in session order, as columns for evaluation."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import numpy as np

from streams.domain.bars import Bar, merge
from streams.domain.calendar import Ints, SessionCalendar
from streams.domain.ticks import Floats


class BarSeries:
    """Closed bars by session index, with columns of what evaluation reads.

    Positions count the ticker's closed bars, indexes the calendar's sessions.
    """

    __slots__ = ("_bars", "_calendar", "_columns", "_order")

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._bars: dict[int, Bar] = {}
        self._order: list[int] = []
        self._columns: tuple[Ints, Ints, Floats, Floats, Floats] | None = None

    def __len__(self) -> int:
        """Return the number of closed bars."""
        return len(self._order)

    def __contains__(self, index: int) -> bool:
        """Say whether the session is closed."""
        return index in self._bars

    def items(self) -> Iterator[tuple[int, Bar]]:
        """Yield (session index, bar) in order."""
        for index in self._order:
            yield index, self._bars[index]

    def bar(self, index: int) -> Bar:
        """Return the bar of a session."""
        return self._bars[index]

    def index_at(self, position: int) -> int:
        """Return the session index of a position."""
        return self._order[position]

    def position(self, index: int) -> int:
        """Return the position of a session, or where it would stand."""
        return bisect_left(self._order, index)

    def put(self, index: int, bar: Bar) -> bool:
        """Merge a bar into its session; say whether anything changed."""
        old = self._bars.get(index)
        new = bar if old is None else merge(old, bar)
        if new == old:
            return False
        self._bars[index] = new
        self._columns = None
        if old is None:
            self._insert((index,))
        return True

    @property
    def index(self) -> Ints:
        """Return the session indexes."""
        return self._built()[0]

    @property
    def close_ms(self) -> Ints:
        """Return the closes of the sessions, in ms."""
        return self._built()[1]

    @property
    def close(self) -> Floats:
        """Return the closing prices."""
        return self._built()[2]

    @property
    def high(self) -> Floats:
        """Return the highs."""
        return self._built()[3]

    @property
    def low(self) -> Floats:
        """Return the lows."""
        return self._built()[4]

    def _insert(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            if not self._order or index > self._order[-1]:
                self._order.append(index)
            else:
                self._order.insert(bisect_left(self._order, index), index)

    def _built(self) -> tuple[Ints, Ints, Floats, Floats, Floats]:
        if self._columns is None:
            bars = [self._bars[index] for index in self._order]
            index = np.array(self._order, dtype=np.int64)
            self._columns = (
                index,
                self._calendar.close_ms[index],
                np.array([bar.close for bar in bars], dtype=np.float64),
                np.array([bar.high for bar in bars], dtype=np.float64),
                np.array([bar.low for bar in bars], dtype=np.float64),
            )
        return self._columns
