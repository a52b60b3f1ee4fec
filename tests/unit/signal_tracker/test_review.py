"""`review`: what is ready comes first, what is not is counted, and what follows is published."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.policy import hashed
from signal_tracker.cli import run
from signal_tracker.commands import review
from tests.builders import make_rule
from tests.unit.signal_tracker.broker import Broker
from tests.unit.signal_tracker.databases import (
    LABELS,
    LAST,
    POLICY,
    RISING,
    VERSION,
    bars,
    fill,
    on_paper,
    passed,
    staged,
)
from tests.unit.sinks.policy_samples import make_policy_version
from tests.unit.sinks.samples import make_matured, make_state

Captured = pytest.CaptureFixture[str]
UP = [*RISING, 106.0, 107.0, 108.0, 109.0, 110.0]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch, review)


def everything(folder: Path) -> list[str]:
    """One signal at each place of the way, and three that are not ready."""
    own = {"policy": POLICY.name, "policy_hash": POLICY.hash}
    return fill(
        folder,
        VERSION,
        passed(signal_id="s-ready"),
        staged(signal_id="s-staged"),
        staged(signal_id="s-unfilled", position_size=0.0),
        on_paper(signal_id="s-paper"),
        make_matured(signal_id="s-failed", passed=False, **own),
        make_state(signal_id="s-new", **own),
        make_state(signal_id="s-hold", action="HOLD", **own),
        *bars(UP),
    )


def printed(capsys: Captured, *words: str) -> list[str]:
    assert run(["review", *words]) == 0
    return capsys.readouterr().out.splitlines()


def as_json(capsys: Captured, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(printed(capsys, "--format", "json", *words)))
    return found


def test_what_is_ready_comes_first_then_what_is_on_paper_then_counts(
    tmp_path: Path, capsys: Captured
) -> None:
    lines = printed(capsys, *everything(tmp_path))

    heads = [line for line in lines if line and not line.startswith(" ")]
    assert [head.partition(":")[0] for head in heads[1:]] == [
        "READY FOR PAPER TRADING",
        "ON PAPER",
        "NOT READY",
        "COHORTS READY",
        "COHORTS NOT READY",
        "3 decisions proposed",
    ]
    (ready,) = [line for line in lines if "s-ready" in line]
    assert ready.split()[:4] == ["s-ready", "AAPL", "BUY", "m"]
    assert ready.endswith("stage")
    assert lines[-1].endswith("1 stage, 1 start-paper, 1 promote, 0 reject")
    assert not [line for line in lines if "s-failed" in line]
    assert any(line.split() == ["verdict", "failed", "1"] for line in lines)


def test_on_paper_what_follows_is_told_or_why_nothing_does(
    tmp_path: Path, capsys: Captured
) -> None:
    told = {line.split()[0]: line for line in printed(capsys, *everything(tmp_path)) if line}

    assert told["s-staged"].endswith(f"start-paper: filled on paper at {LABELS[LAST + 1]}")
    assert "nothing: the paper order was rejected" in told["s-unfilled"]
    assert "promote: every check passed again" in told["s-paper"]


def test_all_lists_every_signal_and_cohort_with_its_reasons(
    tmp_path: Path, capsys: Captured
) -> None:
    lines = printed(capsys, "--all", *everything(tmp_path))

    at = next(n for n, line in enumerate(lines) if "s-failed" in line)
    own = [line.strip() for line in lines[at + 1 : at + 9]]
    assert "for: no suspect price" in own
    assert any(each.startswith("against: verdict failed: annual_return") for each in own)
    hold = next(n for n, line in enumerate(lines) if "HOLD 5 sessions: 1 signal" in line)
    assert lines[hold + 1].strip() == "against: HOLD: hit rate and calibration only"


def test_many_that_are_not_ready_do_not_drown_the_ready_one(
    tmp_path: Path, capsys: Captured
) -> None:
    many = [make_state(signal_id=f"n-{n}", policy_hash=POLICY.hash) for n in range(300)]

    data = fill(tmp_path, VERSION, passed(), *many, *bars(RISING))

    lines = printed(capsys, *data)
    assert len(lines) < 30
    assert any("NOT READY: 300 signals" in line for line in lines)


def test_one_signal_is_told_with_every_reason(tmp_path: Path, capsys: Captured) -> None:
    lines = printed(capsys, "--signal", "s-ready", *everything(tmp_path))

    assert lines[0] == "s-ready  AAPL BUY  passed  ready"
    assert "  for: verdict passed" in lines
    assert lines[-1].startswith("  next: stage: ready: ")


def test_json_has_every_signal_cohort_and_proposal(tmp_path: Path, capsys: Captured) -> None:
    found = as_json(capsys, *everything(tmp_path))

    assert found["policy_hash"] == POLICY.hash
    by_id = {each["signal_id"]: each for each in found["signals"]}
    assert {key: each["proposal"] for key, each in by_id.items()} == {
        "s-ready": "stage",
        "s-staged": "start-paper",
        "s-unfilled": None,
        "s-paper": "promote",
        "s-failed": None,
        "s-new": None,
        "s-hold": None,
    }
    assert by_id["s-ready"]["ready"]
    assert by_id["s-failed"]["against"]
    assert "rejected" in by_id["s-unfilled"]["proposal_reason"]
    assert [each["kind"] for each in found["proposals"]] == ["promote", "stage", "start-paper"]
    assert {(each["action"], each["ready"]) for each in found["cohorts"]} == {
        ("BUY", True),
        ("HOLD", False),
    }
    assert all("n" in each["hit_rate"] for each in found["cohorts"])


def test_a_cohort_tells_which_checks_speak_for_and_against_it(
    tmp_path: Path, capsys: Captured
) -> None:
    rules = (make_rule("trades", 1.0), make_rule("hit_low", 0.9))
    version = make_policy_version(hashed(replace(POLICY, cohort=rules)))
    state = passed(policy_hash=version.policy_hash)
    data = fill(tmp_path, version, state, *bars(RISING))

    (cohort,) = as_json(capsys, *data)["cohorts"]

    assert cohort["ready"] is False
    assert cohort["for"] == ["trades 1 >= 1 (matured signals)"]
    assert cohort["against"][0] == "hit_low 0.2065 < 0.9 (of 1 matured signals)"


def test_apply_publishes_what_is_proposed_and_says_how_many(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    words = [*everything(tmp_path), "--prefix", "x.", "--broker", "kafka:1"]

    assert run(["review", "--apply", *words]) == 0

    assert capsys.readouterr().err == (
        "3 decisions published: 1 stage, 1 start-paper, 1 promote, 0 reject\n"
    )
    assert broker.asked == [("kafka:1", "x.")]
    sent = broker.decisions("x.")
    assert {each.signal_id: each.kind for each in sent} == {
        "s-ready": "stage",
        "s-staged": "start-paper",
        "s-paper": "promote",
    }
    assert {each.by for each in sent} == {"review"}


def test_applied_twice_it_is_the_same_decisions(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = everything(tmp_path)

    for _ in range(2):
        assert run(["review", "--apply", *data]) == 0

    del capsys
    sent = broker.decisions()
    assert sent[:3] == sent[3:]


def test_apply_may_be_of_one_signal(tmp_path: Path, capsys: Captured, broker: Broker) -> None:
    words = ["--signal", "s-ready", *everything(tmp_path)]

    assert as_json(capsys, "--apply", *words)["proposals"]

    assert [each.signal_id for each in broker.decisions()] == ["s-ready"]


def test_where_nothing_follows_no_broker_is_asked(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = fill(tmp_path, VERSION, make_state(policy_hash=POLICY.hash))

    assert run(["review", "--apply", *data]) == 0

    assert broker.asked == []
    assert capsys.readouterr().err.startswith("0 decisions published")


def test_without_signals_there_is_nothing_to_review(tmp_path: Path, capsys: Captured) -> None:
    lines = printed(capsys, *fill(tmp_path))

    assert lines[0] == "As of n/a, policy not known yet"
    assert lines[-1].startswith("0 decisions proposed")


@pytest.mark.parametrize(
    ("words", "told"), [([], "sink sqlite"), (["--signal", "nobody"], "no signal 'nobody'")]
)
def test_what_is_not_there_is_one_line(
    words: list[str], told: str, tmp_path: Path, capsys: Captured
) -> None:
    if words:
        fill(tmp_path)

    assert run(["review", *words, "--data", str(tmp_path)]) == 1

    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_the_text_of_a_user_cannot_write_on_the_terminal(tmp_path: Path, capsys: Captured) -> None:
    data = fill(tmp_path, VERSION, passed(model="m\x9b31m\u202e"), *bars(RISING))

    told = "\n".join(printed(capsys, *data))

    assert "m\\x9b31m\\u202e" in told
    assert all(each.isprintable() for each in told.split("\n"))
