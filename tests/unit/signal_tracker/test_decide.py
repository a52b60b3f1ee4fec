"""`decide`: one decision, published, printed as JSON, and warned of where it will be refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.records import DECISION_KINDS, SignalState
from signal_tracker.cli import run
from signal_tracker.commands import decide
from tests.unit.signal_tracker.broker import Broker
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
from tests.unit.sinks.samples import make_stage, make_state, make_transition

Captured = pytest.CaptureFixture[str]
REASON = ("--reason", "it looks good")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch, decide)


def waiting(**changes: Any) -> SignalState:
    """A signal that has no entry yet."""
    transitions = [
        make_transition("registered", from_status=None),
        make_transition("awaiting_entry"),
    ]
    return make_state(**{"transitions": transitions, **changes})


def printed(capsys: Captured, kind: str, *words: str) -> tuple[dict[str, Any], str]:
    assert run(["decide", kind, "--signal", "s-1", *REASON, *words]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    return json.loads(out), err


def test_the_decision_is_published_and_printed(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    told, err = printed(capsys, "archive", *data, "--by", "desk", "--prefix", "x.")

    (sent,) = broker.decisions("x.")
    assert told == {
        "decision_id": sent.decision_id,
        "signal_id": "s-1",
        "ticker": "AAPL",
        "kind": "archive",
        "session": None,
        "decided_at_ms": close_ms(LAST),
        "by": "desk",
        "reason": "it looks good",
    }
    assert {name: getattr(sent, name) for name in told} == told
    assert err == ""
    assert "archive decided by desk" in (tmp_path / "logs" / "track_llm_signals.log").read_text()


def test_the_same_command_is_the_same_decision(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    first, again = (printed(capsys, "stage", *data)[0] for _ in range(2))
    other, _ = printed(capsys, "stage", *data, "--by", "someone")

    assert first == again
    assert first["decision_id"].startswith("d-")
    assert other["decision_id"] != first["decision_id"]
    assert len(broker.decisions()) == 3


def test_it_is_the_same_also_when_the_worker_has_taken_it(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    del broker
    before = fill(tmp_path / "before", VERSION, staged(), *bars([*RISING, 106.0]))
    first, _ = printed(capsys, "start-paper", *before)
    own = {name: value for name, value in first.items() if name not in ("signal_id", "ticker")}
    steps = [*staged().decisions, make_stage(**own)]
    after = fill(tmp_path / "after", VERSION, on_paper(decisions=steps), *bars([*RISING, 106.0]))

    again, err = printed(capsys, "start-paper", *after)

    assert again == first
    assert err == ""


@pytest.mark.parametrize(
    ("words", "session"),
    [
        ([], LABELS[LAST]),
        (["--session", LABELS[2]], LABELS[2]),
        (["--at", "2025-11-07T12:00:00Z"], LABELS[3]),
        (["--at", "2025-11-03T12:00:00Z"], None),
    ],
)
def test_a_stage_takes_the_last_session_of_its_time(
    words: list[str], session: str | None, tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    del broker
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    assert printed(capsys, "stage", *data, *words)[0]["session"] == session


def test_a_decision_is_never_before_its_signal_or_the_step_before(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    del broker
    late = [make_stage(decided_at_ms=close_ms(20), session=LABELS[LAST])]
    tomorrow = waiting(signal_id="s-1", generated_at_ms=close_ms(30))
    first = fill(tmp_path / "a", VERSION, staged(decisions=late), *bars(RISING))
    second = fill(tmp_path / "b", tomorrow, *bars(RISING))

    assert printed(capsys, "start-paper", *first)[0]["decided_at_ms"] == close_ms(20) + 1
    assert printed(capsys, "cancel", *second)[0]["decided_at_ms"] == close_ms(30)


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        (passed(), {"stage", "archive"}),
        (staged(), {"start-paper", "reject", "archive"}),
        (on_paper(), {"promote", "reject"}),
        (waiting(), {"cancel"}),
    ],
    ids=lambda value: getattr(value, "status", ""),
)
def test_what_is_not_possible_is_published_with_a_warning(
    state: SignalState, kinds: set[str], tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = fill(tmp_path, VERSION, state, *bars(RISING, ticker="MSFT"))
    steps = [each for each in DECISION_KINDS if each != "accept-price"]

    warned = {kind: printed(capsys, kind, *data)[1] for kind in steps}

    # One that was taken already may be taken again in its place: its id says which comes first.
    taken = {each.kind for each in state.decisions}
    assert {kind for kind, err in warned.items() if not err} - taken == kinds
    assert len(broker.decisions()) == len(steps)


def test_the_warning_names_the_kind_and_the_status(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    del broker
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    _, err = printed(capsys, "promote", *data)

    assert err == (
        "Warning: `promote` is not possible for a signal that is passed; "
        "the worker will record it as refused\n"
    )


@pytest.mark.parametrize(
    ("at", "possible"),
    [("2025-11-03T12:00:00Z", True), ("2025-11-03T21:00:00Z", False)],
)
def test_a_cancel_is_weighed_at_its_own_time(
    at: str, possible: bool, tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    """Also for a signal that has been entered since: the entry is at the close, 21:00."""
    del broker
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    _, err = printed(capsys, "cancel", *data, "--at", at)

    assert (err == "") == possible


def test_a_suspect_price_is_accepted_by_its_session(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    suspect = passed(suspect_sessions=LABELS[2:4])
    data = fill(tmp_path, VERSION, suspect, *bars(RISING))

    told, err = printed(capsys, "accept-price", *data, "--session", LABELS[3])

    assert (told["session"], err) == (LABELS[3], "")
    assert len(broker.decisions()) == 1


def test_an_accepted_price_may_be_accepted_again(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    del broker
    accepted = [make_stage(kind="accept-price", session=LABELS[2])]
    data = fill(tmp_path, VERSION, passed(decisions=accepted), *bars(RISING))

    assert printed(capsys, "accept-price", *data, "--session", LABELS[2])[1] == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["accept-price"], "accept-price needs --session"),
        (["accept-price", "--session", LABELS[1]], f"expected one of {LABELS[2]}, {LABELS[3]}, "),
        (["stage", "--session", "2025-11-31"], "session: expected a date YYYY-MM-DD"),
        (["stage", "--at", "yesterday"], "expected a time as 2024-03-01T21:30:00Z"),
        (["stage", "--reason", "x" * 1001], "reason: expected at most 1000 characters"),
        (["stage", "--by", "x" * 201], "by: expected at most 200 characters"),
        (["undo"], "'undo' is not one of 'cancel'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_usage_error_publishes_nothing(
    words: list[str], told: str, tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    suspect = passed(suspect_sessions=LABELS[2:4])
    data = fill(tmp_path, VERSION, suspect, *bars(RISING))

    assert run(["decide", "--signal", "s-1", *REASON, *data, *words]) == 2

    out, err = capsys.readouterr()
    assert (out, broker.asked) == ("", [])
    assert told in err


def test_a_signal_without_a_suspect_price_has_none_to_accept(
    tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    words = ["accept-price", "--signal", "s-1", *REASON, *data, "--session", LABELS[1]]
    assert run(["decide", *words]) == 2

    assert "a signal with a suspect price" in capsys.readouterr().err
    assert broker.asked == []


@pytest.mark.parametrize("missing", ["--signal", "--reason"])
def test_whom_and_why_are_required(missing: str, capsys: Captured) -> None:
    words = {"--signal": "s-1", "--reason": "x"}
    del words[missing]

    assert run(["decide", "stage", *(each for pair in words.items() for each in pair)]) == 2

    assert f"Missing option '{missing}'" in capsys.readouterr().err


@pytest.mark.parametrize(("filled", "told"), [(True, "no signal 's-1'"), (False, "sink sqlite")])
def test_what_is_not_there_is_one_line(
    filled: bool, told: str, tmp_path: Path, capsys: Captured, broker: Broker
) -> None:
    if filled:
        fill(tmp_path, VERSION, passed(signal_id="s-2"))

    words = ["stage", "--signal", "s-1", *REASON, "--data", str(tmp_path)]
    assert run(["decide", *words]) == 1

    err = capsys.readouterr().err
    assert told in err
    assert (err.count("\n"), broker.asked) == (1, [])
