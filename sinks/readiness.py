"""PURE: whether a signal is ready for trading, with every reason for and against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.policy import PASS, Policy
from sinks.evidence.cohort import Cohort
from sinks.rows import SignalRow

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
        _screen(screen),
        _verdict(signal),
        *_status(signal),
        _action(signal),
        _price(signal),
        _cohort(cohort),
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


def marks_of(signal: SignalRow) -> tuple[str, ...]:
    """Return everything that sets a signal apart from live evidence; none where it is live."""
    marks = [signal.data_kind] if signal.data_kind != "live" else []
    if signal.source_kind == "fallback":
        marks.append("fallback")
    if signal.backdated:
        marks.append("backdated")
    return tuple(marks)


def unmet(check: Mapping[str, Any]) -> str:
    """Return in words why a stored check of a screen or verdict is not passed."""
    if check["actual"] is None:
        return f"{check['name']}: {check['reason']}"
    told = f"{check['name']}: expected {check['op']} {check['required']:g}, was {check['actual']:g}"
    # What it rests on: a rate's n, the mark of what is annualised.
    return f"{told} ({check['reason']})" if check["reason"] else told


def _screen(screen: Mapping[str, Any]) -> _Finding:
    if screen["status"] == "passed":
        return _Finding(speaks_for=True, words="screen passed")
    return _Finding(speaks_for=False, words=f"screen {screen['status']}: {_why(screen)}")


def _verdict(signal: SignalRow) -> _Finding:
    verdict = signal.verdict
    if verdict is None:
        words = f"no verdict yet: {signal.observations} of {signal.window_sessions} sessions"
        return _Finding(speaks_for=False, words=words)
    if signal.validated:
        return _Finding(speaks_for=True, words="verdict passed")
    return _Finding(speaks_for=False, words=f"verdict {verdict['status']}: {_why(verdict)}")


def _status(signal: SignalRow) -> Iterator[_Finding]:
    if signal.status == "passed":
        yield _Finding(speaks_for=True, words="not staged yet")
    elif signal.validated or signal.status in ("cancelled", "archived"):
        yield _Finding(speaks_for=False, words=f"already {signal.status}")


def _action(signal: SignalRow) -> _Finding:
    if signal.action == "HOLD":
        return _Finding(speaks_for=False, words="HOLD is no trade")
    return _Finding(speaks_for=True, words=f"{signal.action} is a trade")


def _price(signal: SignalRow) -> _Finding:
    if not signal.suspect_price:
        return _Finding(speaks_for=True, words="no suspect price")
    sessions = ", ".join(signal.suspect_sessions) or "its window"
    words = f"suspect price: a jump that nothing explains in {sessions}"
    return _Finding(speaks_for=False, words=words)


def _cohort(cohort: Cohort | None) -> _Finding:
    if cohort is None:
        return _Finding(speaks_for=False, words="no evidence of its cohort")
    if cohort.ready:
        return _Finding(speaks_for=True, words="cohort ready")
    why = "; ".join(cohort.reasons)
    return _Finding(
        speaks_for=False, words=f"cohort not ready: {why}" if why else "cohort not ready"
    )


def _evidence_class(signal: SignalRow, policy: Policy, replay_counts: bool) -> Iterator[_Finding]:
    # Each mark by itself: a fallback signal on synthetic data takes the leave of both.
    marks = marks_of(signal)
    if not marks:
        yield _Finding(speaks_for=True, words="live evidence")
    for mark in marks:
        if not allowed(mark, policy, replay_counts=replay_counts):
            yield _Finding(speaks_for=False, words=f"{mark} is not live evidence")
        elif mark in policy.also_ready:
            yield _Finding(speaks_for=True, words=f"{mark} counts by the policy")
        else:
            yield _Finding(speaks_for=True, words=f"{mark} counts here")


def _why(judged: Mapping[str, Any]) -> str:
    found = [unmet(each) for each in judged["checks"] if each["status"] != PASS]
    return "; ".join(found) or str(judged.get("reason") or "no check was asked")
