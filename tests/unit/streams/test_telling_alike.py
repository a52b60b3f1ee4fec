"""What a group's template writes of each signal is what is written of it alone."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.identity import payload_hash
from schemas.records import Signal
from streams.domain.observations import NOT_ENTERED, Facts
from streams.domain.signals import Entry, Member
from streams.domain.telling_alike import Template
from streams.domain.telling_state import NOTHING_TOLD, new_events, say, told_of
from tests.builders import EPOCH_MS, HOUR_MS
from tests.unit.streams.closed_bars import CALENDAR
from tests.unit.streams.test_telling import entries, facts_of_bars

names = st.sampled_from(("m", "s-1", "é" * 9, "long " * 20))


@st.composite
def alike(draw: st.DrawFn) -> tuple[Entry, list[Entry]]:
    """A plain signal, and others that differ from it in what a group may differ in."""
    first = draw(entries())
    plain = Entry(payload=first.payload, payload_hash=first.payload_hash, policy=first.policy)
    plain.facts, plain.market = draw(facts_of_bars()), first.market
    payloads = [
        replace(
            first.payload,
            signal_id=f"s-{number}",
            confidence=draw(st.sampled_from((0.0, 0.5, 0.75))),
            generated_at_ms=EPOCH_MS + draw(st.integers(-99 * HOUR_MS, HOUR_MS)),
            source=draw(names),
            source_kind=draw(st.sampled_from(("llm", "rule"))),
            model=draw(names),
            data_kind=draw(st.sampled_from(("live", "replay"))),
            reasoning=draw(st.sampled_from((None, "x", "y" * 300))),
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return plain, [_entry(plain, each, draw(st.booleans())) for each in payloads]


def _entry(like: Entry, payload: Signal, late: bool) -> Entry:
    return Entry(
        payload=payload, payload_hash=payload_hash(payload), policy=like.policy, facts=like.facts,
        market=like.market, published_ms=EPOCH_MS + 999 * HOUR_MS if late else None,
    )  # fmt: skip


def _member(entry: Entry) -> Member:
    published = -1 if entry.published_ms is None else entry.published_ms
    hashed = bytes.fromhex(entry.payload_hash)
    at = entry.generated_at_ms
    return Member(entry.signal_id, hashed, entry.body, at, published, CALENDAR.last_closed_at(at))


def _before(facts: Facts, *, entered: bool) -> Facts:
    """Return the facts of before the last ones: entered, or not yet."""
    if not entered:
        return NOT_ENTERED
    names = ("entry_session", "entry_index", "entry_close_ms", "entry_price", "suspect_sessions")
    return Facts(**{name: getattr(facts, name) for name in names})


@settings(max_examples=300, deadline=None)
@given(alike(), st.booleans())
def test_a_group_says_what_each_of_it_says(group: tuple[Entry, list[Entry]], entered: bool) -> None:
    like, members = group
    ticker = like.payload.ticker
    entered = entered and like.facts != NOT_ENTERED
    before = _before(like.facts, entered=entered)
    template = Template(like, int(entered), ticker, CALENDAR, 7)

    said = template.say([_member(each) for each in members])

    assert said.states == [
        (each.signal_id, say(each, ticker, CALENDAR, 7).state) for each in members
    ]
    events = []
    for each in members:
        now, each.facts = say(each, ticker, CALENDAR, 7), before
        found = new_events(now, told_of(each, CALENDAR), {}, 7)
        events += [(each.signal_id, value) for value in found]
    assert said.events == events


@settings(max_examples=100, deadline=None)
@given(alike())
def test_a_new_group_tells_its_births_too(group: tuple[Entry, list[Entry]]) -> None:
    like, members = group
    ticker = like.payload.ticker

    said = Template(like, 0, ticker, CALENDAR, 7).say([_member(each) for each in members], new=True)

    assert said.events == [
        (each.signal_id, value)
        for each in members
        for value in new_events(say(each, ticker, CALENDAR, 7), NOTHING_TOLD, {}, 7)
    ]
