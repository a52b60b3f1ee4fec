"""One more session of one ticker, as the SQLite sink stores it."""

import sqlite3
from itertools import islice
from pathlib import Path

from benchmarks.following import next_session, sessions_after
from benchmarks.report_feed import make_database
from sinks.sqlite import SqliteSink


def counts(path: Path) -> tuple[int, int]:
    connection = sqlite3.connect(path)
    try:
        (bars,) = connection.execute("SELECT count(*) FROM bars").fetchone()
        (observations,) = connection.execute("SELECT count(*) FROM observations").fetchone()
    finally:
        connection.close()
    return bars, observations


def test_a_session_more_is_a_bar_and_an_observation_of_each_open_signal(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    make_database(path, signals=40, tickers=2, sessions=30)
    before = counts(path)
    batch = next_session(path, "T00000", next(sessions_after(path)))
    sink = SqliteSink(path)
    sink.open()
    sink.write(batch)
    sink.close()

    bars, observations = counts(path)
    assert bars == before[0] + 1
    assert 0 < observations - before[1] <= 20


def test_sessions_go_on_at_the_next_weekday(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    make_database(path, signals=2, tickers=1, sessions=30)

    found = list(islice(sessions_after(path), 5))

    assert found == sorted(found)
    assert len(set(found)) == 5
