"""Ticks as columns, and their fold into bars by columns: no Python object a tick."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.records import FLAG_FINAL, FLAG_OPEN
from streams.domain.bars import Bar
from streams.domain.calendar import NO_SESSION, CalendarOf, Ints, Mask, SessionCalendar

Floats: TypeAlias = npt.NDArray[np.float64]

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
        if inside.any():
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
    groups = _Groups(starts, len(order))
    keys = zip(ticks.code[order[starts]].tolist(), index[order[starts]].tolist(), strict=True)
    price, ts_ms = ticks.price[order], ts_ms[order]
    final = _flag(ticks.flags, FLAG_FINAL, order)
    plain = 1 - _flag(ticks.flags, FLAG_OPEN, order)
    seen = groups.greatest(final)
    revision = ticks.revision[order]
    top = groups.greatest(revision)
    holds = revision == groups.spread(top)
    if not holds.all():
        groups = groups.only(holds)
        price, ts_ms, final, plain = price[holds], ts_ms[holds], final[holds], plain[holds]
    close, at_close = groups.pick(np.maximum, (final, ts_ms, price))
    opening, _ = groups.pick(np.minimum, (plain, ts_ms, price))
    final_low = groups.least(np.where(at_close, price, np.inf))
    extremes = groups.greatest(price), groups.least(price)
    columns = (top, *close, *opening, *extremes, final_low, seen)
    for (code, session), *bar in zip(keys, *(each.tolist() for each in columns), strict=True):
        into[ticks.tickers[code], session] = Bar(*bar)


def _flag(flags: npt.NDArray[np.uint8], flag: int, order: Ints) -> npt.NDArray[np.int8]:
    raised: npt.NDArray[np.int8] = ((flags[order] & flag) != 0).astype(np.int8)
    return raised


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


def _worst(reduce: np.ufunc, values: npt.NDArray[Any]) -> Any:
    limits = np.finfo(values.dtype) if values.dtype.kind == "f" else np.iinfo(values.dtype)
    return limits.min if reduce is np.maximum else limits.max


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

    def pick(
        self, reduce: np.ufunc, ranks: tuple[npt.NDArray[Any], ...]
    ) -> tuple[list[npt.NDArray[Any]], Mask]:
        """Return each group's extreme row by rank order, and where all but the last rank stand."""
        found = []
        among: Any = np.True_
        before = among
        for values in ranks:
            before = among
            picked = np.where(among, values, _worst(reduce, values))
            extreme = reduce.reduceat(picked, self.starts)
            found.append(extreme)
            among = among & (values == self.spread(extreme))
        return found, before

    def only(self, chosen: Mask) -> "_Groups":
        """Return the groups of the chosen rows; every group keeps at least one."""
        sizes = np.add.reduceat(chosen.astype(np.int64), self.starts)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        return _Groups(starts, int(sizes.sum()))
