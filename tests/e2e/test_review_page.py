"""The performance review that the product was made for can be read off what it writes.

Two HOLD signals of the fallback, a SELECT, a JSON read, a report command, a daily
update with fresh closes, and the checks after thirty of them.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from signal_tracker import cli
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import query
from tests.e2e.processes import Running, processes_in, wait_until
from tests.oracle.examples import days

TICKERS = ["AAPL", "MSFT"]
AS_OF = "2024-01-02T21:30:00Z"
ENTRY_SESSION, *LATER_SESSIONS = days("2024-01-03", 31)
SELECT = (
    "SELECT ticker, signal_date, action, validation_status FROM llm_signals "
    "ORDER BY created_at DESC LIMIT 5"
)


class Review:
    """A folder with `data` in it, and a pipeline that fills it."""

    def __init__(self, pipeline: Pipeline, parts: list[Running]) -> None:
        self.pipeline = pipeline
        self.parts = parts
        self.data = Path("data")
        self.seen: dict[str, dict[str, tuple[object, ...]]] = {}

    def wait(self) -> None:
        self.pipeline.wait_until_stored(*self.parts)

    def publish_closes(self, session: str, aapl: float, msft: float) -> None:
        """Publish one day's closes, as a daily job does."""
        path = Path(f"{session}.csv")
        path.write_text(f"date,ticker,close\n{session},AAPL,{aapl}\n{session},MSFT,{msft}\n")
        assert cli.run(["publish", "ticks", str(path)]) == 0

    def tracking(self) -> dict[str, Any]:
        path = self.data / "llm_signal_tracking.json"
        wait_until("the tracking file", path.exists, *self.parts)
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self.tracking()["metadata"]
        return found

    def see(self, moment: str, columns: str) -> None:
        self.seen[moment] = self.rows(columns)

    def rows(self, columns: str) -> dict[str, tuple[object, ...]]:
        found = query(self.pipeline.database, f"SELECT ticker, {columns} FROM signal_rows")
        return {ticker: tuple(row) for ticker, *row in found}


@pytest.fixture(scope="module")
def review(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    folder = tmp_path_factory.mktemp("review")
    with pytest.MonkeyPatch.context() as patch, processes_in(folder / "words") as processes:
        patch.chdir(folder)
        patch.setenv("LLM_FORCE_FALLBACK", "1")
        patch.setenv("SIGNAL_TRACKER_BROKER", embedded_broker)
        patch.setenv("SIGNAL_TRACKER_PREFIX", "review.")
        pipeline = Pipeline(processes, embedded_broker, Path("data").resolve(), "review.")
        pipeline.create_topics()
        parts = [pipeline.worker(), pipeline.sqlite_sink(), pipeline.reports_sink()]
        words = ["generate", "--execution-mode", "synthetic", "--tickers", *TICKERS]
        assert cli.run([*words, "--as-of", AS_OF]) == 0
        found = Review(pipeline, parts)
        found.wait()
        yield found


def test_two_signals_wait_for_their_prices(review: Review) -> None:
    with sqlite3.connect(review.data / "signals.db") as connection:
        frame = pd.read_sql(SELECT, connection)
    assert sorted(map(tuple, frame.to_numpy())) == [
        ("AAPL", "2024-01-02", "HOLD", "pending"),
        ("MSFT", "2024-01-02", "HOLD", "pending"),
    ]
    assert review.rows("confidence, source_kind, data_kind") == dict.fromkeys(
        TICKERS, (0.35, "fallback", "synthetic")
    )

    wait_until("both in the tracking file", lambda: review.metadata()["total_signals"] == 2)
    assert review.metadata() == {
        "created": "2024-01-02T21:30:00.000Z",
        "version": "1.0",
        "total_signals": 2,
        "validated_signals": 0,
    }

    assert cli.run(["report", "--output", "llm_performance.txt"]) == 0
    report = Path("llm_performance.txt").read_text(encoding="utf-8")
    assert "Total Signals Tracked: 2\n" in report
    assert "Validated Signals: 0\n" in report
    assert "Validation Rate: 0.0%\n" in report
    assert "Ready for Trading: 0\n" in report
    log = review.data / "logs" / "track_llm_signals.log"
    assert "report written: llm_performance.txt" in log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def matured(review: Review) -> Review:
    """The same pipeline after a close before the entry, the entry's, and thirty more."""
    review.publish_closes("2024-01-02", 185.64, 370.87)
    review.wait()
    review.see("before the entry", "status, entry_price")

    review.publish_closes(ENTRY_SESSION, 184.25, 370.6)
    review.wait()
    review.see("entry", "entry_session, entry_price, observations, max_drawdown")

    for number, session in enumerate(LATER_SESSIONS[:29], 1):
        review.publish_closes(session, 184.25 + number / 100, 370.6 + number)
    review.wait()
    review.see("day 29", "observations, status, hit, validation_status")

    review.publish_closes(LATER_SESSIONS[29], 185.0, 400.25)
    review.wait()
    review.see("day 30", "observations, status, hit, validation_status")
    return review


def test_the_first_close_after_the_signal_gives_the_entry(matured: Review) -> None:
    assert matured.seen["before the entry"] == dict.fromkeys(TICKERS, ("awaiting_entry", None))
    assert matured.seen["entry"] == {
        "AAPL": (ENTRY_SESSION, 184.25, 0, 0.0),
        "MSFT": (ENTRY_SESSION, 370.6, 0, 0.0),
    }


def test_thirty_more_give_thirty_observations_and_a_verdict(matured: Review) -> None:
    assert matured.seen["day 29"] == dict.fromkeys(TICKERS, (29, "tracking", None, "pending"))
    assert matured.seen["day 30"] == {
        "AAPL": (30, "passed", "hit", "validated"),
        "MSFT": (30, "failed", "miss", "failed"),
    }


def test_validate_shows_each_check(matured: Review, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["validate", "--format", "json"]) == 0
    judged = {each["ticker"]: each for each in json.loads(capsys.readouterr().out)}

    checks = {
        (ticker, check["name"]): (check["op"], check["required"], check["actual"], check["status"])
        for ticker, each in judged.items()
        for check in each["checks"]
    }
    assert checks == {
        ("AAPL", "validation_period"): (">=", 30.0, 30.0, "pass"),
        ("AAPL", "stayed_flat"): ("<=", 0.02, pytest.approx(185.0 / 184.25 - 1), "pass"),
        ("MSFT", "validation_period"): (">=", 30.0, 30.0, "pass"),
        ("MSFT", "stayed_flat"): ("<=", 0.02, pytest.approx(400.25 / 370.6 - 1), "fail"),
    }
    assert not any(each["ready_for_trading"] for each in judged.values())

    assert cli.run(["validate"]) == 0
    assert "2 signals: 1 passed, 1 failed, 0 insufficient, 0 ready" in capsys.readouterr().out


def test_the_reports_have_followed(matured: Review) -> None:
    wait_until(
        "the last report", lambda: matured.metadata()["validated_signals"] == 1, *matured.parts
    )
    history = matured.tracking()["validation_history"]
    assert [each["passed"] for each in history].count(True) == 1
    report = (matured.data / "llm_performance.txt").read_text(encoding="utf-8")
    assert "Validation Rate: 50.0%\n" in report
    assert "Ready for Trading: 0\n" in report


def test_the_logs_say_what_happened(matured: Review) -> None:
    run_log = (matured.data / "logs" / "pipeline_run.log").read_text(encoding="utf-8")
    tracked = (matured.data / "logs" / "track_llm_signals.log").read_text(encoding="utf-8")
    ids = {ticker: signal_id for ticker, (signal_id,) in matured.rows("signal_id").items()}

    assert "2 signals published" in run_log
    assert run_log.count("published ticks: 2 sent, 0 refused") == 32
    assert "worker" in run_log
    assert "batch stored" in run_log
    for ticker, verdict in (("AAPL", "passed"), ("MSFT", "failed")):
        head = f"{ids[ticker]} {ticker}"
        assert f"{head} HOLD 0.35" in tracked
        assert f"{head}: new -> registered" in tracked
        assert f"{head}: matured -> {verdict}" in tracked
    assert "reports written: " in tracked
