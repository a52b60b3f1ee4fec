"""Reads of signals.db: never writes, each answer from one consistent look."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from sinks.errors import DatabaseVersionError, NoDatabaseError, OlderDatabaseError
from sinks.rows import AsOf, ObservationRow, Rows, SignalRow
from sinks.sink import Position, TopicPartition
from sinks.sqlite_bars import read_bar_columns
from sinks.sqlite_changes import read_changes, read_count
from sinks.sqlite_policies import current_policy, read_policies
from sinks.sqlite_schema import MIGRATIONS, version
from sinks.sqlite_trouble import explained

__all__ = (
    "ChangeWatch", "committed", "connect_read_only", "current_policy", "read_as_of",
    "read_bar_columns", "read_changes", "read_decisions", "read_events", "read_observations",
    "read_observations_by_signal", "read_paper", "read_policies", "read_positions",
    "read_related", "read_rows", "read_signal", "read_signals", "reading",
)  # fmt: skip

_JSON_COLUMNS = frozenset({"screen", "verdict", "suspect_sessions", "indicators"})
_BOOL_COLUMNS = frozenset({"suspect_price", "backdated"})
_SIGNAL_COLUMNS = tuple(each.name for each in fields(SignalRow))
_OBSERVATION_COLUMNS = tuple(each.name for each in fields(ObservationRow))

_SIGNALS = f"SELECT {', '.join(_SIGNAL_COLUMNS)} FROM signal_rows"  # noqa: S608 our own column names
_OBSERVATIONS = (
    f"SELECT {', '.join('o.' + each for each in _OBSERVATION_COLUMNS[:-1])}, b.close_ms "  # noqa: S608 our own column names
    "FROM signal_observations AS o "
    "JOIN llm_signals AS s ON s.signal_id = o.signal_id "
    "LEFT JOIN bars AS b ON b.ticker = s.ticker AND b.session = o.session"
)
_AS_OF = "SELECT coalesce((SELECT max(close_ms) FROM bars), max(generated_at_ms)) FROM llm_signals"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database for one consistent look; raise NoDatabaseError without one."""
    with explained(path):
        connection = connect_read_only(path)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write; raise where there is nothing to read."""
    if not path.exists():
        msg = f"there is no {path}: run `signal-tracker sink sqlite` first, or name another --data"
        raise NoDatabaseError(msg)
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30.0, isolation_level=None
    )
    # Not mode=ro: the last reader to close could not take the write-ahead log's files away.
    try:
        connection.execute("PRAGMA query_only = ON")
        held, known = version(connection), len(MIGRATIONS)
    except BaseException:
        connection.close()
        raise
    if held != known:
        connection.close()
        msg = f"expected {path} of version {known}, was {held}"
        if held == 0:
            raise NoDatabaseError(f"{msg}: the SQLite sink has not begun to fill it")  # noqa: EM102 two ends of one message
        if held < known:
            msg += ": `signal-tracker sink sqlite` brings it to that version when it starts"
            raise OlderDatabaseError(msg)
        raise DatabaseVersionError(msg)
    return connection


def read_rows(connection: sqlite3.Connection) -> Rows:
    """Return what the reports are made of, but for the observations."""
    conflicts = connection.execute("SELECT count(*) FROM bars WHERE conflicting_close").fetchone()
    return Rows(
        signals=read_signals(connection),
        bars=read_bar_columns(connection),
        conflicting_closes=conflicts[0],
        as_of=read_as_of(connection),
        policy=current_policy(connection),
        paper=read_paper(connection),
    )


def read_signals(
    connection: sqlite3.Connection, tickers: Iterable[str] | None = None
) -> list[SignalRow]:
    """Return the signals of these tickers, or of all, by their id."""
    found = _of_tickers(connection, _SIGNALS, "ticker", "signal_id", tickers)
    return [_signal(row) for row in found]


def read_signal(connection: sqlite3.Connection, signal_id: str) -> SignalRow | None:
    """Return one signal, or None."""
    row = connection.execute(f"{_SIGNALS} WHERE signal_id = ?", (signal_id,)).fetchone()
    return None if row is None else _signal(row)


def read_observations(connection: sqlite3.Connection, signal_id: str) -> list[ObservationRow]:
    """Return the observations of one signal in session order."""
    found = connection.execute(
        f"{_OBSERVATIONS} WHERE o.signal_id = ? ORDER BY o.session", (signal_id,)
    )
    return [_observation(row) for row in found]


def read_related(
    connection: sqlite3.Connection, table: str, signal_id: str
) -> list[dict[str, Any]]:
    """Return the rows of transitions, decisions or quarantined that belong to a signal."""
    order = {
        "transitions": "position",
        "decisions": "decided_at_ms, decision_id",
        "quarantined": "generated_at_ms, payload_hash",
    }[table]
    sql = f"SELECT * FROM {table} WHERE signal_id = ? ORDER BY {order}"  # noqa: S608 names of the table above
    return list(_dicts(connection, sql, signal_id))


def read_decisions(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the decisions of every signal that has some, in the order of their time."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    sql = "SELECT * FROM decisions ORDER BY signal_id, decided_at_ms, decision_id"
    for each in _dicts(connection, sql):
        found[each["signal_id"]].append(each)
    return dict(found)


def read_events(connection: sqlite3.Connection, signal_id: str) -> list[dict[str, Any]]:
    """Return what was told of a signal, by event time and then as it was told."""
    # By ticker is how they lie, and every ticker is in ticker_changes.
    sql = (
        "SELECT * FROM validation_events WHERE ticker IN (SELECT ticker FROM ticker_changes) "
        "AND signal_id = ? ORDER BY as_of_ms, revision, rowid"
    )
    return [
        {**each, "checks": json.loads(each["checks"])}
        for each in _dicts(connection, sql, signal_id)
    ]


def read_paper(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the paper account: positions and trades by signal id, equity by time."""
    return {
        part: list(_dicts(connection, f"SELECT * FROM paper_{part} ORDER BY {key}"))  # noqa: S608 our own names
        for part, key in (
            ("positions", "signal_id"),
            ("trades", "signal_id"),
            ("equity", "close_ms"),
        )
    }


def read_observations_by_signal(
    connection: sqlite3.Connection, tickers: Iterable[str] | None = None
) -> dict[str, list[ObservationRow]]:
    """Return the observations of every signal, of these tickers or of all, in session order."""
    found: defaultdict[str, list[ObservationRow]] = defaultdict(list)
    order = "s.signal_id, o.session"
    for row in _of_tickers(connection, _OBSERVATIONS, "s.ticker", order, tickers):
        found[row[0]].append(_observation(row))
    return found


def read_positions(connection: sqlite3.Connection) -> dict[TopicPartition, Position]:
    """Return how far the sink has committed each partition."""
    found = connection.execute(
        'SELECT topic, "partition", next_offset, topic_id, run_id, epoch FROM sink_offsets '
        'ORDER BY topic, "partition"'
    )
    return {
        (topic, partition): Position(
            next_offset=offset, topic_id=topic_id, run_id=run_id, epoch=epoch
        )
        for topic, partition, offset, topic_id, run_id, epoch in found
    }


def read_as_of(connection: sqlite3.Connection) -> AsOf:
    """Return the as-of time, the offsets and the counters of records."""
    positions = read_positions(connection)
    offsets: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (topic, partition), position in positions.items():
        offsets[topic][str(partition)] = position.next_offset
    dead = connection.execute(
        "SELECT error_class, count(*) FROM dead_letters GROUP BY error_class ORDER BY error_class"
    )
    return AsOf(
        as_of_ms=connection.execute(_AS_OF).fetchone()[0],
        run_id=next((each.run_id for each in positions.values()), None),
        offsets=dict(offsets),
        topic_ids={topic: each.topic_id for (topic, _), each in positions.items()},
        bars=read_count(connection, "bars"),
        observations=read_count(connection, "observations"),
        validation_events=read_count(connection, "validation_events"),
        quarantined=_count(connection, "quarantined"),
        dead_letters=dict(dead),
    )


class ChangeWatch:
    """Notices commits by the data version of one connection, a replaced file by its inode."""

    def __init__(self, db_path: Path) -> None:
        self._path = db_path
        self._inode: int | None = None
        self._connection: sqlite3.Connection | None = None
        self.waits_for = ""

    def look(self) -> tuple[int, int] | None:
        """Return what changes with the content; None without a database.

        The same where it is of an earlier version; `waits_for` says so.
        """
        self.waits_for = ""
        with explained(self._path):
            try:
                inode = self._path.stat().st_ino
                if inode != self._inode or self._connection is None:
                    self.close()
                    self._connection = connect_read_only(self._path)
                    self._inode = inode
            except (FileNotFoundError, NoDatabaseError):
                self.close()
                return None
            except OlderDatabaseError as error:
                self.close()
                self.waits_for = str(error)
                return None
            return inode, int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def committed(path: Path) -> dict[TopicPartition, int]:
    """Return the offsets that the SQLite sink has committed; empty before it has begun."""
    try:
        with reading(path) as connection:
            return {tp: each.next_offset for tp, each in read_positions(connection).items()}
    except NoDatabaseError:
        return {}


def _of_tickers(
    connection: sqlite3.Connection,
    select: str,
    column: str,
    order: str,
    tickers: Iterable[str] | None,
) -> sqlite3.Cursor:
    if tickers is None:
        return connection.execute(f"{select} ORDER BY {order}")
    wanted = json.dumps(sorted(set(tickers)))
    of = f"WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 our own column names
    return connection.execute(f"{select} {of} ORDER BY {order}", (wanted,))


def _dicts(connection: sqlite3.Connection, sql: str, *values: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql, values)
    names = [each[0] for each in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _count(connection: sqlite3.Connection, table: str) -> int:
    found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 names of our own tables
    return found


def _signal(row: tuple[Any, ...]) -> SignalRow:
    values = dict(zip(_SIGNAL_COLUMNS, row, strict=True))
    for name in _JSON_COLUMNS:
        if values[name] is not None:
            values[name] = json.loads(values[name])
    for name in _BOOL_COLUMNS:
        if values[name] is not None:
            values[name] = bool(values[name])
    return SignalRow(**values)


def _observation(row: tuple[Any, ...]) -> ObservationRow:
    return ObservationRow(**dict(zip(_OBSERVATION_COLUMNS, row, strict=True)))
