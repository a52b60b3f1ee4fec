"""The bars of signals.db by ticker, as columns; reads only."""

import json
import sqlite3
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from sinks.bar_columns import BarColumns

_COLUMNS = (
    "session", "session_index", "close_ms", "open", "high", "low", "close", "split_ratio",
    "dividend",
)  # fmt: skip
_SELECT = f"SELECT ticker, calendar, {', '.join(_COLUMNS)} FROM bars"  # noqa: S608 our own column names
_OF = "WHERE ticker IN (SELECT value FROM json_each(?))"
_ORDER = "ORDER BY ticker, session"


def read_bar_columns(
    connection: sqlite3.Connection, tickers: Iterable[str] | None = None
) -> dict[str, BarColumns]:
    """Return the bars of these tickers, or of all; a ticker without bars is not there."""
    if tickers is None:
        found = connection.execute(f"{_SELECT} {_ORDER}")
    else:
        found = connection.execute(f"{_SELECT} {_OF} {_ORDER}", (json.dumps(sorted(set(tickers))),))
    return {ticker: _columns(rows) for ticker, rows in groupby(found, key=itemgetter(0))}


def _columns(rows: Iterable[tuple[Any, ...]]) -> BarColumns:
    _, calendars, *columns = zip(*rows, strict=True)
    return BarColumns(calendar=calendars[-1], **dict(zip(_COLUMNS, columns, strict=True)))
