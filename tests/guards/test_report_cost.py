"""After one ticker's change a report costs what that ticker adds, not what all signals do."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report_feed
from benchmarks.following import next_session, sessions_after
from sinks.report_entries import EntryMaker
from sinks.snapshot_look import Look
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import reading
from tests.guards.counting import calls_of

TICKERS = 10
LEFT = 8
FEW, MANY = 1_500, 6_000


def followed(path: Path, signals: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The calls of a report after one session of one ticker of LEFT signals, and rows read."""
    # few cohorts, so that there are no more of them where there are more signals
    monkeypatch.setattr(report_feed, "MODELS", 3)
    report_feed.make_database(path, signals=signals, tickers=TICKERS, sessions=8)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "DELETE FROM llm_signals WHERE ticker = 'T00001' AND signal_id NOT IN "
            "(SELECT signal_id FROM llm_signals WHERE ticker = 'T00001' LIMIT ?)",
            (LEFT,),
        )
    connection.close()
    look = Look()
    with reading(path) as reader:
        look.report(reader)
    batch = next_session(path, "T00001", next(sessions_after(path)))
    sink = SqliteSink(path)
    sink.open()
    sink.write(batch)
    sink.close()
    rows: list[Any] = []
    made = EntryMaker.of_values
    monkeypatch.setattr(
        EntryMaker, "of_values", lambda self, row: rows.append(1) or made(self, row)
    )
    with reading(path) as reader:
        calls = calls_of(lambda: look.report(reader))
    monkeypatch.undo()
    return calls, len(rows)


def test_what_a_changed_ticker_costs_does_not_grow_with_the_signals_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, rows_of_few = followed(tmp_path / "few.db", FEW, monkeypatch)
    many, rows_of_many = followed(tmp_path / "many.db", MANY, monkeypatch)

    assert rows_of_few == rows_of_many == LEFT
    assert many < 1.3 * few
