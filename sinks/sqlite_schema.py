"""The version of a signals.db, and how an older file becomes a current one."""

import sqlite3
from collections.abc import Sequence

from sinks.errors import DatabaseVersionError
from sinks.sqlite_tables import VERSION_1, VERSION_2
from sinks.sqlite_tables_3 import VERSION_3
from sinks.sqlite_tables_4 import VERSION_4
from sinks.sqlite_tables_5 import VERSION_5
from sinks.sqlite_tables_6 import VERSION_6

MIGRATIONS: tuple[str, ...] = (VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6)


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> int:
    """Bring the database to the newest version in one transaction; return the steps taken.

    So a reader meets a new file empty or whole, and never on its way.
    """
    held = version(connection)
    if held > len(migrations):
        msg = (
            f"expected a database of version {len(migrations)} at most, was {held}: "
            "it was written by a later signal-tracker"
        )
        raise DatabaseVersionError(msg)
    if held == len(migrations):
        return 0
    steps = "; ".join(migrations[held:])
    # executescript commits what is open, so the transaction stands inside the script
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps}; PRAGMA user_version = {len(migrations)}; COMMIT"
        )
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(migrations) - held


def version(connection: sqlite3.Connection) -> int:
    """Return the schema version that the file says it has."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
