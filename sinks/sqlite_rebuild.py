"""A signals.db made anew beside the old one, and put in its place in one step.

Delivery guarantee: the old file stays as it is until the new one is whole and on the disk; a
crash at any point leaves one of the two. What the old file alone holds is carried over or
counted, and never left out unsaid.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sinks import sqlite_rows as rows
from sinks.errors import DatabaseVersionError, SinkBusyError, UnreadableError
from sinks.sink import Batch, Fields, Position, TopicPartition
from sinks.sqlite import SqliteSink, connect, take_lock
from sinks.sqlite_queries import read_positions
from sinks.sqlite_schema import MIGRATIONS, migrate
from sinks.sqlite_trouble import refuse_other

_AT_ONCE = 1_000
_BUSY_S = 3.0
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# The last row's holder is greater than that of the old file: two tickers claimed the id.
_LESSER = "(o.generated_at_ms, o.payload_hash) < (n.generated_at_ms, n.payload_hash)"
# By table: the key that names a row, in the two files.
_PROJECTED = {
    "llm_signals": ("signal_id",),
    "bars": ("ticker", "session"),
    "decisions": ("signal_id", "decision_id"),
    "quarantined": ("signal_id", "payload_hash"),
    "policies": ("policy_hash",),
}

_COUNTED = {
    "signals": "llm_signals",
    "bars": "bars",
    "observations": "observation_values",
    "events": "validation_events",
    "dead_letters": "dead_letters",
}

Carried = Callable[[str, Fields], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the old file alone held: rows carried over by table, and rows that are left out.

    `examples` are the keys of some of the latter.
    """

    carried: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[Any, ...]] = field(default_factory=dict)


class Workshop:
    """The old file, held for this process alone, and the place of the new one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.new = path.with_name(f".{path.name}.new")
        self.positions: dict[TopicPartition, Position] = {}

    def take_old(self) -> bool:
        """Make the old file ready to be read and replaced; say whether there is one.

        Raise UnreadableError where it is broken, SinkBusyError where it is open elsewhere.
        """
        if not self.path.exists():
            return False
        with _readable(self.path):
            connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
            try:
                # another program's stays as it is, whatever is asked for
                refuse_other(self.path, connection, len(MIGRATIONS))
                migrate(connection)
                self.positions = dict(read_positions(connection))
                # Without a write-ahead log beside it a file can be replaced while readers come
                # and go.
                connection.execute("PRAGMA journal_mode = DELETE")
            finally:
                connection.close()
        return True

    def keep(self, sink: SqliteSink, is_forgotten: Carried) -> Kept:
        """Carry over what topics have forgotten; count what else the old file alone holds.

        `is_forgotten` says of a row of a table whether its topic no longer holds its time.
        """
        kept = Kept()
        with _readable(self.path), _both(self.new, self.path) as both:
            for table, key in _PROJECTED.items():
                _count_dropped(both, table, key, kept)
            for table, batch_of in (("dead_letters", _letters), ("validation_events", _events)):
                for some in _missing(both, table):
                    going: list[Fields] = []
                    for each in some:
                        if is_forgotten(table, each):
                            going.append(each)
                        else:
                            _drop(kept, table, tuple(each[name] for name in rows.KEYS[table]))
                    if going:
                        sink.write(batch_of(going))
                        kept.carried[table] += len(going)
        return kept

    def swap(self, aside: Path | None = None) -> None:
        """Put the new file in the place of the old one, which stays readable at `aside`."""
        _finish(self.new)
        if self.path.exists():
            self.new.chmod(self.path.stat().st_mode & 0o777)
            if aside is not None:
                os.link(self.path, aside)
        for end in ("-wal", "-shm"):
            # Only a broken file has them still; they would be taken for the new one's.
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        self.new.replace(self.path)
        _sync(self.path.parent)

    def clear(self) -> None:
        """Remove what an unfinished rebuild left behind."""
        for end in ("", "-wal", "-shm", "-journal"):
            self.new.with_name(self.new.name + end).unlink(missing_ok=True)
        self.new.with_name(f".{self.new.name}.lock").unlink(missing_ok=True)


@contextmanager
def workshop(path: Path) -> Iterator[Workshop]:
    """Hold a database as its sink does; raise SinkBusyError while that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = take_lock(path)
    try:
        # The file itself, where the path is a link to it.
        shop = Workshop(path.resolve())
        shop.clear()
        try:
            yield shop
        finally:
            shop.clear()
    finally:
        lock.close()


def counts(path: Path) -> Mapping[str, int]:
    """Return the number of rows of the tables that people ask for."""
    connection = sqlite3.connect(path)
    try:
        return {
            name: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 our own names
            for name, table in _COUNTED.items()
        }
    finally:
        connection.close()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseVersionError as error:
        raise UnreadableError(str(error)) from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
            msg = (
                f"{path} is open in another process: end what reads it (`sink reports`, a "
                "dashboard) and try again"
            )
            raise SinkBusyError(msg) from error
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
            raise
        msg = f"{path} cannot be read: {error}"
        raise UnreadableError(msg) from error


@contextmanager
def _both(new: Path, old: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{new.resolve().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("ATTACH ? AS old", (f"{old.resolve().as_uri()}?mode=ro",))
        yield connection
    finally:
        connection.close()


def _count_dropped(both: sqlite3.Connection, table: str, key: tuple[str, ...], kept: Kept) -> None:
    same = " AND ".join(f"n.{each} = o.{each}" for each in key)
    there = f"SELECT 1 FROM main.{table} AS n WHERE {same}"  # noqa: S608 our own names
    if table == "llm_signals":
        there += f" AND NOT {_LESSER}"
    columns = ", ".join(f"o.{each}" for each in key)
    sql = f"SELECT {columns} FROM old.{table} AS o WHERE NOT EXISTS ({there})"  # noqa: S608 our own names
    for row in both.execute(sql):
        _drop(kept, table, row)


def _drop(kept: Kept, table: str, key: tuple[Any, ...]) -> None:
    kept.dropped[table] += 1
    kept.examples.setdefault(table, key)


def _missing(both: sqlite3.Connection, table: str) -> Iterator[list[Fields]]:
    same = " AND ".join(f'n."{each}" = o."{each}"' for each in rows.KEYS[table])
    cursor = both.execute(
        f"SELECT o.* FROM old.{table} AS o WHERE NOT EXISTS "  # noqa: S608 our own names
        f"(SELECT 1 FROM main.{table} AS n WHERE {same}) ORDER BY o.rowid"
    )
    names = [each[0] for each in cursor.description]
    while some := cursor.fetchmany(_AT_ONCE):
        yield [dict(zip(names, row, strict=True)) for row in some]


def _letters(found: list[Fields]) -> Batch:
    letters = [{**each, "index": None if each["index_"] < 0 else each["index_"]} for each in found]
    return Batch(dead_letters=letters)


def _events(found: list[Fields]) -> Batch:
    return Batch(events=found)


def _finish(path: Path) -> None:
    # The last connection to close takes the write-ahead log away.
    connection = connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
