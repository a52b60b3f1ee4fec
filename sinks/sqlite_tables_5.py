"""The SQL of version 5 of signals.db: a signal's transitions in its row, events by ticker.

What a ticker's session says is then written in few places: its signals' rows, and
one range of one index of the events. `transitions` is a view of the rows; the
order in which events were told is still that of the table's own row number.
"""

_TRANSITION = (
    "as_of_ms",
    "decision_id",
    "event_id",
    "from_status",
    "reason",
    "session",
    "to_status",
)
_OBJECT = ", ".join(f"'{each}', t.{each}" for each in _TRANSITION)
_SHOWN = ("from_status", "to_status", "as_of_ms", "session", "reason", "decision_id", "event_id")
_EXTRACTS = ", ".join(f"json_extract(t.value, '$.{each}') AS {each}" for each in _SHOWN)

VERSION_5 = f"""
ALTER TABLE llm_signals ADD COLUMN transitions TEXT NOT NULL DEFAULT '[]';

UPDATE llm_signals SET transitions = (
    SELECT json_group_array(json_object({_OBJECT}))
    FROM (SELECT * FROM transitions AS o
          WHERE o.signal_id = llm_signals.signal_id ORDER BY o.position) AS t
);

DROP TABLE transitions;

CREATE VIEW transitions AS
SELECT s.signal_id, t.key AS position, {_EXTRACTS}
FROM llm_signals AS s, json_each(s.transitions) AS t;

CREATE TABLE events_by_ticker (
    event_id    TEXT NOT NULL,
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
    epoch       INTEGER NOT NULL,
    PRIMARY KEY (ticker, signal_id, event_id)
) STRICT;

INSERT INTO events_by_ticker SELECT * FROM validation_events ORDER BY rowid;
INSERT OR IGNORE INTO ticker_changes SELECT DISTINCT ticker, 1 FROM validation_events;
DROP TABLE validation_events;
ALTER TABLE events_by_ticker RENAME TO validation_events;
"""  # noqa: S608 our own column names
