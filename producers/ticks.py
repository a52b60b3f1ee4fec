"""Price files to tick columns: whole columns at a time, bad rows one by one.

A row that gives a session and no time is that session's final price; a row
with open, high and low travels as four ticks of its session.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from producers.arrow import Mask, Values, shown
from producers.casts import Cast
from producers.errors import InputError
from producers.results import Refusal
from producers.sources import Source
from producers.tables import Table, tables
from producers.tick_cells import ADJUSTED, COLUMNS, CellReader, TickCells, TickOptions
from schemas.errors import DecodeError
from schemas.records import FLAG_FINAL, FLAG_OPEN, Tick
from schemas.rules import (
    MAX_EVENT_MS,
    MAX_PRICE,
    MAX_REVISION,
    MIN_EVENT_MS,
    MIN_PRICE,
    check_tick,
)

_DAY_MS = 86_400_000
_NONE = -1
_GREATEST = float(np.finfo(np.float64).max)
# a row of a bar becomes this many ticks: open, high, low and close
_OPEN, _HIGH, _LOW, _CLOSE = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickColumns:
    """Ticks as columns of equal length, in the order of the file."""

    tickers: list[str]
    ticker_index: Values
    ts_event_ms: Values
    session: Values
    price: Values
    size: Values
    flags: Values
    revision: Values
    lines: Values

    @property
    def line_count(self) -> int:
        """Return how many lines the ticks came from; lines are ascending."""
        return int(np.count_nonzero(np.diff(self.lines))) + bool(len(self.lines))

    def take(self, rows: Any) -> "TickColumns":
        """Return these rows, with the same dictionary of tickers."""
        columns = {
            each.name: getattr(self, each.name)[rows]
            for each in fields(self)
            if each.name != "tickers"
        }
        return TickColumns(tickers=self.tickers, **columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickChunk:
    """A part of a file: its ticks, and the lines that are none, in order."""

    ticks: TickColumns
    refused: list[Refusal]


def read_ticks(source: Source, options: TickOptions) -> Iterator[TickChunk]:
    """Yield the ticks of a source, a bounded part at a time."""
    wanted = {*COLUMNS, *ADJUSTED} if options.adjusted else set(COLUMNS)
    for table in tables(source, wanted):
        if source.format.has_header:
            _require_columns(source.name, set(table.columns), options)
        yield tick_chunk(table, options)


def tick_chunk(table: Table, options: TickOptions) -> TickChunk:
    """Return the ticks of one table."""
    cells = CellReader(table, options).cells()
    bad = _bad_rows(cells)
    refused = [
        Refusal(line=int(table.lines[row]), reason=_reason(cells, int(row)))
        for row in np.flatnonzero(bad)
    ]
    return TickChunk(
        ticks=_ticks(cells, np.flatnonzero(~bad) if bad.any() else slice(None), table.lines),
        refused=sorted(table.refused + refused, key=lambda each: each.line),
    )


def _require_columns(name: str, columns: set[str], options: TickOptions) -> None:
    prices = set(ADJUSTED) if options.adjusted else {"close", "price"}
    needs = [
        (
            {"date", "session", "ts_event_ms", "timestamp"},
            "date, session, ts_event_ms or timestamp",
        ),
        (prices, "'Adj Close'" if options.adjusted else "close or price"),
    ]
    if options.ticker is None:
        needs.insert(0, ({"ticker", "symbol"}, "ticker or symbol, or --ticker"))
    for any_of, words in needs:
        if not any_of & columns:
            msg = f"{name}: expected a column {words}"
            raise InputError(msg)


def _bad_rows(cells: TickCells) -> Mask:
    bad = cells.no_ticker | ~cells.price.present
    bad_tickers = np.array([_ticker_reason(each) is not None for each in cells.tickers], dtype=bool)
    if bad_tickers.any():
        bad |= bad_tickers[cells.ticker_index]
    for cell in cells.read:
        bad |= cell.cast.bad
    for price in (cells.price, cells.open, cells.high, cells.low):
        bad |= _outside(price, MIN_PRICE, MAX_PRICE)
    bad |= _outside(cells.ts_event_ms, MIN_EVENT_MS, MAX_EVENT_MS - 1)
    bad |= _outside(cells.session, MIN_EVENT_MS // _DAY_MS, MAX_EVENT_MS // _DAY_MS - 1)
    bad |= _outside(cells.revision, 0, MAX_REVISION)
    bad |= _outside(cells.size, -_GREATEST, _GREATEST)
    bad |= ~(cells.ts_event_ms.present | cells.session.present)
    if not cells.whole_bar.any():
        return bad
    return bad | (cells.whole_bar & (~cells.session.present | _not_final(cells)))


def _outside(cast: Cast, low: float, high: float) -> Mask:
    """Return which values are out of bounds, or no number."""
    # most columns are in bounds as a whole, or not there
    if not cast.present.any() or (cast.values.min() >= low and cast.values.max() <= high):
        return np.zeros(len(cast.values), dtype=bool)
    return cast.good & ~((cast.values >= low) & (cast.values <= high))


def _not_final(cells: TickCells) -> Mask:
    return cells.final.good & ~cells.final.values


def _reason(cells: TickCells, row: int) -> str:
    for cell in cells.read:
        if cell.cast.bad[row]:
            return f"{cell.name}: expected {cell.wanted}, was {shown(cell.column, row)}"
    if cells.no_ticker[row]:
        return "ticker: missing"
    name = cells.price_name(row)
    if not cells.price.present[row]:
        return f"{name}: missing"
    prices = (("open", cells.open), ("high", cells.high), ("low", cells.low), (name, cells.price))
    for column, price in prices:
        reason = _rule(_tick(cells, row, float(price.values[row]))) if price.present[row] else None
        if reason is not None:
            return reason.replace("price:", f"{column}:", 1)
    if not cells.session.present[row]:
        return "date: expected a date or session beside open, high and low, was a time only"
    return "final: expected true in a row with open, high and low, was false"


@lru_cache(maxsize=1 << 16)
def _ticker_reason(ticker: str) -> str | None:
    return _rule(Tick(ticker=ticker, price=1.0, session="2000-01-03"))


def _rule(tick: Tick) -> str | None:
    try:
        check_tick(tick)
    except DecodeError as error:
        return str(error)
    return None


def _tick(cells: TickCells, row: int, price: float) -> Tick:
    session = np.datetime64(int(cells.session.values[row]), "D")
    return Tick(
        ticker=cells.tickers[cells.ticker_index[row]],
        price=price,
        ts_event_ms=int(cells.ts_event_ms.values[row]) if cells.ts_event_ms.present[row] else None,
        session=str(session) if cells.session.present[row] else None,
        size=float(cells.size.values[row]) if cells.size.present[row] else None,
        revision=int(cells.revision.values[row]),
    )


def _ticks(cells: TickCells, rows: Any, lines: Values) -> TickColumns:
    row, kind, price = _prices(cells, rows)
    is_close = kind == _CLOSE
    opening = cells.open_flag.values & cells.open_flag.present
    is_open = (kind == _OPEN) | (is_close & opening[row])
    is_final = is_close & _final(cells)[row]
    return TickColumns(
        tickers=cells.tickers,
        ticker_index=cells.ticker_index[row].astype("<i4", copy=False),
        ts_event_ms=_filled(cells.ts_event_ms, row, _NONE).astype("<i8", copy=False),
        session=_filled(cells.session, row, _NONE).astype("<i4", copy=False),
        price=price.astype("<f8", copy=False),
        size=_sizes(cells.size, row, is_close).astype("<f8", copy=False),
        flags=is_open * np.uint8(FLAG_OPEN) | is_final * np.uint8(FLAG_FINAL),
        revision=cells.revision.values[row].astype("u1"),
        lines=lines[row],
    )


def _prices(cells: TickCells, rows: Any) -> tuple[Any, Values, Values]:
    """Return the row, the kind and the price of each tick: those of a bar beside its close."""
    if not cells.whole_bar.any():
        price = cells.price.values[rows]
        return rows, np.full(len(price), _CLOSE, dtype=np.int8), price
    bar = (cells.open, cells.high, cells.low, cells.price)
    found = np.stack([each.present[rows] for each in bar], axis=1)
    prices = np.stack([each.values[rows] for each in bar], axis=1)
    at = np.flatnonzero(found)
    row = np.arange(len(cells.no_ticker))[rows][at // len(bar)]
    return row, (at % len(bar)).astype(np.int8), prices.reshape(-1)[at]


def _sizes(size: Cast, row: Any, is_close: Mask) -> Values:
    if not size.present.any():
        return np.full(len(is_close), np.nan)
    return np.where(is_close & size.present[row], size.values[row], np.nan)


def _final(cells: TickCells) -> Mask:
    stated = (cells.session.present & ~cells.ts_event_ms.present) | cells.whole_bar
    final = cells.final
    return (final.present & final.values) | (~final.present & stated)


def _filled(cast: Cast, row: Any, missing: int) -> Values:
    values: Values = cast.values[row]
    return values if cast.present.all() else np.where(cast.present[row], values, missing)
