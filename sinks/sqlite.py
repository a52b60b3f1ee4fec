"""SqliteSink: batches into signals.db, rows and offsets in one transaction.

Delivery guarantee: exactly-once effect. Every row is an upsert by its natural
key, and the offsets after a batch stand in the same transaction as its rows;
nothing is acknowledged anywhere else.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sinks import sqlite_changes as changes
from sinks import sqlite_rows as rows
from sinks.errors import SinkBusyError, UnwritableError
from sinks.sink import Batch, Fields, Position, TopicPartition, Written
from sinks.sqlite_observations import ObservationTable
from sinks.sqlite_paper import keep_account, read_basis, write_account
from sinks.sqlite_schema import MIGRATIONS, migrate
from sinks.sqlite_signals import SignalTable
from sinks.sqlite_trouble import explained, refuse_other

BUSY_TIMEOUT_S = 30.0
# The indices of a million signals; and 32 MB, so that not every batch waits for the disk.
_CACHE_KB = 64 * 1024
_CHECKPOINT_PAGES = 8_000

_UPSERT_BAR = rows.upsert_sql("bars", rows.BAR_COLUMNS)
_INSERT_BAR = rows.insert_sql("bars", rows.BAR_COLUMNS)
_UPSERT_POLICY = rows.upsert_sql("policies", rows.POLICY_COLUMNS)
_UPSERT_DEAD_LETTER = rows.upsert_sql("dead_letters", rows.DEAD_LETTER_COLUMNS)
_UPSERT_OFFSET = rows.upsert_sql("sink_offsets", rows.OFFSET_COLUMNS)
_INSERT_EVENT = rows.insert_sql("validation_events", rows.EVENT_COLUMNS)
_UPSERT_EVENT = rows.event_sql()


class SqliteSink:
    """The one writer of a signals.db."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._observations: ObservationTable
        self._signals: SignalTable
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Take the database for this process alone and bring it to the current schema."""
        self._lock = take_lock(self.path)
        try:
            with explained(self.path):
                self._connection = connect(self.path)
                migrate(self._connection)
                self._observations = ObservationTable(self._connection)
                self._signals = SignalTable(self._connection, self._observations)
                # An account of an earlier version of its rules may stand beside the rows.
                with atomic(self._connection):
                    write_account(self._connection)
                    changes.write_changes(self._connection, [changes.PAPER])
        except BaseException:
            self.close()
            raise

    def positions(self) -> dict[TopicPartition, Position]:
        """Return where the stored rows end in each partition."""
        found = self._db.execute(
            'SELECT topic, "partition", next_offset, topic_id, run_id, epoch FROM sink_offsets'
        )
        return {
            (topic, partition): Position(
                next_offset=offset, topic_id=topic_id, run_id=run_id, epoch=epoch
            )
            for topic, partition, offset, topic_id, run_id, epoch in found
        }

    def write(self, batch: Batch) -> Written:
        """Store rows, the paper account of them and positions in one transaction."""
        db = self._db
        try:
            with explained(self.path), atomic(db):
                new_events = self._write(db, batch)
        except BaseException:
            self._observations.forget()
            raise
        return Written(
            bars=len(batch.bars),
            observations=sum(map(len, batch.observations)),
            states=len(batch.states),
            policies=len(batch.policies),
            dead_letters=len(batch.dead_letters),
            new_events=new_events,
            displaced=len(batch.displaced),
        )

    def close(self) -> None:
        """Close the database and let another process write it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            msg = "expected an open sink, was closed"
            raise RuntimeError(msg)
        return self._connection

    def _write(self, db: sqlite3.Connection, batch: Batch) -> list[Fields]:
        basis = read_basis(db)
        stored = self._signals.write(batch.states)
        observations = self._observations.write(batch.observations)
        bars = _write_bars(db, batch.bars)
        new_events = self._write_events(batch.events)
        db.executemany(_UPSERT_POLICY, map(rows.policy_row, batch.policies))
        db.executemany(_UPSERT_DEAD_LETTER, map(rows.dead_letter_row, batch.dead_letters))
        touched = _touched(batch) | stored.tickers
        if keep_account(db, basis, batch):
            touched.add(changes.PAPER)
        changes.write_changes(db, touched)
        counts = {
            "observations": observations - stored.observations_gone,
            "bars": bars,
            "validation_events": len(new_events),
        }
        changes.add_counts(db, counts)
        db.executemany(_UPSERT_OFFSET, _offset_rows(batch))
        return new_events

    def _write_events(self, events: list[Fields]) -> list[Fields]:
        if not events:
            return []
        db = self._db
        first = {each["event_id"]: each for each in reversed(events)}
        last = db.execute("SELECT max(rowid) FROM validation_events").fetchone()[0] or 0
        told = list(map(rows.event_row, events))
        new = db.executemany(_INSERT_EVENT, told).rowcount
        if new == len(events):
            return events
        db.executemany(_UPSERT_EVENT, told)
        added = db.execute("SELECT event_id FROM validation_events WHERE rowid > ?", (last,))
        return [first[event_id] for (event_id,) in added]


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection for writing, in WAL mode; raise where the file is not ours."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        refuse_other(path, connection, len(MIGRATIONS))
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL: a power cut may take back whole transactions, rows and offsets alike; the
        # topics are then read again from the older offsets. FULL would pay an fsync a batch.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def atomic(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one transaction: all of it is stored, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def take_lock(path: Path) -> IO[str]:
    """Take a database for this process alone; raise SinkBusyError where another has it."""
    # The kernel lets go of it however the process ends, so kill -9 leaves nothing to clean up.
    # It is one for all containers on a machine, and for all users who may write the file.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("a")
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror} ({error.filename})"
        raise UnwritableError(msg) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        msg = f"{path} is being written by another SQLite sink; one database takes one"
        raise SinkBusyError(msg) from None
    return lock


def _write_bars(db: sqlite3.Connection, bars: list[Fields]) -> int:
    # Returns how many are new; one that is not is written over.
    if not bars:
        return 0
    new = db.executemany(_INSERT_BAR, map(rows.bar_row, bars)).rowcount
    if new < len(bars):
        db.executemany(_UPSERT_BAR, map(rows.bar_row, bars))
    return new


def _touched(batch: Batch) -> set[str]:
    touched = {each["ticker"] for part in (batch.states, batch.bars, batch.events) for each in part}
    touched |= {each.ticker for each in batch.observations}
    if batch.policies:
        touched.add(changes.POLICIES)
    if batch.dead_letters:
        touched.add(changes.DEAD_LETTERS)
    return touched


def _offset_rows(batch: Batch) -> Iterator[rows.Row]:
    for (topic, partition), at in batch.positions.items():
        yield topic, partition, at.next_offset, at.topic_id, at.run_id, at.epoch
