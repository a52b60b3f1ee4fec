"""Price files to tick columns: whole columns at a time, bad rows one by one.

A row that gives a session and no time is that session's final price; a row
with open, high and low travels as four ticks of its session.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from producers.casts import Cast, Mask, Values
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
        ticks=_ticks(cells, np.flatnonzero(~bad), table.lines),
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
    bad = cells.no_ticker | _bad_tickers(cells.tickers)[cells.ticker_index] | ~cells.price.present
    for cell in cells.read:
        bad |= cell.cast.bad
    for price in (cells.price, cells.open, cells.high, cells.low):
        bad |= price.good & ~((price.values >= MIN_PRICE) & (price.values <= MAX_PRICE))
    for cast, low, high in (
        (cells.ts_event_ms, MIN_EVENT_MS, MAX_EVENT_MS - 1),
        (cells.session, MIN_EVENT_MS // _DAY_MS, MAX_EVENT_MS // _DAY_MS - 1),
        (cells.revision, 0, MAX_REVISION),
    ):
        bad |= cast.good & ((cast.values < low) | (cast.values > high))
    bad |= cells.size.good & ~np.isfinite(cells.size.values)
    bad |= ~(cells.ts_event_ms.present | cells.session.present)
    return bad | (cells.whole_bar & (~cells.session.present | _not_final(cells)))


def _bad_tickers(tickers: list[str]) -> Mask:
    # one more, so that a table without any ticker can be indexed too
    return np.array([_ticker_reason(each) is not None for each in tickers] + [True], dtype=bool)


def _not_final(cells: TickCells) -> Mask:
    return cells.final.good & ~cells.final.values


def _reason(cells: TickCells, row: int) -> str:
    for cell in cells.read:
        if cell.cast.bad[row]:
            return f"{cell.name}: expected {cell.wanted}, was {cell.column[row].as_py()!r:.80}"
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


def _ticks(cells: TickCells, rows: Values, lines: Values) -> TickColumns:
    row, kind = _four_ticks(cells, rows)
    is_close = kind == _CLOSE
    prices = [cells.open.values, cells.high.values, cells.low.values, cells.price.values]
    flags = np.where(is_close & _final(cells)[row], FLAG_FINAL, 0)
    opening = cells.open_flag.values & cells.open_flag.present
    flags |= np.where((kind == _OPEN) | (is_close & opening[row]), FLAG_OPEN, 0)
    return TickColumns(
        tickers=cells.tickers,
        ticker_index=cells.ticker_index[row].astype("<i4"),
        ts_event_ms=_or_none(cells.ts_event_ms, row).astype("<i8"),
        session=_or_none(cells.session, row).astype("<i4"),
        price=np.choose(kind, [each[row] for each in prices]).astype("<f8"),
        size=np.where(is_close & cells.size.present[row], cells.size.values[row], np.nan).astype(
            "<f8"
        ),
        flags=flags.astype("u1"),
        revision=cells.revision.values[row].astype("u1"),
        lines=lines[row],
    )


def _four_ticks(cells: TickCells, rows: Values) -> tuple[Values, Values]:
    """Return the row and the kind of each tick: the prices of a bar beside its close."""
    kinds = ((_OPEN, cells.open), (_HIGH, cells.high), (_LOW, cells.low))
    parts = [(rows[price.present[rows]], kind) for kind, price in kinds]
    parts.append((rows, _CLOSE))
    row = np.concatenate([part for part, _ in parts])
    kind = np.concatenate([np.full(len(part), each, dtype=np.int8) for part, each in parts])
    order = np.argsort(row * 4 + kind, kind="stable")
    return row[order], kind[order]


def _final(cells: TickCells) -> Mask:
    stated = cells.session.present & ~cells.ts_event_ms.present
    return np.where(cells.final.present, cells.final.values, stated | cells.whole_bar).astype(bool)


def _or_none(cast: Cast, rows: Values) -> Values:
    return np.where(cast.present[rows], cast.values[rows], _NONE)
