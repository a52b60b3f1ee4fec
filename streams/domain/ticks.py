"""Ticks as columns, and their fold into bars by columns: no Python object a tick."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.records import FLAG_FINAL, FLAG_OPEN
from streams.domain.bars import Bar, merge
from streams.domain.calendar import NO_SESSION, CalendarOf, Ints, Mask, SessionCalendar
from streams.domain.groups import Groups, groups_of
from streams.domain.ordered import OrderedTicks, fold_ordered

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


Ticks: TypeAlias = TickColumns | OrderedTicks


class FoldedTicks(NamedTuple):
    """What a chunk of ticks says: bars by (ticker, session index), event times by ticker."""

    bars: dict[tuple[str, int], Bar]
    event_times: dict[str, int]
    ignored: int


def fold_columns(
    ticks: TickColumns | Sequence[Ticks], calendar_of: CalendarOf, lateness_ms: int
) -> FoldedTicks:
    """Return the bars and event times of a chunk; ticks of no session are counted as ignored.

    The chunk may come as several parts; which makes no difference to what is returned.
    """
    if isinstance(ticks, TickColumns):
        return _fold_general(ticks, calendar_of, lateness_ms)
    ordered = [part for part in ticks if isinstance(part, OrderedTicks)]
    bars, event_times, rest = fold_ordered(ordered, calendar_of)
    general: list[Ticks] = [part for part in ticks if isinstance(part, TickColumns)]
    general += rest
    if not general:
        return FoldedTicks(bars, event_times, 0)
    folded = _fold_general(join_columns(general), calendar_of, lateness_ms)
    for key, bar in folded.bars.items():
        old = bars.get(key)
        bars[key] = bar if old is None else merge(old, bar)
    for name, time in folded.event_times.items():
        event_times[name] = max(time, event_times.get(name, time))
    return FoldedTicks(bars, event_times, folded.ignored)


def join_columns(parts: Sequence[Ticks]) -> TickColumns:
    """Return the ticks of several parts as one."""
    columns = [_general(part) if isinstance(part, OrderedTicks) else part for part in parts]
    if len(columns) == 1:
        return columns[0]
    codes: dict[str, int] = {}
    joined = []
    for part in columns:
        local = np.array(
            [codes.setdefault(ticker, len(codes)) for ticker in part.tickers], dtype=np.int64
        )
        joined.append(local[part.code])
    return TickColumns(
        tickers=list(codes),
        code=np.concatenate(joined),
        ts_ms=np.concatenate([each.ts_ms for each in columns]),
        day=np.concatenate([each.day for each in columns]),
        price=np.concatenate([each.price for each in columns]),
        flags=np.concatenate([each.flags for each in columns]),
        revision=np.concatenate([each.revision for each in columns]),
    )


def _general(part: OrderedTicks) -> TickColumns:
    count = len(part.code)
    return TickColumns(
        tickers=part.tickers,
        code=part.code.astype(np.int64),
        ts_ms=part.ts_ms,
        day=np.full(count, NO_DAY, dtype=np.int64),
        price=part.price,
        flags=np.zeros(count, dtype=np.uint8),
        revision=np.zeros(count, dtype=np.uint8),
    )


def _fold_general(ticks: TickColumns, calendar_of: CalendarOf, lateness_ms: int) -> FoldedTicks:
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
    order, starts = groups_of(ticks.code, index)
    groups = Groups(starts, len(order))
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
