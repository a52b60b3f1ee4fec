"""What a transaction keeps about its rows: which tickers it touched, and how many rows there are.

The first is a strictly increasing number a ticker, in the step of its rows.

A reader that holds the greatest number of its last look asks what came after it
and reads only the rows of those tickers. What belongs to no ticker has a mark
of its own; no ticker holds a '|'.
"""

import sqlite3
from collections.abc import Iterable, Mapping

POLICIES = "|policies"
DEAD_LETTERS = "|dead-letters"
PAPER = "|paper"

_NUMBER = (
    "INSERT INTO ticker_changes (ticker, change) VALUES (?1, ?2) "
    "ON CONFLICT (ticker) DO UPDATE SET change = excluded.change"
)

_ADD = "UPDATE row_counts SET count = count + ? WHERE table_name = ?"


def write_changes(connection: sqlite3.Connection, tickers: Iterable[str]) -> None:
    """Give these tickers and marks the next number; the transaction is the caller's."""
    touched = sorted(set(tickers))
    if touched:
        number = _greatest(connection) + 1
        connection.executemany(_NUMBER, ((ticker, number) for ticker in touched))


def read_changes(connection: sqlite3.Connection, after: int) -> tuple[int, list[str]]:
    """Return the greatest number, and the tickers and marks of a greater one than `after`."""
    found = connection.execute(
        "SELECT ticker FROM ticker_changes WHERE change > ? ORDER BY ticker", (after,)
    )
    return _greatest(connection), [ticker for (ticker,) in found]


def add_counts(connection: sqlite3.Connection, added: Mapping[str, int]) -> None:
    """Add to the number of rows of these tables; the transaction is the caller's."""
    connection.executemany(_ADD, [(count, table) for table, count in added.items() if count])


def read_count(connection: sqlite3.Connection, table: str) -> int:
    """Return the number of rows of observations, bars or validation_events, without a scan."""
    found = connection.execute("SELECT count FROM row_counts WHERE table_name = ?", (table,))
    return int(found.fetchone()[0])


def _greatest(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT coalesce(max(change), 0) FROM ticker_changes").fetchone()
    return int(found[0])
