"""What a failure of SQLite means to who runs it: one line that says what to do.

Nothing is repaired and nothing written over here: a damaged file stays as it is
until `rebuild` has a whole one to put in its place.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sinks.errors import DatabaseTroubleError, DatabaseVersionError

_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL: Final = (sqlite3.SQLITE_FULL,)
_CLOSED: Final = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_AUTH,
)
_FAILED: Final = (sqlite3.SQLITE_IOERR,)
# Less free than this, and what the disk refused was room: SQLite calls some of that a failure.
_ROOM: Final = 128 * 1024


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise DatabaseTroubleError, with the remedy, where SQLite fails at a database's file."""
    try:
        yield
    except sqlite3.Error as error:
        told = remedy(path, error)
        if told is None:
            raise
        raise DatabaseTroubleError(told) from error


def remedy(path: Path, error: sqlite3.Error) -> str | None:
    """Return the line for an error of the file's; None where the statement was at fault."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _FAILED and _free(path) < _ROOM:
        code = sqlite3.SQLITE_FULL
    if code in _FULL:
        return (
            f"no room is left on the disk of {path}: make room and start again; the last batch "
            "was not stored, and all before it stays"
        )
    if code in _BUSY:
        return (
            f"{path} is locked by another process for too long ({error}): end what writes to it "
            "and start again"
        )
    if code in _DAMAGED:
        return (
            f"{path} is damaged, or no database at all ({error}): `signal-tracker rebuild` makes "
            "it anew from the topics; nothing was written over"
        )
    if code in _CLOSED:
        return (
            f"{path} cannot be opened or written ({error}): this user needs to write the file and "
            "its folder, where SQLite keeps the files -wal and -shm beside it"
        )
    if code in _FAILED:
        return f"the disk of {path} fails ({error}): nothing of the last batch was stored"
    return None


def refuse_other(path: Path, connection: sqlite3.Connection, known: int) -> None:
    """Raise where the file is another program's, or a later version's: before anything is written.

    `known` is the newest version of this program.
    """
    held = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if tables and (held == 0 or not tables & {"llm_signals", "sink_offsets"}):
        msg = (
            f"expected signals.db or no file, was another program's database: {path}; it stays as "
            "it is: name another --data (SIGNAL_TRACKER_DATA)"
        )
        raise DatabaseTroubleError(msg)
    if held > known:
        msg = (
            f"expected a database of version {known} at most, was {held}: {path} was written by a "
            "later signal-tracker; run that one, or name another --data (SIGNAL_TRACKER_DATA)"
        )
        raise DatabaseVersionError(msg)


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _ROOM
