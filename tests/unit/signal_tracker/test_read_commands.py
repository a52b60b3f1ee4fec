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
