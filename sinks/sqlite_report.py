"""Reads of signals.db for the reports: plain values in columns, no object a row."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sinks.report_csv import STORED_COLUMNS
from sinks.report_entries import ENTRY_COLUMNS
from sinks.report_tracking import TRACKED_COLUMNS
from sinks.rows import AsOf, SignalRow
from sinks.sqlite_changes import read_count
from sinks.sqlite_queries import read_positions, read_signal

Row = tuple[Any, ...]
Connection = sqlite3.Connection

_CHUNK = 2_000
_OF = "WHERE ticker IN (SELECT value FROM json_each(?))"


# A signal's last observation that counts, found as the view `signal_rows` finds it.
_LAST = """
FROM llm_signals AS s
LEFT JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
LEFT JOIN observation_values AS o
  ON o.id = (
    SELECT w.id
    FROM observed AS d CROSS JOIN observation_values AS w ON w.id = (d.day << 47) + p.number
    WHERE d.ticker = p.number >> 27
      AND d.session > s.entry_session
      AND d.session <= coalesce(s.last_session, '9999')
    ORDER BY d.session DESC LIMIT 1
 )
"""
_OF_LAST = {
    "observations": "coalesce(o.k, 0)",
    "max_drawdown": (
        "CASE WHEN s.entry_session IS NULL THEN NULL ELSE coalesce(o.max_drawdown, 0.0) END"
    ),
    "last_seen": "date((o.id >> 47) * 86400, 'unixepoch')",
    "last_close": "o.close",
    "last_signed": "o.signed_return",
}


def read_entries(connection: Connection, tickers: Iterable[str] | None = None) -> Iterator[Row]:
    """Yield the values of ENTRY_COLUMNS of these tickers' signals, or of all, in any order."""
    columns = (_OF_LAST.get(name, f"s.{name}") for name in ENTRY_COLUMNS)
    sql = f"SELECT {', '.join(columns)} {_LAST}"
    if tickers is None:
        return _rows(connection.execute(sql))
    wanted = json.dumps(sorted(set(tickers)))
    of = "WHERE s.ticker IN (SELECT value FROM json_each(?))"
    return _rows(connection.execute(f"{sql} {of}", (wanted,)))


def read_stored(connection: Connection) -> Iterator[Sequence[Row]]:
    """Yield the values of STORED_COLUMNS of all signals by id, many at a time."""
    sql = f"SELECT {', '.join(STORED_COLUMNS)} FROM llm_signals ORDER BY signal_id"  # noqa: S608 our own column names
    return _chunks(connection.execute(sql))


def read_tracked(connection: Connection) -> Iterator[Row]:
    """Yield the values of TRACKED_COLUMNS of all signals by id."""
    sql = f"SELECT {', '.join(TRACKED_COLUMNS)} FROM llm_signals ORDER BY signal_id"  # noqa: S608 our own column names
    return _rows(connection.execute(sql))


class ObservationReader:
    """Reads the observations that count, of one signal after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def closes(self, signal_id: str) -> list[tuple[str, float]]:
        """Return session and close of each observation, in order."""
        return self._connection.execute(
            "SELECT session, close FROM signal_observations WHERE signal_id = ? ORDER BY session",
            (signal_id,),
        ).fetchall()


def read_conflicts(connection: Connection, tickers: Iterable[str] | None = None) -> dict[str, int]:
    """Return how many bars of each ticker have conflicting closes, where some have."""
    sql, by = "SELECT ticker, count(*) FROM bars", "conflicting_close GROUP BY ticker"
    if tickers is None:
        return dict(connection.execute(f"{sql} WHERE {by}"))
    wanted = json.dumps(sorted(set(tickers)))
    return dict(connection.execute(f"{sql} {_OF} AND {by}", (wanted,)))


def read_listed(connection: Connection, signal_ids: Iterable[str]) -> list[SignalRow]:
    """Return the whole rows of these signals, in their order."""
    found = (read_signal(connection, each) for each in signal_ids)
    return [each for each in found if each is not None]


def read_arrival(connection: Connection) -> AsOf:
    """Return what depends on how the rows came; the time is left open."""
    positions = read_positions(connection)
    offsets: dict[str, dict[str, int]] = {}
    for (topic, partition), position in positions.items():
        offsets.setdefault(topic, {})[str(partition)] = position.next_offset
    dead = connection.execute(
        "SELECT error_class, count(*) FROM dead_letters GROUP BY error_class ORDER BY error_class"
    )
    quarantined = connection.execute("SELECT count(*) FROM quarantined").fetchone()
    return AsOf(
        as_of_ms=None,
        run_id=next((each.run_id for each in positions.values()), None),
        offsets=offsets,
        topic_ids={topic: each.topic_id for (topic, _), each in positions.items()},
        bars=read_count(connection, "bars"),
        observations=read_count(connection, "observations"),
        validation_events=read_count(connection, "validation_events"),
        quarantined=quarantined[0],
        dead_letters=dict(dead),
    )


def _rows(cursor: sqlite3.Cursor) -> Iterator[Row]:
    for chunk in _chunks(cursor):
        yield from chunk


def _chunks(cursor: sqlite3.Cursor) -> Iterator[Sequence[Row]]:
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk
