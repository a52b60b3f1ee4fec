"""The SQL of version 3 of signals.db: what changed by ticker, and signals by ticker.

`ticker_changes` says how far the rows of a ticker have come, counted in
transactions; it tells how the rows came, and is no part of the projection.
"""

VERSION_3 = """
CREATE TABLE ticker_changes (
    ticker TEXT NOT NULL PRIMARY KEY,
    change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO ticker_changes
SELECT ticker, 1 FROM llm_signals
UNION SELECT ticker, 1 FROM bars
UNION SELECT ticker, 1 FROM quarantined
UNION SELECT '|policies', 1 FROM policies
UNION SELECT '|dead-letters', 1 FROM dead_letters
UNION SELECT '|paper', 1 FROM paper_equity;

CREATE INDEX signals_by_ticker ON llm_signals (ticker);
"""
