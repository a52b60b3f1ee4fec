"""`explain`: the whole life of a signal, each part where it has something to say."""

from pathlib import Path

import pytest

from schemas.records import Record
from signal_tracker.cli import run
from sinks.evidence.rates import rate
from tests.builders import make_rule
from tests.unit.signal_tracker.databases import (
    LABELS,
    LAST,
    RISING,
    VERSION,
    bars,
    close_ms,
    fill,
    on_paper,
    passed,
    staged,
)
from tests.unit.sinks.policy_samples import make_policy, make_policy_version
from tests.unit.sinks.samples import (
    GENERATED_MS,
    lost,
    make_event,
    make_observation,
    make_observations,
    make_stage,
    make_state,
)

UP = [*RISING, 106.0, 107.0, 108.0, 109.0, 110.0, 111.0]


def told(folder: Path, capsys: pytest.CaptureFixture[str], *records: Record) -> str:
    data = fill(folder, VERSION, *records)
    assert run(["explain", "s-1", *data]) == 0
    return capsys.readouterr().out


def section(text: str, title: str) -> list[str]:
    """The lines of one section, its title first."""
    parts = [part.splitlines() for part in text.split("\n\n")]
    return next(lines for lines in parts if lines[0].startswith(title))


def fields(text: str, title: str) -> dict[str, str]:
    """The names and values of a section."""
    pairs = (line.strip().partition("  ") for line in section(text, title)[1:])
    return {name: value.strip() for name, _, value in pairs}


def test_every_part_of_a_life_is_told_in_its_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = on_paper(quarantined=[lost("zz", GENERATED_MS + 1)])

    text = told(tmp_path, capsys, state, make_event(), *bars(UP))

    heads = [part.partition("\n")[0].split()[0].rstrip(":") for part in text.split("\n\n")]
    assert heads == [
        "SIGNAL", "SCREEN", "ENTRY", "OBSERVATIONS", "OUTCOME", "VERDICT", "READY", "COHORT",
        "TRANSITIONS", "EVENTS", "DECISIONS", "PAPER", "QUARANTINED",
    ]  # fmt: skip


def test_a_new_signal_says_what_it_waits_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(tmp_path, capsys, make_state())

    assert "none: no complete session with a price" in section(text, "ENTRY")[1]
    assert section(text, "OBSERVATIONS") == ["OBSERVATIONS 0 of 30"]
    assert "VERDICT insufficient, not matured" in text
    assert fields(text, "OUTCOME") == {
        "outcome": "open",
        "evidence": "live class",
        "backdated": "not judged",
        "stale": "no",
    }
    assert "COHORT none: its policy is not known yet" in text
    for absent in ("EVENTS", "DECISIONS", "PAPER", "QUARANTINED"):
        assert absent not in text


def test_the_payload_is_told_as_it_was_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = {"reasoning": "it will rise", "target_price": 120.0, "indicators": {"rsi": 51.0}}

    found = fields(told(tmp_path, capsys, make_state(**published)), "SIGNAL")

    assert found["reasoning"] == "it will rise"
    assert found["target price"] == "120.0"
    assert found["indicators"] == "rsi 51.0"
    assert found["source"] == "tests (llm, live data)"
    assert "stop loss" not in found


def test_observations_name_the_horizon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = [make_observations(make_observation(LABELS[k], k)) for k in range(1, 6)]

    lines = section(told(tmp_path, capsys, passed(), *seen, *bars(RISING)), "OBSERVATIONS")

    assert lines[0] == "OBSERVATIONS 5 of 5"
    assert lines[-1].split() == [LABELS[5], "5", "105", "5.00%", "5.00%", "0.00%", "horizon"]


def test_an_annual_figure_says_from_how_many_sessions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(tmp_path, capsys, passed(), *bars(RISING))

    assert fields(text, "OUTCOME")["annual return"] == "25.00% (annualised from 5 sessions)"
    sharpe = fields(text, "COHORT")["Sharpe"]
    assert sharpe.startswith("n/a: ") or "annualised from" in sharpe


@pytest.mark.parametrize(
    ("backdated", "word"), [(True, "yes"), (False, "no"), (None, "not judged")]
)
def test_backdating_is_told(
    backdated: bool | None, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = fields(told(tmp_path, capsys, passed(backdated=backdated)), "OUTCOME")

    assert found["backdated"] == word
    assert found["evidence"] == ("backdated class" if backdated else "live class")


def test_the_screen_has_the_portfolio_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = make_rule("ticker_exposure", 0.2, "<=")
    version = make_policy_version(make_policy(screen=(rule,)))
    state = passed(policy_hash=version.policy_hash)

    lines = section(told(tmp_path, capsys, version, state, *bars(RISING)), "SCREEN")

    assert lines[0].startswith("SCREEN passed")
    assert lines[-1].split()[:5] == ["ticker_exposure", "<=", "0.2", "0.02", "pass"]


def test_readiness_has_reasons_for_and_against(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = section(
        told(tmp_path, capsys, passed(suspect_sessions=[LABELS[2]]), *bars(RISING)), "READY"
    )

    assert lines[0] == "READY FOR TRADING no"
    assert "  for: verdict passed" in lines
    assert lines[-1].startswith("  against: suspect price")


def test_a_rate_of_the_cohort_has_its_n_and_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [passed(signal_id=f"s-{n}", hit="miss") for n in range(2, 5)]

    text = told(tmp_path, capsys, passed(), *others, *bars(RISING))

    found = fields(text, "COHORT live tests m BUY 5 sessions")
    expected = rate(1, 4)
    assert found["signals"] == "4, 4 matured"
    assert found["hit rate"] == (f"25.00% of 4 (95% {expected.low:.2%} to {expected.high:.2%})")
    assert "over 4 matured signals" in found["mean net return"]
    assert {"p value", "q value", "ready"} <= found.keys()


def test_the_log_of_events_keeps_what_was_believed_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        make_event("e-1", to_status="passed", from_status="matured", reason="every check passed"),
        make_event("e-2", to_status="failed", from_status="matured", revision=1, reason="fail: x"),
    ]

    lines = section(told(tmp_path, capsys, passed(), *events), "EVENTS")

    assert [line.split()[1:4] for line in lines[2:]] == [
        ["matured", "passed", "-"],
        ["matured", "failed", "-"],
    ]
    assert [line.split()[4] for line in lines[2:]] == ["0", "1"]


def test_decisions_say_what_became_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = make_stage(decision_id="d-0", kind="promote", applied=False, refusal="too early")
    state = staged(decisions=[*staged().decisions, refused])

    lines = section(told(tmp_path, capsys, state, *bars(RISING)), "DECISIONS")

    assert any(" stage " in line and line.endswith("applied") for line in lines)
    assert any(" promote " in line and line.endswith("refused: too early") for line in lines)


@pytest.mark.parametrize(
    ("count", "status"), [(6, "waiting"), (8, "open"), (12, "closed")], ids=str
)
def test_the_paper_trade_is_told_as_far_as_it_is(
    count: int, status: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(tmp_path, capsys, staged(stop_loss=50.0), *bars(UP[:count]))

    assert section(text, "PAPER")[0].startswith(f"PAPER {status}: ")
    found = fields(text, "PAPER")
    assert found["staged session"] == LABELS[LAST]
    assert ("filled" in found) == (status != "waiting")
    assert ("unrealised" in found) == (status == "open")
    assert ("left" in found) == (status == "closed")
    if status != "waiting":
        assert found["filled"].endswith(f"at the open of {LABELS[LAST + 1]}, slippage included")
        assert found["stop and target"].endswith(", none")


def test_a_rejected_order_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(tmp_path, capsys, staged(position_size=0.0), *bars(UP))

    assert section(text, "PAPER")[0].startswith("PAPER rejected: ")


def test_the_text_of_a_user_cannot_write_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = "a\x1b[2J\nVERDICT passed\u202e\x85"
    decision = make_stage(reason=wild, decided_at_ms=close_ms(LAST))
    state = passed(reasoning=wild, model="m\x9b0m", decisions=[decision])

    text = told(tmp_path, capsys, state)

    assert "a\\x1b[2J\\nVERDICT passed\\u202e\\x85" in text
    assert "m\\x9b0m" in text
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("filled", [True, False])
def test_what_is_not_there_is_one_line(
    filled: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if filled:
        fill(tmp_path, VERSION, passed())

    assert run(["explain", "nobody", "--data", str(tmp_path)]) == 1

    err = capsys.readouterr().err
    assert ("no signal 'nobody'" if filled else "sink sqlite") in err
    assert err.count("\n") == 1
