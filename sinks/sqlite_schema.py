"""The SQL tables and views of signals.db, and how an older file becomes a current one.

Every table is a projection of the topics. What a reader counts stands in the
views: `signal_observations` keeps the observations of the payload and the
window that hold, `signal_rows` adds what the last of them says.
"""

import sqlite3
from collections.abc import Sequence

from sinks.errors import DatabaseVersionError

# STRICT: a value of another type stops the sink instead of being stored as it is.
_TABLES = """
CREATE TABLE llm_signals (
    signal_id             TEXT NOT NULL PRIMARY KEY,
    ticker                TEXT NOT NULL,
    signal_date           TEXT NOT NULL,
    action                TEXT NOT NULL,
    validation_status     TEXT NOT NULL,
    created_at            TEXT NOT NULL,
    confidence            REAL NOT NULL,
    model_name            TEXT NOT NULL,
    source_kind           TEXT NOT NULL,
    data_kind             TEXT NOT NULL,
    entry_price           REAL,
    latency_seconds       REAL,
    status                TEXT NOT NULL,
    payload_hash          TEXT NOT NULL,
    generated_at_ms       INTEGER NOT NULL,
    source                TEXT NOT NULL,
    model_version         TEXT NOT NULL,
    horizon_sessions      INTEGER NOT NULL,
    window_sessions       INTEGER NOT NULL,
    calendar              TEXT NOT NULL,
    periods_per_year      INTEGER NOT NULL,
    entry_session         TEXT,
    entry_index           INTEGER,
    last_session          TEXT,
    horizon_session       TEXT,
    net_return            REAL,
    raw_return            REAL,
    hit                   TEXT,
    annual_return         REAL,
    mae                   REAL,
    mfe                   REAL,
    screen                TEXT NOT NULL,
    verdict               TEXT,
    policy                TEXT NOT NULL,
    policy_hash           TEXT NOT NULL,
    suspect_price         INTEGER NOT NULL,
    suspect_sessions      TEXT NOT NULL,
    backdated             INTEGER,
    stale_after_ms        INTEGER NOT NULL,
    reasoning             TEXT,
    risk_level            TEXT,
    published_entry_price REAL,
    target_price          REAL,
    stop_loss             REAL,
    position_size         REAL,
    expected_return       REAL,
    indicators            TEXT,
    epoch                 INTEGER NOT NULL
) STRICT;

CREATE TABLE observations (
    signal_id     TEXT NOT NULL,
    payload_hash  TEXT NOT NULL,
    session       TEXT NOT NULL,
    k             INTEGER NOT NULL,
    close         REAL NOT NULL,
    raw_return    REAL NOT NULL,
    signed_return REAL NOT NULL,
    max_drawdown  REAL NOT NULL,
    mae           REAL NOT NULL,
    mfe           REAL NOT NULL,
    epoch         INTEGER NOT NULL,
    PRIMARY KEY (signal_id, payload_hash, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE bars (
    ticker            TEXT NOT NULL,
    session           TEXT NOT NULL,
    calendar          TEXT NOT NULL,
    session_index     INTEGER NOT NULL,
    close_ms          INTEGER NOT NULL,
    open              REAL NOT NULL,
    high              REAL NOT NULL,
    low               REAL NOT NULL,
    close             REAL NOT NULL,
    final             INTEGER NOT NULL,
    revision          INTEGER NOT NULL,
    conflicting_close INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    PRIMARY KEY (ticker, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE transitions (
    signal_id   TEXT NOT NULL,
    position    INTEGER NOT NULL,
    from_status TEXT,
    to_status   TEXT NOT NULL,
    as_of_ms    INTEGER NOT NULL,
    session     TEXT,
    reason      TEXT NOT NULL,
    decision_id TEXT,
    event_id    TEXT NOT NULL,
    PRIMARY KEY (signal_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    signal_id     TEXT NOT NULL,
    decision_id   TEXT NOT NULL,
    kind          TEXT NOT NULL,
    session       TEXT,
    decided_at_ms INTEGER NOT NULL,
    decided_by    TEXT NOT NULL,
    reason        TEXT NOT NULL,
    applied       INTEGER NOT NULL,
    refusal       TEXT,
    PRIMARY KEY (signal_id, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantined (
    signal_id       TEXT NOT NULL,
    payload_hash    TEXT NOT NULL,
    generated_at_ms INTEGER NOT NULL,
    ticker          TEXT NOT NULL,
    PRIMARY KEY (signal_id, payload_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE validation_events (
    event_id    TEXT NOT NULL PRIMARY KEY,
    signal_id   TEXT NOT NULL,
    ticker      TEXT NOT NULL,
    from_status TEXT,
    to_status   TEXT NOT NULL,
    reason      TEXT NOT NULL,
    checks      TEXT NOT NULL,
    policy      TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    session     TEXT,
    as_of_ms    INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    epoch       INTEGER NOT NULL
) STRICT;

-- index_ is -1 where the whole record was refused, not one element of it
CREATE TABLE dead_letters (
    topic         TEXT NOT NULL,
    "partition"   INTEGER NOT NULL,
    "offset"      INTEGER NOT NULL,
    index_        INTEGER NOT NULL,
    error_class   TEXT NOT NULL,
    message       TEXT NOT NULL,
    timestamp_ms  INTEGER NOT NULL,
    key           BLOB,
    value         BLOB NOT NULL,
    original_size INTEGER NOT NULL,
    PRIMARY KEY (topic, "partition", "offset", index_)
) STRICT;

CREATE TABLE sink_offsets (
    topic       TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    topic_id    TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    PRIMARY KEY (topic, "partition")
) STRICT, WITHOUT ROWID;
"""

# The last session is the greatest k: k grows with the session, and the key is in session order.
_VIEWS = """
CREATE VIEW signal_observations AS
SELECT o.*
FROM llm_signals AS s
JOIN observations AS o
  ON o.signal_id = s.signal_id
 AND o.payload_hash = s.payload_hash
 AND o.session > s.entry_session
 AND o.session <= coalesce(s.last_session, '9999');

CREATE VIEW signal_rows AS
SELECT
    s.*,
    coalesce(o.k, 0) AS observations,
    CASE WHEN s.entry_session IS NULL THEN NULL ELSE coalesce(o.max_drawdown, 0.0) END
        AS max_drawdown
FROM llm_signals AS s
LEFT JOIN observations AS o
  ON o.signal_id = s.signal_id
 AND o.payload_hash = s.payload_hash
 AND o.session = (
    SELECT max(l.session) FROM observations AS l
    WHERE l.signal_id = s.signal_id
      AND l.payload_hash = s.payload_hash
      AND l.session > s.entry_session
      AND l.session <= coalesce(s.last_session, '9999')
 );
"""

MIGRATIONS: tuple[str, ...] = (_TABLES + _VIEWS,)


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> int:
    """Bring the database to the newest version, a step a transaction; return the steps taken."""
    held = version(connection)
    if held > len(migrations):
        msg = (
            f"expected a database of version {len(migrations)} at most, was {held}: "
            "it was written by a later signal-tracker"
        )
        raise DatabaseVersionError(msg)
    for number, script in enumerate(migrations[held:], start=held + 1):
        # executescript commits what is open, so the transaction stands inside the script
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT"
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
