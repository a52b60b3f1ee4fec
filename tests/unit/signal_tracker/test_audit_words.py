"""What `audit` prints."""

import json

from signal_tracker import audit_words as words
from signal_tracker.auditing import Look, Outcome
from sinks.differences import Comparison, Count, Difference
from streams.sessions import load_calendar
from tests.builders import OPEN_MS


def difference(**changes: object) -> Difference:
    fields = {
        "table": "bars",
        "ticker": "AAPL",
        "key": ("AAPL", "2024-01-02"),
        "column": "close",
        "expected": 1.5,
        "was": None,
    }
    return Difference(**{**fields, **changes})  # type: ignore[arg-type]


def comparison() -> Comparison:
    found = Comparison(lambda _: None)
    found.counts["bars"] = Count(expected=3, stored=2, equal=1)
    found.differences["bars"] = 2
    return found


def test_the_last_line_counts_what_a_program_asks_for() -> None:
    assert (
        words.last_line(comparison(), Outcome(unsettled={"A", "B"})) == "audit=2 rows=3 unsettled=2"
    )


def test_the_table_has_a_line_a_table() -> None:
    header, line = words.table_lines(comparison())

    assert header.split() == ["table", "expected", "stored", "equal", "differences"]
    assert line.split() == ["bars", "3", "2", "1", "2"]


def test_differences_name_table_key_column_and_both_values() -> None:
    some = [
        difference(),
        difference(column=None, expected={"close": 1.0}),
        difference(column=None, expected=None, was={"close": 1.0}, ticker=None),
        difference(expected="x" * 100, was="y"),
    ]

    title, header, value, missing, strange, long = words.difference_lines(some, 9)

    assert title == "DIFFERENCES, the first 4 of 9"
    assert header.split() == ["table", "ticker", "key", "column", "expected", "was"]
    assert value.split() == ["bars", "AAPL", "AAPL", "2024-01-02", "close", "1.5", "null"]
    assert missing.split()[-5:] == ["(row)", "a", "row", "no", "row"]
    assert strange.split()[1] == "-"
    assert strange.split()[-5:] == ["(row)", "no", "row", "a", "row"]
    assert f"{'x' * 60}..." in long


def test_json_lines_hold_bytes_as_text() -> None:
    line = words.as_json(words.difference_fields(difference(was={"value": b"\xffab"})))

    assert json.loads(line)["was"] == {"value": "\ufffdab"}
    assert line.endswith(b"\n")


def test_the_summary_as_json_has_counts_by_table() -> None:
    found = words.summary(comparison(), Outcome(unsettled={"B"}, ticks_from_ms={1: 5}))

    assert found == {
        "audit": 2,
        "rows": 3,
        "unsettled": ["B"],
        "ticks_from_ms": {"1": 5},
        "tables": {"bars": {"expected": 3, "stored": 2, "equal": 1, "differences": 2}},
    }


def test_who_is_behind_is_told_with_how_far() -> None:
    look = Look(
        committed={("ticks", 0): 3},
        stored={("bars", 0): 1},
        input_ends={("ticks", 0): 5, ("ticks", 1): 0},
        output_ends={("bars", 0): 1, ("bars", 1): 1},
    )

    assert list(words.lag_lines(look)) == [
        "the worker is 2 records behind",
        "the SQLite sink is 1 record behind",
    ]


def test_where_ticks_are_gone_the_first_session_that_has_them_is_named() -> None:
    calendar = load_calendar("XNYS")

    assert list(words.ticks_lines({3: OPEN_MS - 1, 1: OPEN_MS + 1, 2: 1 << 62}, calendar)) == [
        "ticks[1]: ticks are held for sessions from 2024-01-03 on (XNYS); "
        "the bars topic stands in for others",
        "ticks[2]: ticks are all gone; the bars topic stands in for others",
        "ticks[3]: ticks are held for sessions from 2024-01-02 on (XNYS); "
        "the bars topic stands in for others",
    ]
