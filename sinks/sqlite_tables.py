"""The SQL of signals.db, one script a version; a script that was published is never changed.

Every table is a projection of the topics. What a reader counts stands in the
views: `signal_observations` keeps the observations of the payload and the
window that hold, `signal_rows` adds what the last of them says. The `paper_`
tables are a function of the others, written anew whenever those change.
"""

# STRICT: a value of another type stops the sink instead of being stored as it is.
_TABLES_1 = """
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
_VIEWS_1 = """
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

VERSION_1 = _TABLES_1 + _VIEWS_1

# A bar of a version-1 file was written by a worker that named no actions of it.
VERSION_2 = """
ALTER TABLE bars ADD COLUMN split_ratio REAL NOT NULL DEFAULT 1.0;
ALTER TABLE bars ADD COLUMN dividend REAL NOT NULL DEFAULT 0.0;

CREATE TABLE policies (
    policy_hash       TEXT NOT NULL PRIMARY KEY,
    name              TEXT NOT NULL,
    effective_from_ms INTEGER NOT NULL,
    content           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paper_positions (
    signal_id      TEXT NOT NULL PRIMARY KEY,
    ticker         TEXT NOT NULL,
    action         TEXT NOT NULL,
    status         TEXT NOT NULL,
    staged_session TEXT NOT NULL,
    entry_session  TEXT,
    entry_price    REAL,
    quantity       REAL,
    stop_price     REAL,
    target_price   REAL,
    last_session   TEXT,
    last_price     REAL,
    unrealised_pnl REAL,
    sessions_held  INTEGER NOT NULL,
    reason         TEXT NOT NULL
) STRICT;

CREATE TABLE paper_trades (
    signal_id     TEXT NOT NULL PRIMARY KEY,
    ticker        TEXT NOT NULL,
    action        TEXT NOT NULL,
    entry_session TEXT NOT NULL,
    entry_price   REAL NOT NULL,
    exit_session  TEXT NOT NULL,
    exit_price    REAL NOT NULL,
    quantity      REAL NOT NULL,
    exit_reason   TEXT NOT NULL,
    gross_pnl     REAL NOT NULL,
    costs         REAL NOT NULL,
    net_pnl       REAL NOT NULL,
    net_return    REAL NOT NULL,
    sessions_held INTEGER NOT NULL,
    mae           REAL NOT NULL,
    mfe           REAL NOT NULL
) STRICT;

CREATE TABLE paper_equity (
    close_ms INTEGER NOT NULL PRIMARY KEY,
    session  TEXT NOT NULL,
    cash     REAL NOT NULL,
    exposure REAL NOT NULL,
    equity   REAL NOT NULL,
    drawdown REAL NOT NULL
) STRICT;

CREATE INDEX staged_decisions ON decisions (signal_id) WHERE kind = 'stage' AND applied = 1;
CREATE INDEX signals_by_policy ON llm_signals (policy_hash);
CREATE INDEX events_by_signal ON validation_events (signal_id);
"""
