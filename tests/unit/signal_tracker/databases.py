"""Databases of a few signals that are ready, staged or on paper, as the sink stores them.

The policy looks at five sessions and asks a positive return; cohorts are asked nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.records import Record, Screen, SessionBar, SignalState, Verdict
from signal_tracker.stored import Stored, read_stored
from sinks.snapshot import DATABASE
from sinks.sqlite import SqliteSink
from streams.sessions import load_calendar
from tests.builders import make_policy, make_rule
from tests.oracle.bars import sessions_of
from tests.unit.sinks.policy_samples import make_policy_version
from tests.unit.sinks.samples import (
    GENERATED_MS,
    batch_of,
    make_bar,
    make_check,
    make_matured,
    make_stage,
    make_transition,
)

# Here, at the import: pandas deprecates what the library of the calendars does with it.
load_calendar("XNYS")
POLICY = make_policy(
    name="own",
    min_sessions=5,
    screen=(),
    checks=(make_rule("validation_period", 5.0), make_rule("annual_return", 0.1)),
    cohort=(),
)
VERSION = make_policy_version(POLICY)
SESSIONS = [each for each in sessions_of("AAPL") if each.label >= "2025-11-03"][:40]
LABELS = [each.label for each in SESSIONS]
# The signals are entered at the first session and mature at the sixth.
LAST = 5
RISING = [100.0 + n for n in range(6)]


def close_ms(at: int) -> int:
    return SESSIONS[at].close_ms


def bars(prices: Sequence[float], ticker: str = "AAPL") -> list[SessionBar]:
    """One bar a session, from that of the entry on."""
    return [
        make_bar(
            each.label,
            ticker=ticker,
            close_ms=each.close_ms,
            **dict.fromkeys(("open", "high", "low", "close"), price),
        )
        for each, price in zip(SESSIONS, prices, strict=False)
    ]


def passed(**changes: Any) -> SignalState:
    """A signal that came true over its window, and is ready."""
    status = changes.get("status", "passed")
    steps = ("registered", "awaiting_entry", "tracking", "matured", "passed")
    checks = [make_check(required=5.0, actual=5.0)]
    defaults = {
        "policy": POLICY.name,
        "policy_hash": POLICY.hash,
        "window_sessions": LAST,
        "screen": Screen(status="passed", checks=[], reason="the policy asks nothing"),
        "first_session": LABELS[0],
        "horizon_session": LABELS[LAST],
        "last_session": LABELS[LAST],
        "verdict": Verdict(
            status="passed", checks=checks, session=LABELS[LAST], as_of_ms=close_ms(LAST)
        ),
        "validation_status": "executed" if status == "paper" else "validated",
        "transitions": [
            make_transition(after, from_status=before, as_of_ms=as_of_ms)
            for before, after, as_of_ms in zip(
                (None, *steps),
                steps,
                (GENERATED_MS, GENERATED_MS, close_ms(0), close_ms(LAST), close_ms(LAST)),
                strict=False,
            )
        ],
    }
    return make_matured(**{**defaults, **changes})


def staged(session: str | None = LABELS[LAST], **changes: Any) -> SignalState:
    """The same, staged at the end of its window."""
    stage = make_stage(decided_at_ms=close_ms(LAST), session=session)
    return _stepped("staged", {"decisions": [stage], **changes})


def on_paper(session: str | None = LABELS[LAST], **changes: Any) -> SignalState:
    """The same, one session further and on paper."""
    stage = make_stage(decided_at_ms=close_ms(LAST), session=session)
    start = make_stage(decision_id="d-2", kind="start-paper", decided_at_ms=close_ms(LAST + 1))
    return _stepped("paper", {"decisions": [stage, start], **changes})


def _stepped(status: str, changes: dict[str, Any]) -> SignalState:
    names = {"stage": "staged", "start-paper": "paper"}
    transitions, before = list(passed().transitions), "passed"
    for each in changes["decisions"]:
        if each.applied and each.kind in names:
            transitions.append(
                make_transition(
                    names[each.kind],
                    from_status=before,
                    as_of_ms=each.decided_at_ms,
                    decision_id=each.decision_id,
                )
            )
            before = names[each.kind]
    return passed(**{"status": status, "transitions": transitions, **changes})


def fill(folder: Path, *records: Record) -> list[str]:
    """Store records; return the words that name the folder."""
    sink = SqliteSink(folder / DATABASE)
    sink.open()
    sink.write(batch_of(*records))
    sink.close()
    return ["--data", str(folder)]


def stored(folder: Path, *records: Record) -> Stored:
    """Store records beside the policy; return one look at them."""
    fill(folder, VERSION, *records)
    return read_stored(folder / DATABASE)
