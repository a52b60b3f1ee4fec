"""The SQL of version 4 of signals.db: observations by session, and what is counted kept as a count.

A session's observations lie together, in it those of a ticker, so that what a
session adds is written once and in one place. The id of a row of
`observation_values` is `day << 47 | ticker << 27 | number in the ticker`; the last
two are the number of a payload. `observations` is the view that says it in words.
`observed` names the sessions in which a ticker has some: a signal's are found
through its window, one search a session.
"""

TICKER_SHIFT = 27
DAY_SHIFT = 47
MAX_TICKERS = 1 << (DAY_SHIFT - TICKER_SHIFT)

_TABLES = """
CREATE TABLE tickers (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 1048575),
    ticker TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE payloads (
    number       INTEGER NOT NULL PRIMARY KEY,
    signal_id    TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    UNIQUE (signal_id, payload_hash)
) STRICT;

CREATE TABLE observed (
    ticker  INTEGER NOT NULL,
    session TEXT NOT NULL,
    day     INTEGER NOT NULL,
    PRIMARY KEY (ticker, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE observation_values (
    id            INTEGER NOT NULL PRIMARY KEY,
    k             INTEGER NOT NULL,
    close         REAL NOT NULL,
    raw_return    REAL NOT NULL,
    signed_return REAL NOT NULL,
    max_drawdown  REAL NOT NULL,
    mae           REAL NOT NULL,
    mfe           REAL NOT NULL,
    epoch         INTEGER NOT NULL
) STRICT;

CREATE TABLE row_counts (
    table_name TEXT NOT NULL PRIMARY KEY,
    count      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX conflicting_bars ON bars (ticker, session) WHERE conflicting_close;
"""

# The ticker of a payload that no state names is not known any more: '' stands in.
_COPY = """
CREATE TEMP TABLE moved AS
SELECT o.signal_id, o.payload_hash, coalesce(
    (SELECT s.ticker FROM llm_signals AS s
     WHERE s.signal_id = o.signal_id AND s.payload_hash = o.payload_hash),
    (SELECT q.ticker FROM quarantined AS q
     WHERE q.signal_id = o.signal_id AND q.payload_hash = o.payload_hash),
    '') AS ticker
FROM (SELECT DISTINCT signal_id, payload_hash FROM observations) AS o;

INSERT INTO tickers
SELECT row_number() OVER (ORDER BY ticker), ticker FROM (SELECT DISTINCT ticker FROM moved);

INSERT INTO payloads
SELECT (t.number << 27)
        + row_number() OVER (PARTITION BY t.number ORDER BY m.signal_id, m.payload_hash),
    m.signal_id, m.payload_hash
FROM moved AS m JOIN tickers AS t ON t.ticker = m.ticker;

DROP TABLE moved;

INSERT INTO observed
SELECT DISTINCT p.number >> 27, o.session,
    CAST(julianday(o.session) - 2440587.5 AS INTEGER)
FROM observations AS o
JOIN payloads AS p ON p.signal_id = o.signal_id AND p.payload_hash = o.payload_hash;

INSERT INTO observation_values
SELECT (d.day << 47) + p.number, o.k, o.close, o.raw_return, o.signed_return, o.max_drawdown,
    o.mae, o.mfe, o.epoch
FROM observations AS o
JOIN payloads AS p ON p.signal_id = o.signal_id AND p.payload_hash = o.payload_hash
JOIN observed AS d ON d.ticker = p.number >> 27 AND d.session = o.session
ORDER BY 1;

INSERT INTO row_counts
SELECT 'observations', count(*) FROM observations
UNION ALL SELECT 'validation_events', count(*) FROM validation_events
UNION ALL SELECT 'bars', count(*) FROM bars;

DROP VIEW signal_rows;
DROP VIEW signal_observations;
DROP TABLE observations;
"""

_VALUES = "v.k, v.close, v.raw_return, v.signed_return, v.max_drawdown, v.mae, v.mfe, v.epoch"

# Each join is told in both directions, so that it can begin at a signal or at the values.
_VIEWS = f"""
CREATE VIEW observations AS
SELECT p.signal_id, p.payload_hash, d.session, {_VALUES}
FROM observation_values AS v
JOIN payloads AS p ON p.number = v.id & 140737488355327
JOIN observed AS d
  ON d.ticker = p.number >> 27
 AND d.session = date((v.id >> 47) * 86400, 'unixepoch')
 AND v.id = (d.day << 47) + p.number;

CREATE VIEW signal_observations AS
SELECT p.signal_id, p.payload_hash, d.session, {_VALUES}
FROM llm_signals AS s
CROSS JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
CROSS JOIN observed AS d
  ON d.ticker = p.number >> 27
 AND d.session > s.entry_session
 AND d.session <= coalesce(s.last_session, '9999')
CROSS JOIN observation_values AS v ON v.id = (d.day << 47) + p.number;

CREATE VIEW signal_rows AS
SELECT
    s.*,
    coalesce(v.k, 0) AS observations,
    CASE WHEN s.entry_session IS NULL THEN NULL ELSE coalesce(v.max_drawdown, 0.0) END
        AS max_drawdown
FROM llm_signals AS s
LEFT JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
LEFT JOIN observation_values AS v
  ON v.id = (
    SELECT w.id
    FROM observed AS d CROSS JOIN observation_values AS w ON w.id = (d.day << 47) + p.number
    WHERE d.ticker = p.number >> 27
      AND d.session > s.entry_session
      AND d.session <= coalesce(s.last_session, '9999')
    ORDER BY d.session DESC LIMIT 1
 );
"""  # noqa: S608 our own column names

VERSION_4 = _TABLES + _COPY + _VIEWS
