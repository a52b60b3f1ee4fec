"""PURE: whether a signal is ready for trading, with every reason for and against."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.policy import PASS, Policy
from sinks.evidence.cohort import Cohort
from sinks.rows import SignalRow

NO_POLICY = "no policy: the row of the one that judges it has not come"

_HERE = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What speaks for and against trading a signal; ready where nothing is against it."""

    signal_id: str
    ready: bool
    for_: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    speaks_for: bool
    words: str


def readiness_of(
    signal: SignalRow,
    cohort: Cohort | None,
    screen: Mapping[str, Any],
    policy: Policy,
    replay_counts: bool,
) -> Readiness:
    """Return whether a signal is ready for trading, by its full screen and its cohort."""
    findings = [
        _finding(screen_words(screen), "screen passed"),
        _finding(
            verdict_words(signal.verdict, signal.observations, signal.window_sessions)[1],
            "verdict passed",
        ),
        *_status(signal),
        _finding(action_words(signal.action), f"{signal.action} is a trade"),
        _finding(
            suspect_words(signal.suspect_sessions) if signal.suspect_price else "",
            "no suspect price",
        ),
        _finding(cohort_words(cohort), "cohort ready"),
        *_evidence_class(signal, policy, replay_counts),
    ]
    against = tuple(each.words for each in findings if not each.speaks_for)
    return Readiness(
        signal_id=signal.signal_id,
        ready=not against,
        for_=tuple(each.words for each in findings if each.speaks_for),
        against=against,
    )


def allowed(data_class: str, policy: Policy, *, replay_counts: bool) -> bool:
    """Say whether evidence of a class may make anything ready for trading."""
    replayed = replay_counts and data_class == _HERE
    return data_class == "live" or replayed or data_class in policy.also_ready


def marks_of(data_kind: str, source_kind: str, backdated: bool | None) -> tuple[str, ...]:
    """Return everything that sets a signal apart from live evidence; none where it is live."""
    marks = [data_kind] if data_kind != "live" else []
    if source_kind == "fallback":
        marks.append("fallback")
    if backdated:
        marks.append("backdated")
    return tuple(marks)


def unmet(check: Mapping[str, Any]) -> str:
    """Return in words why a stored check of a screen or verdict is not passed."""
    if check["actual"] is None:
        return f"{check['name']}: {check['reason']}"
    told = f"{check['name']}: expected {check['op']} {check['required']:g}, was {check['actual']:g}"
    # What it rests on: a rate's n, the mark of what is annualised.
    return f"{told} ({check['reason']})" if check["reason"] else told


def screen_words(screen: Mapping[str, Any]) -> str:
    """Return what a screen says against a signal; '' where nothing."""
    status = screen["status"]
    return "" if status == "passed" else f"screen {status}: {_why(screen)}"


def verdict_words(
    verdict: Mapping[str, Any] | None, observations: int, window: int
) -> tuple[str | None, str]:
    """Return the status of a verdict, and what it says against the signal; '' where nothing."""
    if verdict is None:
        return None, f"no verdict yet: {observations} of {window} sessions"
    status = str(verdict["status"])
    return status, "" if status == "passed" else f"verdict {status}: {_why(verdict)}"


def status_words(status: str, *, validated: bool) -> str:
    """Return what a signal's status says against it; '' where nothing."""
    over = status != "passed" and (validated or status in ("cancelled", "archived"))
    return f"already {status}" if over else ""


def action_words(action: str) -> str:
    """Return what the action says against a signal; '' where nothing."""
    return "HOLD is no trade" if action == "HOLD" else ""


def suspect_words(sessions: Sequence[str]) -> str:
    """Return what suspect prices in these sessions say against a signal."""
    return f"suspect price: a jump that nothing explains in {', '.join(sessions) or 'its window'}"


def cohort_words(cohort: Cohort | None) -> str:
    """Return what its cohort says against a signal; '' where nothing."""
    if cohort is None:
        return "no evidence of its cohort"
    if cohort.ready:
        return ""
    why = "; ".join(cohort.reasons)
    return f"cohort not ready: {why}" if why else "cohort not ready"


def class_words(marks: Sequence[str], policy: Policy, *, replay_counts: bool) -> tuple[str, ...]:
    """Return what the marks of a signal's evidence say against it."""
    return tuple(
        f"{mark} is not live evidence"
        for mark in marks
        if not allowed(mark, policy, replay_counts=replay_counts)
    )


def _finding(against: str, for_: str) -> _Finding:
    return _Finding(speaks_for=not against, words=against or for_)


def _status(signal: SignalRow) -> Iterator[_Finding]:
    if signal.status == "passed":
        yield _Finding(speaks_for=True, words="not staged yet")
    elif against := status_words(signal.status, validated=signal.validated):
        yield _Finding(speaks_for=False, words=against)


def _evidence_class(signal: SignalRow, policy: Policy, replay_counts: bool) -> Iterator[_Finding]:
    # Each mark by itself: a fallback signal on synthetic data takes the leave of both.
    marks = marks_of(signal.data_kind, signal.source_kind, signal.backdated)
    if not marks:
        yield _Finding(speaks_for=True, words="live evidence")
    for mark in marks:
        against = class_words([mark], policy, replay_counts=replay_counts)
        where = "by the policy" if mark in policy.also_ready else "here"
        yield _finding("".join(against), f"{mark} counts {where}")


def _why(judged: Mapping[str, Any]) -> str:
    found = [unmet(each) for each in judged["checks"] if each["status"] != PASS]
    return "; ".join(found) or str(judged.get("reason") or "no check was asked")
