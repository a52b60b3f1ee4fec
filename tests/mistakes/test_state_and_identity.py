"""Rows 1 to 6 and 13: what a signal is, what it has become, and who may change that."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from signal_tracker.cli import run
from sinks.snapshot import write_reports
from streams.domain.lifecycle import VALIDATION_STATUS
from tests.builders import DAY_MS
from tests.mistakes.ledger import row
from tests.mistakes.world import (
    FIRST,
    RISING,
    WINDOW,
    before_close,
    close_ms,
    one,
    tell,
    with_history,
)
from tests.oracle.examples import closes, days, signal
from tests.topology.driver import dead_letters
from tests.topology.events import Events

LAST = days(FIRST, WINDOW)[-1]


def decision(kind: str, days_later: int, **fields: Any) -> dict[str, Any]:
    return {
        "decision_id": f"d-{days_later}-{kind}",
        "signal_id": "one",
        "ticker": "AAPL",
        "kind": kind,
        "decided_at_ms": close_ms(LAST) + days_later * DAY_MS,
        **fields,
    }


@row("1")
def test_a_signal_that_passed_its_screen_is_not_validated_before_its_prices(tmp_path: Path) -> None:
    told = tell(tmp_path, Events(signals=[signal()], ticks=with_history([100.0, 101.0])))

    assert told.row.screen["status"] == "passed"
    assert (told.row.verdict, told.row.validation_status) == (None, "pending")
    assert told.report.counted.everything.validated == 0


@row("1")
def test_a_verdict_alone_promotes_nothing_that_its_screen_refused(tmp_path: Path) -> None:
    unsure = signal(confidence=0.1)
    told = tell(tmp_path, Events(signals=[unsure], ticks=with_history(RISING[:WINDOW])))

    assert (told.row.screen["status"], told.row.verdict_status) == ("failed", "passed")
    assert told.report.counted.everything.validated == 1
    assert any(
        each.startswith("screen failed: confidence")
        for each in told.report.readiness["one"].against
    )
    assert told.report.counted.ready == []


@row("2")
def test_validating_three_times_counts_one_of_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tell(tmp_path, one(RISING[:WINDOW]), one(RISING[:WINDOW]), one(RISING))
    for _ in range(3):
        assert run(["validate", "--data", str(tmp_path)]) == 0
        write_reports(told.database, tmp_path)

    assert "1 signal: 1 passed, 0 failed" in capsys.readouterr().out
    summary = json.loads(told.text("summary.json"))
    assert (summary["validated_signals"], summary["total_signals"]) == (1, 1)
    assert summary["validation_rate"] == 1.0
    assert "Validation Rate: 100.0%" in told.text()
    assert told.select("SELECT count(*) FROM transitions WHERE to_status = 'passed'") == [(1,)]


@row("3")
def test_models_actions_and_horizons_of_one_day_are_signals_of_their_own(tmp_path: Path) -> None:
    base = signal(confidence=0.9)
    del base["signal_id"]
    differing: list[dict[str, Any]] = [
        {},
        {"model": "other", "confidence": 0.1},
        {"action": "SELL"},
        {"horizon_sessions": 5},
        {"generated_at_ms": base["generated_at_ms"] - 1},
        {"model_version": "2"},
    ]

    told = tell(
        tmp_path, Events(signals=[{**base, **each} for each in differing], ticks=closes([100.0]))
    )

    assert len(told.rows) == len(differing)
    assert sorted(each.confidence for each in told.rows.values())[:2] == [0.1, 0.9]
    assert told.select("SELECT count(*) FROM quarantined") == [(0,)]


@row("3")
def test_another_payload_with_the_same_id_is_quarantined_and_does_not_overwrite(
    tmp_path: Path,
) -> None:
    later = signal(action="SELL", confidence=0.1, generated_at_ms=before_close(FIRST) + 1)

    told = tell(tmp_path, one([100.0, 101.0]), Events(signals=[later]))

    assert (told.row.action, told.row.confidence) == ("BUY", 0.6)
    assert told.select("SELECT signal_id FROM quarantined") == [("one",)]


@row("4")
def test_before_its_window_is_over_a_signal_is_tracked_and_has_not_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    falling = [100.0 - at for at in range(11)]
    told = tell(tmp_path, one(falling))

    assert run(["validate", "--data", str(tmp_path), "--format", "json"]) == 0

    [judged] = json.loads(capsys.readouterr().out)
    assert (told.row.status, told.row.validation_status) == ("tracking", "pending")
    assert (judged["verdict"], judged["observations"]) == ("insufficient", 10)
    assert {each["status"] for each in judged["checks"]} == {"insufficient"}


@row("5")
@pytest.mark.parametrize(
    ("kinds", "status", "validation_status"),
    [
        (("stage", "start-paper"), "paper", "executed"),
        (("stage", "start-paper", "promote"), "promoted", "executed"),
        (("archive",), "archived", "archived"),
    ],
)
def test_executed_and_archived_stay_what_they_are(
    kinds: tuple[str, ...], status: str, validation_status: str, tmp_path: Path
) -> None:
    # After each comes what is illegal there; it is refused and changes nothing.
    decisions = [decision(kind, at + 1) for at, kind in enumerate(kinds)]
    told = tell(
        tmp_path,
        one(RISING[:WINDOW]),
        Events(decisions=[*decisions, decision("cancel", 9)]),
    )

    assert (told.row.status, told.row.validation_status) == (status, validation_status)
    assert told.report.counted.everything.validated == 1
    refused = told.select("SELECT kind, refusal FROM decisions WHERE NOT applied")
    assert refused == [("cancel", f"`cancel` is not possible for a signal that is {status}")]


@row("5")
def test_only_a_failed_verdict_or_a_rejection_reads_as_failed() -> None:
    failed = {status for status, told in VALIDATION_STATUS.items() if told == "failed"}

    assert failed == {"failed", "rejected"}


@row("6")
def test_a_screen_that_changes_later_leaves_the_verdict_and_its_history(tmp_path: Path) -> None:
    published = Events(signals=[signal()], ticks=with_history(RISING[:WINDOW]))
    before = tell(tmp_path / "before", published)
    # The market before the signal is restated until its screen fails; a rival claims the id.
    restated = [
        {**each, "price": each["price"] * (1 + 0.3 * (at % 2)), "revision": 1}
        for at, each in enumerate(with_history([])[-20:])
    ]
    rival = signal(confidence=0.0, generated_at_ms=before_close(FIRST) + 5)
    after = tell(tmp_path / "after", published, Events(ticks=restated, signals=[rival]))

    assert (before.row.screen["status"], after.row.screen["status"]) == ("passed", "failed")
    assert after.row.verdict == before.row.verdict
    for told in (before, after):
        history = json.loads(told.text("llm_signal_tracking.json"))["validation_history"]
        assert [(each["signal_id"], each["passed"]) for each in history] == [("one", True)]
    events = "SELECT event_id FROM validation_events"
    assert set(before.select(events)) <= set(after.select(events))


@row("13")
def test_a_missing_or_unknown_action_is_a_dead_letter_and_case_is_folded(tmp_path: Path) -> None:
    missing = signal(signal_id="missing")
    del missing["action"]
    signals = [missing, signal(signal_id="maybe", action="MAYBE"), signal(action="buy")]

    told = tell(tmp_path, Events(signals=signals, ticks=closes(RISING[:WINDOW])))

    assert dead_letters(told.log) == len(told.log.of(topics.DEAD_LETTERS.name)) == 2
    assert (told.row.signal_id, told.row.action) == ("one", "BUY")
    assert told.row.net_return == pytest.approx(0.15 - 0.001)
