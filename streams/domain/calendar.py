"""Sessions of one exchange calendar as plain arrays; which session a tick belongs to.

The bounds come from outside (`streams.sessions`); nothing here depends on today.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

NO_SESSION = -1
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionCalendar:
    """The sessions of one calendar, in order.

    `days` are the labels as days since 1970; `open_ms` and `close_ms` the
    bounds of each session, both inclusive.
    """

    name: str
    periods_per_year: int
    days: Ints
    open_ms: Ints
    close_ms: Ints

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.days)

    @cached_property
    def closes(self) -> list[int]:
        """Return the closes as Python integers."""
        return [int(each) for each in self.close_ms]

    @cached_property
    def opens(self) -> list[int]:
        """Return the opens as Python integers."""
        return [int(each) for each in self.open_ms]

    @cached_property
    def labels(self) -> list[str]:
        """Return the YYYY-MM-DD labels of all sessions."""
        return [days_label(each) for each in self.days.tolist()]

    @cached_property
    def _index_by_day(self) -> dict[int, int]:
        return {day: index for index, day in enumerate(self.days.tolist())}

    def label(self, index: int) -> str:
        """Return the YYYY-MM-DD label of a session."""
        return self.labels[index]

    def index_of(self, day: int) -> int | None:
        """Return the session index of one date, None where it is none."""
        return self._index_by_day.get(day)

    def index_of_days(self, days: Ints) -> Ints:
        """Return the session index of each date, NO_SESSION where it is none."""
        found = np.searchsorted(self.days, days)
        found[found == len(self.days)] = 0
        return np.where(self.days[found] == days, found, NO_SESSION)

    def locate(self, ts_ms: Ints, final: Mask, lateness_ms: int) -> Ints:
        """Return the session index of each time, NO_SESSION outside all sessions.

        A session holds open <= ts <= close; where two touch it is the earlier.
        A final tick at most the lateness after a close belongs to that session
        even where another is open.
        """
        found = np.searchsorted(self.close_ms, ts_ms, side="left")
        last = len(self.days) - 1
        inside = np.minimum(found, last)
        ok = (found <= last) & (self.open_ms[inside] <= ts_ms)
        index = np.where(ok, inside, NO_SESSION)
        if final.any():
            before = np.maximum(found - 1, 0)
            just_closed = (found > 0) & (ts_ms - self.close_ms[before] <= lateness_ms)
            on_close = ok & (self.close_ms[inside] == ts_ms)
            index = np.where(final & just_closed & ~on_close, before, index)
        return index

    def last_closed(self, ts_ms: Ints) -> Ints:
        """Return the session last closed at each time; -1 before the first."""
        return np.searchsorted(self.close_ms, ts_ms, side="right") - 1

    def last_closed_at(self, ts_ms: int) -> int:
        """Return the session last closed at one time; -1 before the first."""
        return bisect_right(self.closes, ts_ms) - 1

    def close_of_nth_after(self, ts_ms: int, n: int) -> int:
        """Return the close of the n-th session that closes after a time; the last one's beyond."""
        first = int(np.searchsorted(self.close_ms, ts_ms, side="right"))
        return int(self.close_ms[min(first + n - 1, len(self.days) - 1)])


CalendarOf: TypeAlias = Callable[[str], SessionCalendar]


def days_label(days: int) -> str:
    """Return the YYYY-MM-DD label of days since 1970.

    >>> days_label(0), days_label(19000)
    ('1970-01-01', '2022-01-08')
    """
    return (_EPOCH + timedelta(days=days)).isoformat()


def label_days(label: str) -> int:
    """Return the days since 1970 of a label.

    >>> label_days("2022-01-08")
    19000
    """
    return (date.fromisoformat(label) - _EPOCH).days
