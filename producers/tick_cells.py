"""The cells of a price table by what they mean, whatever their columns are called."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from producers.arrow import (
    NO_TEXT,
    Column,
    Mask,
    Values,
    numbers_of,
    present_of,
    texts_from,
)
from producers.casts import (
    Cast,
    absent,
    booleans,
    days,
    either,
    floats,
    instants,
    integers,
    texts,
)
from producers.tables import Table

ADJUSTED = ("adj close", "adj_close")
NAMES = ("ticker", "symbol")
# what text is read as where a whole block of it allows
TYPES = {
    **dict.fromkeys(NAMES, pa.dictionary(pa.int32(), pa.string())),
    **dict.fromkeys(("date", "session"), pa.date32()),
    **dict.fromkeys(("ts_event_ms", "revision"), pa.int64()),
    **dict.fromkeys(("close", "price", "open", "high", "low", "size", "volume"), pa.float64()),
    **dict.fromkeys(ADJUSTED, pa.float64()),
}
COLUMNS = (
    *(*NAMES, "date", "session", "ts_event_ms", "timestamp", "close", "price"),
    *("open", "high", "low", "size", "volume", "final", "revision"),
)

Reader: TypeAlias = Callable[[Column], Cast]


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOptions:
    """How to read a price file: what its rows do not say themselves."""

    ticker: str | None = None
    tz: ZoneInfo | None = None
    adjusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column as it was read, for saying what is wrong with a row of it."""

    name: str
    wanted: str
    column: Column
    cast: Cast


@dataclass(frozen=True, slots=True, kw_only=True)
class TickCells:
    """The cells of a table, row by row; `open_flag` marks a single tick as the open."""

    tickers: list[str]
    ticker_index: Values
    no_ticker: Mask
    price: Cast
    open: Cast
    high: Cast
    low: Cast
    open_flag: Cast
    size: Cast
    ts_event_ms: Cast
    session: Cast
    final: Cast
    revision: Cast
    read: list[Cell]

    @property
    def whole_bar(self) -> Mask:
        """Return which rows give more prices than one."""
        return self.open.present | self.high.present | self.low.present

    def price_name(self, row: int) -> str:
        """Return the column that holds the row's price, else one that could have."""
        adjusted = [each for each in self.read if each.name in ADJUSTED]
        columns = adjusted or [each for each in self.read if each.name in {"close", "price"}]
        filled = [each for each in columns if each.cast.present[row]]
        return next((each.name for each in filled or columns), "price")


class CellReader:
    """Reads the columns of one table and remembers how each went."""

    def __init__(self, table: Table, options: TickOptions) -> None:
        self.columns = dict(table.columns)
        self.rows = len(table.lines)
        self.options = options
        self.read: list[Cell] = []

    def cells(self) -> TickCells:
        """Return all cells of the table."""
        flag = self._take_open_flag()
        tickers, index, missing = self._tickers()
        cells = TickCells(
            tickers=tickers,
            ticker_index=index,
            no_ticker=missing,
            price=self._numbers(*(ADJUSTED if self.options.adjusted else ("close", "price"))),
            open=self._numbers("open"),
            high=self._numbers("high"),
            low=self._numbers("low"),
            open_flag=flag,
            size=self._numbers("size", "volume"),
            ts_event_ms=either(
                self._cast(integers, "whole milliseconds", "i8", "ts_event_ms"),
                self._cast(self._instants, self._wanted_time(), "i8", "timestamp"),
            ),
            session=self._cast(days, "a date YYYY-MM-DD", "i8", "session", "date"),
            final=self._cast(booleans, "true or false", "?", "final"),
            revision=self._cast(integers, "a whole number", "i8", "revision"),
            read=self.read,
        )
        return self._adjusted(cells) if self.options.adjusted else cells

    def _tickers(self) -> tuple[list[str], Values, Mask]:
        coded = self._coded_tickers()
        return (
            coded.dictionary.to_pylist(),
            numbers_of(coded.indices.cast(pa.int32()), "i4", 0),
            ~present_of(coded.indices),
        )

    def _coded_tickers(self) -> Column:
        columns = [self.columns[each] for each in NAMES if each in self.columns]
        if len(columns) == 1 and pa.types.is_dictionary(columns[0].type):
            coded = columns[0]
            if not coded.null_count or self.options.ticker is None:
                return coded
        found = pa.nulls(self.rows, pa.string())
        for column in columns:
            found = pc.coalesce(found, texts(column))
        if self.options.ticker is not None:
            found = found.fill_null(texts_from([self.options.ticker])[0])
        return found.dictionary_encode()

    def _take_open_flag(self) -> Cast:
        # `open` is a price in a table of bars and the flag of a Tick in recorded ticks
        column = self.columns.get("open")
        if column is None:
            return absent(self.rows, "?")
        if pa.types.is_boolean(column.type):
            return booleans(self.columns.pop("open"))
        if not pa.types.is_string(column.type):
            return absent(self.rows, "?")
        words = pc.is_in(pc.utf8_lower(column), texts_from(["true", "false"]))
        self.columns["open"] = pc.if_else(words, NO_TEXT, column)
        return booleans(pc.if_else(words, column, NO_TEXT))

    def _numbers(self, *names: str) -> Cast:
        return self._cast(floats, "a number", "f8", *names)

    def _cast(self, reader: Reader, wanted: str, dtype: str, *names: str) -> Cast:
        found = absent(self.rows, dtype)
        for name in names:
            if name in self.columns:
                cast = reader(self.columns[name])
                self.read.append(
                    Cell(name=name, wanted=wanted, column=self.columns[name], cast=cast)
                )
                found = either(found, cast)
        return found

    def _instants(self, column: Column) -> Cast:
        return instants(column, self.options.tz)

    def _wanted_time(self) -> str:
        offset = "an offset, or --tz" if self.options.tz is None else "or without an offset"
        return f"an ISO 8601 time with {offset}"

    def _adjusted(self, cells: TickCells) -> TickCells:
        close = self._numbers("close")
        known = close.good & (close.values != 0)
        # what comes out beyond a float is refused with its row
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.divide(
                cells.price.values, close.values, out=np.full(self.rows, np.nan), where=known
            )
            scaled: dict[str, Any] = {
                name: replace(getattr(cells, name), values=getattr(cells, name).values * factor)
                for name in ("open", "high", "low")
            }
        return replace(cells, **scaled)
