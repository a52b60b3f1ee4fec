"""`report`, `validate`, `explain`: they read signals.db alone."""

import csv
import io
import json
from pathlib import Path

import pytest

from schemas.records import AppliedDecision, Record
from signal_tracker.cli import run
from sinks.sqlite import SqliteSink
from streams.policy_files import load_policy
from tests.unit.sinks.samples import (
    GENERATED_MS,
    batch_of,
    lost,
    make_bar,
    make_matured,
    make_observation,
    make_observations,
    make_state,
    make_transition,
)


def fill(folder: Path, *records: Record) -> list[str]:
    sink = SqliteSink(folder / "signals.db")
    sink.open()
    sink.write(batch_of(*records))
    sink.close()
    return ["--data", str(folder)]


def tracking() -> list[Record]:
    """A HOLD of the shipped policy, 2 of 30 sessions in."""
    return [
        make_state(
            action="HOLD",
            status="tracking",
            first_session="2025-11-03",
            entry_price=100.0,
            entry_index=7,
            policy_hash=load_policy("tracker").at(GENERATED_MS).hash,
            transitions=[make_transition("tracking", session="2025-11-03", reason="entered")],
            quarantined=[lost("zz", GENERATED_MS + 1)],
            decisions=[
                AppliedDecision(
                    decision_id="d",
                    kind="cancel",
                    decided_at_ms=GENERATED_MS,
                    by="desk",
                    reason="doubt",
                    applied=False,
                    refusal="after the entry",
                )
            ],
        ),
        make_observations(make_observation("2025-11-04", 1)),
        make_observations(make_observation("2025-11-05", 2)),
        make_bar("2025-11-03"),
    ]


def test_the_report_goes_to_stdout_or_replaces_a_file_with_the_same_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, *tracking())
    output = tmp_path / "llm_performance.txt"

    assert run(["report", *data]) == 0
    printed = capsys.readouterr().out
    assert run(["report", *data, "--output", str(output)]) == 0

    assert printed == output.read_text() + "\n"
    assert "Total Signals Tracked: 1" in printed
    assert "report written" in (tmp_path / "logs" / "track_llm_signals.log").read_text()


def test_the_report_comes_as_json_and_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, make_matured())

    assert run(["report", *data, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["validated_signals"] == 1
    assert run(["report", *data, "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["status"] == "passed"
    assert run(["report", *data, "--format", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("words", [["report"], ["validate"], ["explain", "s-1"]])
def test_without_a_database_the_way_to_one_is_told(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--data", str(tmp_path)]) == 1
    assert "sink sqlite" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["validate", "--signal", "nobody"], ["explain", "nobody"]])
def test_an_unknown_signal_is_an_error_that_names_it(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, make_matured())

    assert run([*words, *data]) == 1
    assert "no signal 'nobody'" in capsys.readouterr().err


def test_validate_prints_the_checks_of_the_stored_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, make_matured(), make_matured(signal_id="s-2", passed=False))

    assert run(["validate", *data]) == 0

    told = capsys.readouterr().out
    assert "validation_period  >=" in told
    assert "annual_return      >=" in told
    assert "2 signals: 1 passed, 1 failed, 0 insufficient, 0 ready for trading" in told
    assert "no cohort evidence yet" in told


def test_a_signal_in_its_window_is_insufficient_and_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, *tracking())

    assert run(["validate", *data, "--signal", "s-1", "--format", "json"]) == 0

    (judged,) = json.loads(capsys.readouterr().out)
    assert judged["verdict"] == "insufficient"
    assert [(each["name"], each["status"]) for each in judged["checks"]] == [
        ("validation_period", "insufficient"),
        ("stayed_flat", "insufficient"),
    ]
    assert judged["checks"][0]["reason"] == "2 of 30 sessions observed"


def test_a_signal_of_a_policy_that_is_not_shipped_shows_its_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path, make_state(policy="own"))

    assert run(["validate", *data, "--format", "json"]) == 0

    (judged,) = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in judged["checks"]] == ["validation_period"]
    assert judged["checks"][0]["reason"] == "no entry price yet"


def test_explain_tells_the_whole_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = fill(tmp_path, *tracking())

    assert run(["explain", "s-1", *data]) == 0

    told = capsys.readouterr().out
    for part in (
        "SIGNAL s-1",
        "100.0 at the close of 2025-11-03",
        "OBSERVATIONS 2 of 30",
        "2025-11-05",
        "VERDICT insufficient, not matured by policy tracker",
        "stayed_flat",
        "entered",
        "refused: after the entry",
        "zz",
    ):
        assert part in told
