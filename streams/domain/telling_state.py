"""A signal's state and its new events as records on the wire, in as few steps as can be.

What signals with the same facts share is put together once. The records are those of
`projection.project`, which the tests hold against these.
"""

from typing import NamedTuple

from schemas.codec import header_of
from schemas.records import AppliedDecision, Verdict
from schemas.writing import (
    NULL,
    array,
    boolean,
    moment,
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
from streams.domain.lifecycle import VALIDATION_STATUS, VERDICTS
from streams.domain.observations import Facts
from streams.domain.projection import STALE_SESSIONS, settle, still_suspect
from streams.domain.screen_value import screen_value
from streams.domain.signals import Entry
from streams.domain.telling import (
    Birth,
    Telling,
    Who,
    birth_id,
    births,
    check_value,
    event_id,
    event_value,
    market_telling,
    telling_of,
    who_of,
)


class Script(NamedTuple):
    """What is to be said of a signal, but for who it is and how it was screened.

    Its tellings go on after the births, where it has them; the contents of the tellings lie
    before their names.
    """

    births: tuple[Birth, ...]
    tellings: tuple[Telling, ...]
    contents: dict[bytes, str]
    head: bytes
    figures: bytes
    judged: bytes
    decisions: bytes
    suspect: bytes


class Said(NamedTuple):
    """A signal's state, encoded, and what its events are made of."""

    state: bytes
    script: Script
    who: Who
    as_of: bytes
    ids: list[bytes]


def told_of(entry: Entry, calendar: SessionCalendar) -> Script:
    """Return what was said of a signal as it is now."""
    return _script(entry, calendar)


def say(entry: Entry, ticker: str, calendar: SessionCalendar, epoch: int) -> Said:
    """Return what is to be said of a signal as it is now."""
    script = _script(entry, calendar)
    who = who_of(entry.signal_id, ticker)
    generated_at_ms = entry.generated_at_ms
    as_of = moment(generated_at_ms)
    index = calendar.last_closed_at(generated_at_ms)
    closes = calendar.closes
    parts = [
        _HEADER,
        who.avro,
        _HASH_HEAD,
        entry.payload_hash.encode(),
        entry.body,
        script.figures,
        screen_value(entry.policy, entry.asked, entry.market, index),
        script.judged,
        script.head,
    ]
    ids = []
    if script.births:
        digits = b"%d" % generated_at_ms
        for birth in script.births:
            its_id = birth_id(birth, who, digits)
            ids.append(its_id)
            before, after = birth.transition
            parts += (before, as_of, after, its_id)
    for telling in script.tellings:
        its_id = event_id(telling, who)
        ids.append(its_id)
        parts += (telling.transition, its_id)
    parts += (
        _END if ids else b"",
        script.decisions,
        _quarantined(entry) if entry.quarantined else _END,
        script.suspect,
        _SOME_BOOLEAN[entry.backdated],
        number(closes[min(index + entry.window + STALE_SESSIONS, len(closes) - 1)]),
        number(epoch),
    )
    return Said(b"".join(parts), script, who, as_of, ids)


def new_events(said: Said, told: Script, revisions: dict[str, int], epoch: int) -> list[bytes]:
    """Return the events that were not told before, and count those that are told again."""
    script = said.script
    # Births of one signal are the same, and so known.
    common = len(script.births) if told.births else 0
    known = told.contents if common else _contents(told, said.as_of)
    now = script.contents if common else _contents(script, said.as_of)
    found = []
    for (content, name), its_id in zip(now.items(), said.ids[common:], strict=True):
        if content in known:
            continue
        revision = revisions.get(name, 0)
        if name in known.values():
            revision += 1
            revisions[name] = revision
        found.append(event_value(said.who, content, its_id, revision, epoch))
    return found


def _contents(script: Script, as_of: bytes) -> dict[bytes, str]:
    """Return content and name of all transitions."""
    if not script.births:
        return script.contents
    return {each.content + as_of: each.name for each in script.births} | script.contents


def _script(entry: Entry, calendar: SessionCalendar) -> Script:
    """Return what follows from facts and decisions.

    Signals without decisions whose facts are the same say the same after they are born.
    """
    if entry.decisions:
        return _write(entry, calendar, ())
    facts = entry.facts
    # Most come one after the other with the very same facts, whose hash is dear.
    place = id(facts), entry.action, entry.window, id(entry.policy), calendar.name
    known = _LATELY.get(place)
    if known is not None and known[0] is facts:
        return known[1]
    script = _LATELY[place] = facts, _script_of(entry, calendar)
    return script[1]


def _script_of(entry: Entry, calendar: SessionCalendar) -> Script:
    key = calendar.name, id(entry.policy), entry.action, entry.window, entry.facts
    script = _SCRIPTS.get(key)
    if script is None:
        script = _write(entry, calendar, births(entry.policy))
        _SCRIPTS[key] = script
    return script


def _write(entry: Entry, calendar: SessionCalendar, first: tuple[Birth, ...]) -> Script:
    facts, folded, verdict = settle(entry, entry.facts)
    checks = verdict.checks if verdict else ()
    policy = entry.policy
    tellings = tuple(
        [
            telling_of(policy, step, checks)
            if step.to_status in VERDICTS
            else market_telling(policy, step)
            for step in folded.steps[len(first) :]
        ]
    )
    return Script(
        first,
        tellings,
        {each.content: each.name for each in tellings},
        number(len(folded.steps)) if folded.steps else b"",
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


_END = b"\0"
_SOME_BOOLEAN = {None: NULL, True: b"\2\1", False: b"\2\0"}
NOTHING_TOLD = Script((), (), {}, b"", b"", b"", b"", b"")
_HEADER = header_of("SignalState")
_HASH_HEAD = number(64)
_LATELY: Kept[tuple[int, str, int, int, str], tuple[Facts, Script]] = Kept(64)
_SCRIPTS: Kept[tuple[str, int, str, int, Facts], Script] = Kept(1024)
