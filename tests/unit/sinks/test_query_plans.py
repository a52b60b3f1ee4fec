"""How SQLite answers: every search by an index that is there for it, and no scan where one is told.

An index costs a write a row: one that no query of this list uses should go.
"""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from sinks import sqlite_observations as observations
from sinks.sqlite_paper import _STAGED_BAR, _TICKERS
from sinks.sqlite_policies import _CURRENT
from sinks.sqlite_queries import _OBSERVATIONS
from sinks.sqlite_schema import migrate
from sinks.sqlite_signals import HELD

SIGNAL = "INDEX sqlite_autoindex_llm_signals_1 (signal_id=?)"
PAYLOAD = "COVERING INDEX sqlite_autoindex_payloads_1 (signal_id=? AND payload_hash=?)"
WINDOW = "PRIMARY KEY (ticker=? AND session>? AND session<?)"
ROW = "INTEGER PRIMARY KEY (rowid=?)"
TICKERS = "(SELECT value FROM json_each(?))"
EVENTS = (
    "SELECT * FROM validation_events WHERE ticker IN (SELECT ticker FROM ticker_changes) "
    "AND signal_id = ?"
)

SEARCHES = {
    observations.NUMBER: [f"payloads USING {PAYLOAD}"],
    observations.NUMBERS: [
        "payloads USING COVERING INDEX sqlite_autoindex_payloads_1 (signal_id=?)"
    ],
    observations.ENDS: [f"llm_signals USING {SIGNAL}"],
    observations.GREATEST: ["payloads USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    observations.TICKER: ["tickers USING COVERING INDEX sqlite_autoindex_tickers_1 (ticker=?)"],
    observations.DELETE_AFTER: [
        f"observation_values USING {ROW}",
        "d USING PRIMARY KEY (ticker=? AND session>?)",
    ],
    HELD: [f"llm_signals USING {SIGNAL}"],
    "SELECT * FROM observations WHERE signal_id = ?": [
        "p USING COVERING INDEX sqlite_autoindex_payloads_1 (signal_id=?)",
        "d USING PRIMARY KEY (ticker=?)",
        f"v USING {ROW}",
    ],
    "SELECT * FROM observations WHERE signal_id = ? AND payload_hash = ? AND session = ?": [
        f"p USING {PAYLOAD}",
        "d USING PRIMARY KEY (ticker=? AND session=?)",
        f"v USING {ROW}",
    ],
    "SELECT * FROM signal_observations WHERE signal_id = ?": [
        f"s USING {SIGNAL}",
        f"p USING {PAYLOAD}",
        f"d USING {WINDOW}",
        f"v USING {ROW}",
    ],
    "SELECT * FROM signal_rows WHERE signal_id = ?": [
        f"s USING {SIGNAL}",
        f"p USING {PAYLOAD}",
        f"v USING {ROW}",
        f"d USING {WINDOW}",
        f"w USING {ROW}",
    ],
    f"SELECT * FROM signal_rows WHERE ticker IN {TICKERS}": [
        "s USING INDEX signals_by_ticker (ticker=?)",
        f"p USING {PAYLOAD}",
        f"d USING {WINDOW}",
    ],
    f"SELECT * FROM signal_observations AS o JOIN llm_signals AS t USING (signal_id) "
    f"WHERE t.ticker IN {TICKERS}": ["t USING INDEX signals_by_ticker (ticker=?)"],
    f"SELECT * FROM bars WHERE ticker IN {TICKERS} ORDER BY ticker, session": [
        "bars USING PRIMARY KEY (ticker=?)"
    ],
    "SELECT * FROM transitions WHERE signal_id = ?": [f"s USING {SIGNAL}"],
    EVENTS: [
        "validation_events USING INDEX sqlite_autoindex_validation_events_1 "
        "(ticker=? AND signal_id=?)"
    ],
}
# Where the whole of something is asked for, what is read in full and what is found from there.
SCANS = {
    "SELECT * FROM signal_rows": (["s"], [f"p USING {PAYLOAD}", f"d USING {WINDOW}"]),
    "SELECT * FROM signal_observations": (["s"], [f"d USING {WINDOW}", f"v USING {ROW}"]),
    f"{_OBSERVATIONS} ORDER BY s.signal_id, o.session": (
        ["s USING INDEX sqlite_autoindex_llm_signals_1"],
        [f"d USING {WINDOW}", f"v USING {ROW}", "b USING PRIMARY KEY (ticker=? AND session=?)"],
    ),
    "SELECT count(*) FROM observations": (["v"], [f"p USING {ROW}"]),
    _TICKERS: (["d USING INDEX staged_decisions"], [f"s USING {SIGNAL}"]),
    f"SELECT p.policy_hash {_CURRENT}": (
        ["p"],
        ["s USING COVERING INDEX signals_by_policy (policy_hash=?)"],
    ),
    "SELECT count(*) FROM bars WHERE conflicting_close": (
        ["bars USING INDEX conflicting_bars"],
        [],
    ),
}


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    numbered = [int(each) for each in re.findall(r"\?(\d)", sql)]
    values = ("",) * (max(numbered) if numbered else sql.count("?"))
    return [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def scanned(steps: list[str]) -> list[str]:
    # json_each and its like are read whole, and so is the small list of tickers.
    small = ("json_each", "t VIRTUAL TABLE", "ticker_changes")
    scans = [step.removeprefix("SCAN ") for step in steps if step.startswith("SCAN ")]
    return [each for each in scans if not each.startswith(small)]


@pytest.mark.parametrize("sql", SEARCHES)
def test_what_is_asked_for_is_searched(connection: sqlite3.Connection, sql: str) -> None:
    steps = plan(connection, sql)

    for expected in SEARCHES[sql]:
        assert any(step.startswith(f"SEARCH {expected}") for step in steps), steps
    assert scanned(steps) == [], steps


@pytest.mark.parametrize("sql", SCANS)
def test_what_is_read_in_full_is_read_once(connection: sqlite3.Connection, sql: str) -> None:
    steps = plan(connection, sql)
    whole, searched = SCANS[sql]

    assert scanned(steps) == whole, steps
    if searched and "policies" not in sql:
        assert not any("TEMP B-TREE" in step for step in steps), steps
    for expected in searched:
        assert any(step.startswith(f"SEARCH {expected}") for step in steps), steps


def test_every_index_is_used(connection: sqlite3.Connection) -> None:
    made = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
    ]
    steps = " ".join(step for sql in (*SEARCHES, *SCANS) for step in plan(connection, sql))

    assert made == [
        "staged_decisions",
        "signals_by_policy",
        "signals_by_ticker",
        "conflicting_bars",
    ]
    assert [each for each in made if each not in steps] == []


def test_the_bar_of_a_staged_signal_is_a_short_walk(connection: sqlite3.Connection) -> None:
    staged = "decisions AS d JOIN llm_signals AS s USING (signal_id)"
    steps = plan(connection, f"SELECT b.session FROM {staged} {_STAGED_BAR}")

    assert scanned(steps) == ["d"], steps
