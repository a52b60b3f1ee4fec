"""From a signal's entry and facts to its whole state and its transitions."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.codec import to_fields
from schemas.identity import digest
from schemas.policy import FAIL, INSUFFICIENT, verdict_of
from schemas.records import Check, SignalState, Transition, ValidationEvent, Verdict
from streams.domain.calendar import SessionCalendar
from streams.domain.lifecycle import (
    ACCEPT_PRICE,
    CANCELLED,
    DECISION_RANK,
    NOT_YET_ENTERED,
    PUBLISHED,
    QUARANTINED,
    RANKS,
    VALIDATION_STATUS,
    Fact,
    Folded,
    Step,
    fold_facts,
    revised_as,
)
from streams.domain.observations import NOT_ENTERED, Facts
from streams.domain.policy import Judged, judge
from streams.domain.screen import screen_of
from streams.domain.signals import Entry

STALE_SESSIONS = 10


class Projection(NamedTuple):
    """The state of a signal and the events of the transitions that hold."""

    state: SignalState
    events: list[ValidationEvent]


def settle(entry: Entry, facts: Facts) -> tuple[Facts, Folded, Verdict | None]:
    """Return the facts that count, the status and the verdict.

    A signal cancelled before its entry has no entry and is not evaluated.
    """
    verdict = _verdict(entry, facts)
    folded = fold_facts(
        [*_market_facts(entry, facts, verdict), *_decision_facts(entry)],
        facts.suspect_sessions,
    )
    if folded.status == CANCELLED:
        return NOT_ENTERED, folded, None
    return facts, folded, verdict


def project(entry: Entry, calendar: SessionCalendar, epoch: int) -> Projection:
    """Return the whole state of a signal from its entry and the facts in it."""
    facts, folded, verdict = settle(entry, entry.facts)
    checks = verdict.checks if verdict else []
    events = [_event(entry, step, checks, epoch) for step in folded.steps]
    payload = entry.payload
    index = calendar.last_closed_at(payload.generated_at_ms)
    state = SignalState(
        signal_id=entry.signal_id,
        ticker=payload.ticker,
        payload_hash=entry.payload_hash,
        payload=payload,
        calendar=calendar.name,
        periods_per_year=calendar.periods_per_year,
        window_sessions=entry.window,
        status=folded.status,
        validation_status=VALIDATION_STATUS[folded.status],
        screen=screen_of(entry.policy, payload, entry.market, index),
        policy=entry.policy.name,
        policy_hash=entry.policy.hash,
        stale_after_ms=calendar.close_of_nth_after(
            payload.generated_at_ms, entry.window + STALE_SESSIONS
        ),
        first_session=facts.entry_session,
        last_session=facts.last_session,
        entry_price=facts.entry_price,
        entry_index=facts.entry_index,
        horizon_session=facts.horizon_session,
        net_return=facts.net_return,
        raw_return=facts.raw_return,
        hit=facts.hit,
        annual_return=facts.annual_return,
        mae=facts.mae,
        mfe=facts.mfe,
        verdict=verdict,
        transitions=[
            _transition(step, event) for step, event in zip(folded.steps, events, strict=True)
        ],
        decisions=folded.decisions,
        quarantined=entry.quarantined,
        suspect_sessions=still_suspect(facts, folded),
        backdated=entry.backdated,
        epoch=epoch,
    )
    return Projection(state, events)


def quarantine_event(lost: Entry, epoch: int) -> ValidationEvent:
    """Return the event that says that a payload lost its id."""
    reason = f"payload {lost.payload_hash} lost this id"
    fact = Fact(lost.generated_at_ms, 0, "", QUARANTINED, None, reason)
    return _event(lost, Step(None, QUARANTINED, fact), [], epoch)


def _market_facts(entry: Entry, facts: Facts, verdict: Verdict | None) -> list[Fact]:
    start = entry.generated_at_ms
    found = [
        _fact(start, "register", None, PUBLISHED),
        _fact(start, "await-entry", None, NOT_YET_ENTERED),
    ]
    if facts.entry_close_ms is not None:
        reason = f"entry at the close of {facts.entry_session}"
        found.append(_fact(facts.entry_close_ms, "enter", facts.entry_session, reason))
    if verdict is not None:
        session, as_of_ms = verdict.session, verdict.as_of_ms
        found += [
            _fact(as_of_ms, "mature", session, f"{entry.window} sessions observed"),
            _fact(as_of_ms, verdict.status, session, _why(verdict.checks)),
        ]
    return found


def _decision_facts(entry: Entry) -> list[Fact]:
    return [
        Fact(
            each.decided_at_ms,
            DECISION_RANK,
            each.decision_id,
            each.kind,
            each.session,
            each.reason,
            each.by,
        )
        for each in entry.decisions.values()
    ]


def _fact(as_of_ms: int, kind: str, session: str | None, reason: str) -> Fact:
    return Fact(as_of_ms, RANKS[kind], "", kind, session, reason)


def _verdict(entry: Entry, facts: Facts) -> Verdict | None:
    if facts.last_session is None or facts.last_close_ms is None:
        return None
    judged = Judged(action=entry.action, observations=entry.window, facts=facts)
    checks = judge(entry.policy, judged)
    return Verdict(
        status=verdict_of([each.status for each in checks]),
        checks=checks,
        session=facts.last_session,
        as_of_ms=facts.last_close_ms,
    )


def still_suspect(facts: Facts, folded: Folded) -> list[str]:
    """Return the suspect sessions whose price nobody has accepted."""
    accepted = {
        each.session for each in folded.decisions if each.applied and each.kind == ACCEPT_PRICE
    }
    return [each for each in facts.suspect_sessions if each not in accepted]


def _why(checks: Sequence[Check]) -> str:
    for status in (FAIL, INSUFFICIENT):
        names = [each.name for each in checks if each.status == status]
        if names:
            return f"{status}: {', '.join(names)}"
    return "every check passed"


def _event(entry: Entry, step: Step, checks: list[Check], epoch: int) -> ValidationEvent:
    fact = step.fact
    judged = checks if fact.rank == RANKS["passed"] else []
    content = {
        "signal_id": entry.signal_id,
        "ticker": entry.payload.ticker,
        "from_status": step.from_status,
        "to_status": step.to_status,
        "reason": fact.reason,
        "checks": [to_fields(each) for each in judged],
        "policy": entry.policy.name,
        "policy_hash": entry.policy.hash,
        "session": fact.session,
        "as_of_ms": fact.as_of_ms,
    }
    return ValidationEvent(
        event_id=digest(content)[:32],
        signal_id=entry.signal_id,
        ticker=entry.payload.ticker,
        from_status=step.from_status,
        to_status=step.to_status,
        reason=fact.reason,
        checks=judged,
        policy=entry.policy.name,
        policy_hash=entry.policy.hash,
        session=fact.session,
        as_of_ms=fact.as_of_ms,
        revision=entry.revisions.get(revised_as(step.to_status), 0),
        epoch=epoch,
    )


def _transition(step: Step, event: ValidationEvent) -> Transition:
    return Transition(
        from_status=step.from_status,
        to_status=step.to_status,
        as_of_ms=event.as_of_ms,
        session=event.session,
        reason=event.reason,
        decision_id=step.fact.decision_id or None,
        event_id=event.event_id,
    )
