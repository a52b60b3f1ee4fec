"""Ticks as columns, and their fold into bars by columns: no Python object a tick."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from streams.domain.bars import Bar
from streams.domain.calendar import NO_SESSION, CalendarOf, Ints, Mask, SessionCalendar

Floats: TypeAlias = npt.NDArray[np.float64]

FLAG_OPEN = 1
FLAG_FINAL = 2
NO_TIME = -1
NO_DAY = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TickColumns:
    """Valid ticks as columns; `code` points into `tickers`.

    A time of NO_TIME stands for the close of the session that `day` (days
    since 1970) names; a day of NO_DAY for the session that the time lies in.
    """

    tickers: Sequence[str]
    code: Ints
    ts_ms: Ints
    day: Ints
    price: Floats
    flags: npt.NDArray[np.uint8]
    revision: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of ticks."""
        return len(self.code)

    def take(self, chosen: Any) -> "TickColumns":
        """Return the chosen ticks, by mask or positions."""
        return TickColumns(
            tickers=self.tickers,
            code=self.code[chosen],
            ts_ms=self.ts_ms[chosen],
            day=self.day[chosen],
            price=self.price[chosen],
            flags=self.flags[chosen],
            revision=self.revision[chosen],
        )


class FoldedTicks(NamedTuple):
    """What a chunk of ticks says: bars by (ticker, session index), event times by ticker."""

    bars: dict[tuple[str, int], Bar]
    event_times: dict[str, int]
    ignored: int


def fold_columns(ticks: TickColumns, calendar_of: CalendarOf, lateness_ms: int) -> FoldedTicks:
    """Return the bars and event times of a chunk; ticks of no session are counted as ignored."""
    bars: dict[tuple[str, int], Bar] = {}
    event_times: dict[str, int] = {}
    ignored = 0
    for calendar, part in _by_calendar(ticks, calendar_of):
        index, times, ts_ms, known = _place(part, calendar, lateness_ms)
        ignored += len(part) - int(np.count_nonzero(known))
        _greatest_times(part.take(known), times[known], event_times)
        inside = known & (index != NO_SESSION)
        if inside.all():
            _fold(part, index, ts_ms, bars)
        elif inside.any():
            _fold(part.take(inside), index[inside], ts_ms[inside], bars)
    return FoldedTicks(bars, event_times, ignored)


def _by_calendar(
    ticks: TickColumns, calendar_of: CalendarOf
) -> Iterator[tuple[SessionCalendar, TickColumns]]:
    calendars = [calendar_of(ticker) for ticker in ticks.tickers]
    distinct = {calendar.name: calendar for calendar in calendars}
    if len(distinct) == 1:
        yield calendars[0], ticks
        return
    for name, calendar in distinct.items():
        of_this = np.array([each.name == name for each in calendars], dtype=np.bool_)
        yield calendar, ticks.take(of_this[ticks.code])


def _place(
    ticks: TickColumns, calendar: SessionCalendar, lateness_ms: int
) -> tuple[Ints, Ints, Ints, Mask]:
    """Return session index, event time, time in the session's order, and what is not ignored."""
    by_day = ticks.day != NO_DAY
    if not by_day.any():
        index = calendar.locate(ticks.ts_ms, (ticks.flags & FLAG_FINAL) != 0, lateness_ms)
        return index, ticks.ts_ms, ticks.ts_ms, np.ones(len(ticks), dtype=np.bool_)
    by_time = calendar.locate(ticks.ts_ms, (ticks.flags & FLAG_FINAL) != 0, lateness_ms)
    index = np.where(by_day, calendar.index_of_days(ticks.day), by_time)
    known = ~by_day | (index != NO_SESSION)
    close = calendar.close_ms[index]
    times = np.where(by_day, close, ticks.ts_ms)
    ts_ms = np.where(by_day & (ticks.ts_ms == NO_TIME), close, ticks.ts_ms)
    return index, times, ts_ms, known


def _greatest_times(ticks: TickColumns, times: Ints, into: dict[str, int]) -> None:
    greatest = np.full(len(ticks.tickers), -1, dtype=np.int64)
    np.maximum.at(greatest, ticks.code, times)
    for code in np.flatnonzero(greatest >= 0).tolist():
        into[ticks.tickers[code]] = int(greatest[code])


def _fold(ticks: TickColumns, index: Ints, ts_ms: Ints, into: dict[tuple[str, int], Bar]) -> None:
    order, starts = _groups(ticks.code, index)
    ticks, index, ts_ms = ticks.take(order), index[order], ts_ms[order]
    groups = _Groups(starts, len(order))
    final = (ticks.flags & FLAG_FINAL) != 0
    seen = groups.greatest(final.astype(np.int64))
    revision = ticks.revision.astype(np.int64)
    top = groups.greatest(revision)
    holds = revision == groups.spread(top)
    if not holds.all():
        groups = groups.only(holds)
        ticks, ts_ms, final = ticks.take(holds), ts_ms[holds], final[holds]
    columns = _bar_columns(groups, ticks, ts_ms, final)
    codes, sessions = ticks.code[groups.starts], index[starts]
    for code, session, *bar in zip(
        codes.tolist(), sessions.tolist(), top.tolist(), *columns, seen.tolist(), strict=True
    ):
        into[ticks.tickers[code], session] = Bar(*bar)


def _bar_columns(
    groups: "_Groups", ticks: TickColumns, ts_ms: Ints, final: Mask
) -> tuple[list[Any], ...]:
    """Return close_final, close_ts, close, open_plain, open_ts, open, high, low, final_low."""
    price = ticks.price
    close_rank = final.astype(np.int64)
    close_final = groups.greatest(close_rank)
    at_close = close_rank == groups.spread(close_final)
    close_ts = groups.greatest(np.where(at_close, ts_ms, -1))
    at_close &= ts_ms == groups.spread(close_ts)
    close = groups.greatest(np.where(at_close, price, -np.inf))
    final_low = groups.least(np.where(at_close, price, np.inf))
    plain = ((ticks.flags & FLAG_OPEN) == 0).astype(np.int64)
    open_plain = groups.least(plain)
    at_open = plain == groups.spread(open_plain)
    open_ts = groups.least(np.where(at_open, ts_ms, np.iinfo(np.int64).max))
    at_open &= ts_ms == groups.spread(open_ts)
    open_price = groups.least(np.where(at_open, price, np.inf))
    high, low = groups.greatest(price), groups.least(price)
    every = (close_final, close_ts, close, open_plain, open_ts, open_price, high, low, final_low)
    return tuple(column.tolist() for column in every)


def _groups(code: Ints, index: Ints) -> tuple[Ints, Ints]:
    """Return a stable order by (ticker, session) and where each group starts in it."""
    low = int(index.min())
    span = int(index.max()) - low + 1
    key = code * span + (index - low)
    # numpy sorts 16-bit keys by radix, several times faster than by comparison.
    narrow = key.astype(np.uint16) if int(key.max()) < 2**16 else key
    order = np.argsort(narrow, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return order, starts


class _Groups:
    """Runs of equal keys in sorted columns, reduced without a Python loop."""

    def __init__(self, starts: Ints, total: int) -> None:
        self.starts = starts
        self._total = total
        self._sizes = np.diff(np.append(starts, total))

    def greatest(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.maximum.reduceat(values, self.starts)

    def least(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.minimum.reduceat(values, self.starts)

    def spread(self, per_group: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.repeat(per_group, self._sizes)

    def only(self, chosen: Mask) -> "_Groups":
        """Return the groups of the chosen rows; every group keeps at least one."""
        sizes = np.add.reduceat(chosen.astype(np.int64), self.starts)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        return _Groups(starts, int(sizes.sum()))
