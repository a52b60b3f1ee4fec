"""The quick fold of ticks in the order of time, of one session, with nothing special to them.

A part becomes one row a ticker; the rows of all parts become bars together. A bar
is a join of its ticks, so neither the cut nor the way makes a difference; a part
that is not that plain is left to the general fold (`streams.domain.ticks`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from streams.domain.bars import Bar
from streams.domain.calendar import CalendarOf, Ints, SessionCalendar
from streams.domain.groups import Groups, groups_of

_Floats: TypeAlias = npt.NDArray[np.float64]

# Groups with several ticks at their first or last time are looked at one by one.
_MAX_TIES = 16


class OrderedTicks(NamedTuple):
    """Valid ticks whose times never fall, without flag, session of their own or revision.

    `code` points into `tickers`, each of which stands there once.
    """

    tickers: Sequence[str]
    code: npt.NDArray[np.int32]
    ts_ms: Ints
    price: _Floats


class FoldedPart(NamedTuple):
    """What ordered ticks say: bars by (ticker, session index), event times, the parts left over."""

    bars: dict[tuple[str, int], Bar]
    event_times: dict[str, int]
    rest: list[OrderedTicks]


class _Rows(NamedTuple):
    """One row a ticker and part: its extremes, its ends, and the least price at its last time."""

    code: Ints
    open_ts: Ints
    open: _Floats
    close_ts: Ints
    close: _Floats
    high: _Floats
    low: _Floats
    last_low: _Floats


def fold_ordered(parts: Iterable[OrderedTicks], calendar_of: CalendarOf) -> FoldedPart:
    """Return the bars and event times of the plain ones among the parts, and the others."""
    codes: dict[str, int] = {}
    known: dict[int, tuple[Sequence[str], SessionCalendar | None, Ints]] = {}
    rows: list[_Rows] = []
    sessions: list[int] = []
    rest = []
    for part in parts:
        found = known.get(id(part.tickers))
        if found is None:
            # With the tickers themselves, so that no other list takes their identity.
            own = np.array([codes.setdefault(each, len(codes)) for each in part.tickers])
            found = part.tickers, _only_calendar(part.tickers, calendar_of), own
            known[id(part.tickers)] = found
        _, calendar, own = found
        session = None if calendar is None else _only_session(part.ts_ms, calendar)
        row = None if session is None else _rows(part, own)
        if session is None or row is None:
            rest.append(part)
        else:
            rows.append(row)
            sessions.append(session)
    bars: dict[tuple[str, int], Bar] = {}
    event_times: dict[str, int] = {}
    if rows:
        _join(rows, sessions, list(codes), bars, event_times)
    return FoldedPart(bars, event_times, rest)


def _only_calendar(tickers: Sequence[str], calendar_of: CalendarOf) -> SessionCalendar | None:
    calendars = {calendar.name: calendar for calendar in map(calendar_of, tickers)}
    return next(iter(calendars.values())) if len(calendars) == 1 else None


def _only_session(ts_ms: Ints, calendar: SessionCalendar) -> int | None:
    first, last = int(ts_ms[0]), int(ts_ms[-1])
    closes = calendar.closes
    index = bisect_left(closes, first)
    if index == len(closes) or not calendar.opens[index] <= first or last > closes[index]:
        return None
    return index


def _rows(part: OrderedTicks, codes: Ints) -> _Rows | None:
    counts = np.bincount(part.code, minlength=len(codes))
    narrow = part.code.astype(np.uint8 if len(codes) <= 2**8 else np.uint16)
    # Beyond 16 bits a sort is no radix sort any more, and a ticker has few ticks in a part.
    if len(codes) > 2**16:
        return None
    order = narrow.argsort(kind="stable")
    if not np.minimum.reduce(counts):
        there = counts > 0
        codes, counts = codes[there], counts[there]
    ends = np.add.accumulate(counts)
    starts, ends = ends - counts, ends - 1
    price = part.price.take(order)
    ts_ms = part.ts_ms
    row = _Rows(
        codes,
        ts_ms[order[starts]],
        price[starts],
        ts_ms[order[ends]],
        price[ends],
        np.maximum.reduceat(price, starts),
        np.minimum.reduceat(price, starts),
        price[ends],
    )
    several = counts > 1
    tied = several & (
        (ts_ms[order[np.minimum(starts + 1, ends)]] == row.open_ts)
        | (ts_ms[order[np.maximum(ends - 1, starts)]] == row.close_ts)
    )
    ties = np.count_nonzero(tied)
    if ties > _MAX_TIES:
        return None
    for at in np.flatnonzero(tied).tolist() if ties else ():
        own = slice(starts[at], ends[at] + 1)
        times, prices = ts_ms[order[own]], price[own]
        row.open[at] = prices[times == times[0]].min()
        at_end = prices[times == times[-1]]
        row.close[at], row.last_low[at] = at_end.max(), at_end.min()
    return row


def _join(
    rows: Sequence[_Rows],
    sessions: Sequence[int],
    tickers: Sequence[str],
    bars: dict[tuple[str, int], Bar],
    event_times: dict[str, int],
) -> None:
    sizes = [len(each.code) for each in rows]
    session = np.repeat(np.array(sessions, dtype=np.int64), sizes)
    code = np.concatenate([each.code for each in rows])
    order, starts = groups_of(code, session)
    groups = Groups(starts, len(order))
    columns = [np.concatenate(each)[order] for each in zip(*rows, strict=True)]
    _, open_ts, opened, close_ts, close, high, low, last_low = columns
    (open_ts, opened), _ = groups.pick(np.minimum, (open_ts, opened))
    (close_ts, close), at_close = groups.pick(np.maximum, (close_ts, close))
    low_at_close = groups.least(np.where(at_close, last_low, np.inf))
    columns = [close_ts, close, open_ts, opened]
    columns += [groups.greatest(high), groups.least(low), low_at_close]
    first = order[starts]
    keys = zip(code[first].tolist(), session[first].tolist(), strict=True)
    values = zip(*(each.tolist() for each in columns), strict=True)
    for (at, index), (end, last, begin, start, top, bottom, low_end) in zip(
        keys, values, strict=True
    ):
        name = tickers[at]
        bars[name, index] = Bar(0, 0, end, last, 1, begin, start, top, bottom, low_end, 0)
        event_times[name] = max(end, event_times.get(name, end))
