"""A signal's state and its new events as records on the wire, in as few steps as can be.

What signals with the same facts share is put together once. The records are those of
`projection.project`, which the tests hold against these.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.codec import single_object_header
from schemas.policy import Policy
from schemas.records import AppliedDecision, Verdict
from schemas.writing import (
    NULL,
    array,
    boolean,
    number,
    some,
    some_number,
    some_text,
    some_word,
    text,
    word,
    zigzag,
)
from streams.domain.calendar import SessionCalendar
from streams.domain.kept import Kept
from streams.domain.lifecycle import VALIDATION_STATUS
from streams.domain.observations import Facts
from streams.domain.projection import STALE_SESSIONS, settle, still_suspect
from streams.domain.screen_value import screen_value
from streams.domain.signals import Entry
from streams.domain.telling import (
    Telling,
    Who,
    births,
    check_value,
    event_id,
    event_value,
    telling_of,
    transitions_value,
    who_of,
)


class Script(NamedTuple):
    """What is to be said of a signal, but for who it is and how it was screened."""

    policy: Policy
    tellings: tuple[Telling, ...]
    figures: bytes
    judged: bytes
    decisions: bytes
    suspect: bytes


class Said(NamedTuple):
    """A signal's state, encoded, and what its events are made of."""

    state: bytes
    who: Who
    tellings: Sequence[Telling]
    ids: Sequence[bytes]


def told_of(entry: Entry, calendar: SessionCalendar) -> Sequence[Telling]:
    """Return the transitions of a signal as it is now; each once, whatever comes to it later."""
    return _tellings(entry, _script(entry, calendar))


def say(entry: Entry, ticker: str, calendar: SessionCalendar, epoch: int) -> Said:
    """Return what is to be said of a signal as it is now."""
    script = _script(entry, calendar)
    tellings = _tellings(entry, script)
    who = who_of(entry.signal_id, ticker)
    ids = [event_id(each, who) for each in tellings]
    generated_at_ms = entry.generated_at_ms
    index = calendar.last_closed_at(generated_at_ms)
    stale = min(index + entry.window + STALE_SESSIONS, len(calendar.closes) - 1)
    state = b"".join(
        (
            single_object_header("SignalState"),
            who.avro,
            text(entry.payload_hash),
            entry.body,
            script.figures,
            screen_value(entry.policy, entry.payload, entry.market, index),
            script.judged,
            transitions_value(tellings, ids),
            script.decisions,
            _quarantined(entry),
            script.suspect,
            _SOME_BOOLEAN[entry.backdated],
            number(calendar.closes[stale]),
            number(epoch),
        )
    )
    return Said(state, who, tellings, ids)


def new_events(
    said: Said, told: Sequence[Telling], revisions: dict[str, int], epoch: int
) -> list[bytes]:
    """Return the events that were not told before, and count those that are told again."""
    known = {each.content for each in told}
    names = {each.name for each in told}
    found = []
    for telling, its_id in zip(said.tellings, said.ids, strict=True):
        if telling.content in known:
            continue
        revision = revisions.get(telling.name, 0)
        if telling.name in names:
            revision += 1
            revisions[telling.name] = revision
        found.append(event_value(telling, said.who, its_id, revision, epoch))
    return found


def _tellings(entry: Entry, script: Script) -> tuple[Telling, ...]:
    if entry.decisions:
        return script.tellings
    return births(entry.policy, entry.generated_at_ms) + script.tellings


def _script(entry: Entry, calendar: SessionCalendar) -> Script:
    """Return what follows from facts and decisions; without the latter, the first two steps go.

    Signals without decisions whose facts are the same have the same steps but for those two.
    """
    if entry.decisions:
        return _write(entry, calendar)
    key = calendar.name, id(entry.policy), entry.action, entry.window, entry.facts
    script = _SCRIPTS.get(key)
    if script is None:
        script = _write(entry, calendar)
        script = _SCRIPTS[key] = script._replace(tellings=script.tellings[2:])
    return script


def _write(entry: Entry, calendar: SessionCalendar) -> Script:
    facts, folded, verdict = settle(entry, entry.facts)
    checks = verdict.checks if verdict else ()
    policy = entry.policy
    return Script(
        policy,
        tuple([telling_of(policy, step, checks) for step in folded.steps]),
        _figures(facts, folded.status, entry.window, calendar),
        _judged(verdict) + word(policy.name) + word(policy.hash),
        array([_decision(each) for each in folded.decisions]),
        array([word(each) for each in still_suspect(facts, folded)]),
    )


def _figures(facts: Facts, status: str, window: int, calendar: SessionCalendar) -> bytes:
    return b"".join(
        (
            word(calendar.name),
            number(calendar.periods_per_year),
            number(window),
            word(status),
            word(VALIDATION_STATUS[status]),
            some_word(facts.entry_session),
            some_word(facts.last_session),
            some(facts.entry_price),
            some_number(facts.entry_index),
            some_word(facts.horizon_session),
            some(facts.net_return),
            some(facts.raw_return),
            some_word(facts.hit),
            some(facts.annual_return),
            some(facts.mae),
            some(facts.mfe),
        )
    )


def _judged(verdict: Verdict | None) -> bytes:
    if verdict is None:
        return NULL
    checks = array([check_value(each) for each in verdict.checks])
    return b"".join(
        (b"\2", word(verdict.status), checks, word(verdict.session), number(verdict.as_of_ms))
    )


def _decision(decision: AppliedDecision) -> bytes:
    return b"".join(
        (
            text(decision.decision_id),
            word(decision.kind),
            some_word(decision.session),
            number(decision.decided_at_ms),
            text(decision.by),
            text(decision.reason),
            boolean(decision.applied),
            some_text(decision.refusal),
        )
    )


def _quarantined(entry: Entry) -> bytes:
    return array(
        [text(each.payload_hash) + zigzag(each.generated_at_ms) for each in entry.quarantined]
    )


_SOME_BOOLEAN = {None: NULL, True: b"\2\1", False: b"\2\0"}
_SCRIPTS: Kept[tuple[str, int, str, int, Facts], Script] = Kept(1024)
