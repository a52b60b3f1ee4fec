"""PURE: what speaks against a signal but for its cohort, and the kind of signal that it is.

Most of what a report counts depends on few things that many signals have in
common: those are one `Kind`, found once, and a signal points to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from schemas.policy import FAIL, PASS, CheckRule, Policy, status_of
from sinks.cohort_members import cohort_key
from sinks.evidence.cohort import CohortKey
from sinks.portfolio import CHECK, full_screen
from sinks.readiness import (
    NO_POLICY,
    action_words,
    class_words,
    marks_of,
    screen_words,
    status_words,
    suspect_words,
    unmet,
)
from sinks.report_entries import Entry
from sinks.rows import SignalRow

Exposure = Mapping[str, tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """What signals that count alike have in common.

    `between` stands after the verdict's words and `after` behind the cohort's;
    `reasons` are the kinds of all reasons against but for the cohort's.
    `cohort` is None while no policy is known.
    """

    action: str
    model: str
    data_class: str
    status: str
    verdict: str
    matured: bool
    entered: bool
    hit: str | None
    screen: str
    reasons: frozenset[str]
    between: str
    after: str
    cohort: CohortKey | None


class Mark(NamedTuple):
    """What speaks against one signal before its cohort does, and its kind."""

    before: str
    kind: Kind


class Marker:
    """Says what speaks against signals under one policy; each kind is made once."""

    def __init__(self, policy: Policy | None, *, replay_counts: bool) -> None:
        self.policy = policy
        self._replay_counts = replay_counts
        self._kinds: dict[tuple[Any, ...], Kind] = {}
        rules = () if policy is None else policy.screen
        self._rule = next((each for each in rules if each.name == CHECK), None)

    def mark(self, entry: Entry, exposure: Exposure) -> Mark:
        """Return what speaks against a signal."""
        if self.policy is None:
            return Mark(NO_POLICY, self._kind(entry, entry.screen.status, ""))
        status, screen = self._screen(entry, exposure, self.policy)
        kind = self._kind(entry, status, screen.partition(":")[0])
        if entry.suspect_price:
            suspect = suspect_words(entry.suspect_sessions)
            return Mark(_joined(screen, entry.verdict_words, kind.between, suspect), kind)
        return Mark(_joined(screen, entry.verdict_words, kind.between), kind)

    def _screen(self, entry: Entry, exposure: Exposure, policy: Policy) -> tuple[str, str]:
        facts, rule = entry.screen, self._rule
        if facts.whole is not None:
            row = cast("SignalRow", entry._replace(screen=cast("Any", facts.whole)))
            screen = full_screen(row, exposure, policy)
            return screen["status"], screen_words(screen)
        status, words = facts.status, facts.words
        if rule is not None and entry.action != "HOLD":
            status, words = _with_exposure(entry, exposure, rule)
        if status == "passed":
            return status, ""
        return status, f"screen {status}: {words or facts.reason or 'no check was asked'}"

    def _kind(self, entry: Entry, screen: str, screen_reason: str) -> Kind:
        (_, _, action, status, source, source_kind, data_kind, backdated, model, version,
         horizon, *_) = entry  # fmt: skip
        matured, entered = entry.last_session is not None, entry.entry_session is not None
        key = (
            action, status, source, source_kind, data_kind, backdated, model, version, horizon,
            matured, entered, entry.hit, entry.verdict_status, screen, screen_reason,
            entry.suspect_price,
        )  # fmt: skip
        found = self._kinds.get(key)
        if found is None:
            found = self._kinds[key] = self._new_kind(entry, screen, screen_reason)
        return found

    def _new_kind(self, entry: Entry, screen: str, screen_reason: str) -> Kind:
        policy, name = self.policy, entry.model_name
        between: list[str] = []
        after: tuple[str, ...] = ()
        if policy is None:
            told = [NO_POLICY]
        else:
            marks = marks_of(entry.data_kind, entry.source_kind, entry.backdated)
            between = [
                status_words(entry.status, validated=entry.validated), action_words(entry.action)
            ]  # fmt: skip
            after = class_words(marks, policy, replay_counts=self._replay_counts)
            suspect = suspect_words(()) if entry.suspect_price else ""
            told = [screen_reason, entry.verdict_words, *between, suspect, *after]
        return Kind(
            action=entry.action,
            model=f"{name} {entry.model_version}" if entry.model_version else name,
            data_class=entry.data_class,
            status=entry.status,
            verdict=entry.verdict_status or "none",
            matured=entry.matured,
            entered=entry.entry_session is not None,
            hit=entry.hit,
            screen=screen,
            reasons=frozenset(each.partition(":")[0] for each in told if each),
            between=_joined(*between),
            after=_joined(*after),
            cohort=None if policy is None else cohort_key(cast("SignalRow", entry)),
        )


def against(mark: Mark, cohort: str) -> str:
    """Return everything against a signal, given what its cohort says against it."""
    return _joined(mark.before, cohort, mark.kind.after)


def _joined(*words: str) -> str:
    return "; ".join([each for each in words if each])


def _with_exposure(entry: Entry, exposure: Exposure, rule: CheckRule) -> tuple[str, str]:
    facts = entry.screen
    actual, reason = exposure.get(entry.signal_id, (None, "no exposure is known"))
    found = status_of(rule.op, rule.required, actual)
    if found == PASS:
        return facts.others, facts.words
    failed = found == FAIL or facts.others == "failed"
    check = {
        "name": CHECK, "op": rule.op, "required": rule.required, "actual": actual,
        "reason": reason,
    }  # fmt: skip
    return "failed" if failed else "insufficient", _joined(facts.words, unmet(check))


def entries_of_books(entries: Sequence[Entry]) -> Sequence[SignalRow]:
    """Return entries as what the evidence reads: it asks for no more than they have."""
    return cast("Sequence[SignalRow]", entries)
