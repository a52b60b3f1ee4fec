"""What goes out of a signal is, byte for byte, its projection; whatever is shared or kept."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.identity import complete_payload, payload_hash
from schemas.policy import Policy
from schemas.records import DECISION_KINDS, Decision, Quarantined, ValidationEvent
from streams.domain.indicators import Market
from streams.domain.lifecycle import revised_as
from streams.domain.observations import NOT_ENTERED, Facts
from streams.domain.projection import project
from streams.domain.signals import Entry
from streams.domain.telling_state import NOTHING_TOLD, Script, new_events, say, told_of
from streams.policy_files import load_policy
from tests.builders import EPOCH_MS, HOUR_MS, make_signal
from tests.unit.streams.closed_bars import CALENDAR
from tests.unit.streams.fold import RULES

POLICY = RULES.policies.versions[0]
POLICIES = (
    POLICY,
    *load_policy("mvs").versions,
    *load_policy("monetization").versions,
    replace(POLICY, checks=(), screen=()),
    replace(POLICY, cost_bps_per_side=0.0),
)
TICKERS = ("AAPL", 'A"\\é')
AT = CALENDAR.last_closed_at(EPOCH_MS)
floats = st.floats(-2.0, 2.0).map(lambda each: each + 0.0) | st.sampled_from((0.0, 0.1, 0.02))
some_floats = st.none() | floats
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@st.composite
def facts_of_bars(draw: st.DrawFn) -> Facts:
    """Not entered, entered, at its horizon or mature; as the bars may say it."""
    stage = draw(st.integers(0, 3))
    if not stage:
        return NOT_ENTERED
    entry, last = AT + draw(st.integers(1, 3)), AT + draw(st.integers(4, 40))
    facts = Facts(
        entry_session=CALENDAR.label(entry),
        entry_index=entry,
        entry_close_ms=CALENDAR.closes[entry],
        entry_price=draw(st.floats(0.01, 1e6)),
        suspect_sessions=draw(st.sampled_from(((), ("2024-01-04",), ("2024-01-04", "2024-01-05")))),
    )
    if stage > 1:
        facts = facts._replace(
            horizon_session=CALENDAR.label(last), net_return=draw(floats), raw_return=draw(floats),
            hit=draw(st.sampled_from(("hit", "miss"))), annual_return=draw(some_floats),
            mae=draw(floats), mfe=draw(floats),
        )  # fmt: skip
    if stage > 2:
        facts = facts._replace(
            last_session=CALENDAR.label(last),
            last_close_ms=CALENDAR.closes[last],
            max_drawdown=draw(floats),
        )
    return facts


markets = st.none() | st.builds(
    Market, last_index=st.integers(AT - 12, AT), last_close=floats.map(lambda each: abs(each) + 1),
    sma20=some_floats, sma50=some_floats, volatility=some_floats.map(lambda v: v and abs(v)),
    volatility_percentile=some_floats, bars=st.integers(1, 272),
)  # fmt: skip

decisions = st.builds(
    Decision, decision_id=texts, signal_id=st.just("s"), ticker=st.just("AAPL"),
    kind=st.sampled_from(DECISION_KINDS),
    decided_at_ms=st.integers(-30, 400).map(lambda hours: EPOCH_MS + hours * HOUR_MS)
    | st.sampled_from(CALENDAR.closes[AT + 1 : AT + 12]),
    session=st.sampled_from((None, "2024-01-04", "2024-01-05")), by=texts, reason=texts,
)  # fmt: skip


@st.composite
def entries(draw: st.DrawFn, policy: Policy | None = None) -> Entry:
    """A signal with anything that may be true of it."""
    policy = policy or draw(st.sampled_from(POLICIES))
    signal = make_signal(
        ticker=draw(st.sampled_from(TICKERS)),
        action=draw(st.sampled_from(("BUY", "SELL", "HOLD"))),
        confidence=draw(st.floats(0, 1)),
        generated_at_ms=EPOCH_MS + draw(st.integers(0, HOUR_MS)),
        source_kind=draw(st.sampled_from(("llm", "rule"))),
        signal_id=draw(texts.filter(bool)),
        horizon_sessions=draw(st.sampled_from((None, 1, 5, 30, 400))),
        data_kind=draw(st.sampled_from(("live", "replay"))),
        reasoning=draw(st.none() | st.sampled_from(("", "  x ", "y" * 40))),
        target_price=draw(st.none() | st.sampled_from((-0.0, 0.0, -1.0, 90.0, 1e308))),
        expected_return=draw(some_floats | st.sampled_from((-0.0, 1e308))),
        indicators=draw(st.none() | st.dictionaries(texts, floats, max_size=2)),
    )
    payload = complete_payload(signal, policy.min_sessions)
    lost = [Quarantined(payload_hash="ab" * 32, generated_at_ms=EPOCH_MS)]
    held = draw(st.just([]) | st.lists(decisions, max_size=4))
    return Entry(
        payload=payload,
        payload_hash=payload_hash(payload),
        policy=policy,
        facts=draw(facts_of_bars()),
        market=draw(markets),
        published_ms=draw(st.none() | st.sampled_from((EPOCH_MS, EPOCH_MS + 999 * HOUR_MS))),
        quarantined=draw(st.sampled_from(([], lost))),
        decisions={each.decision_id: each for each in held},
        revisions=draw(st.sampled_from(({}, {"tracking": 2}, {"verdict": 1, "registered": 300}))),
    )


def told_events(entry: Entry, told: Script = NOTHING_TOLD) -> list[ValidationEvent]:
    said = say(entry, entry.payload.ticker, CALENDAR, 7)
    found = [decode(each) for each in new_events(said, told, dict(entry.revisions), 7)]
    return [each for each in found if isinstance(each, ValidationEvent)]


@settings(max_examples=300, deadline=None)
@given(entries())
def test_state_and_events_are_those_of_the_projection(entry: Entry) -> None:
    state, events = project(entry, CALENDAR, 7)

    said = say(entry, entry.payload.ticker, CALENDAR, 7)

    assert said.state == encode(state)
    values = new_events(said, NOTHING_TOLD, dict(entry.revisions), 7)
    assert values == [encode(each) for each in events]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_event_is_told_once_and_a_changed_one_again(data: st.DataObject) -> None:
    """By its id, as a reader knows it: the fold of what was and what is."""
    before = data.draw(entries(POLICY))
    told, told_ids = told_of(before, CALENDAR), project(before, CALENDAR, 7).events
    known = {each.event_id for each in told_ids}
    names = {revised_as(each.to_status) for each in told_ids}
    after, later = before, data.draw(entries(POLICY))
    after.facts, after.decisions = later.facts, later.decisions

    expected = [
        replace(each, revision=each.revision + (revised_as(each.to_status) in names))
        for each in project(after, CALENDAR, 7).events
        if each.event_id not in known
    ]

    assert told_events(after, told) == expected


@settings(max_examples=100, deadline=None)
@given(entries())
def test_a_signal_says_the_same_from_its_packed_payload(entry: Entry) -> None:
    claimed = entry.signal_id, entry.action, entry.generated_at_ms, entry.horizon
    packed = Entry(
        packed=entry.body,
        claimed=claimed,
        **{
            name: getattr(entry, name)
            for name in (
                "payload_hash", "policy", "facts", "market", "published_ms", "quarantined",
                "decisions", "revisions",
            )
        },
    )  # fmt: skip

    said = say(packed, entry.payload.ticker, CALENDAR, 7)

    assert said.state == say(entry, entry.payload.ticker, CALENDAR, 7).state


def test_a_transition_told_again_is_counted() -> None:
    entry = _entered()
    said = say(entry, "AAPL", CALENDAR, 0)
    told = told_of(entry, CALENDAR)
    entry.facts = entry.facts._replace(entry_close_ms=CALENDAR.closes[AT + 2])
    revisions = {"tracking": 4}

    values = new_events(say(entry, "AAPL", CALENDAR, 0), told, revisions, 0)

    assert revisions == {"tracking": 5}
    assert [getattr(decode(each), "revision", None) for each in values] == [5]
    assert new_events(said, told, revisions, 0) == []


def test_the_first_two_transitions_are_made_of_their_time_alone() -> None:
    for at in (0, 5, 63, 64, EPOCH_MS):
        entry = _entered(generated_at_ms=at)

        state, events = project(entry, CALENDAR, 0)

        said = say(entry, "AAPL", CALENDAR, 0)
        assert said.state == encode(state)
        assert new_events(said, NOTHING_TOLD, {}, 0) == [encode(each) for each in events]


def _entered(**changes: Any) -> Entry:
    payload = complete_payload(make_signal(**changes), 30)
    index = AT + 1
    return Entry(
        payload=payload,
        payload_hash=payload_hash(payload),
        policy=POLICY,
        facts=Facts(
            entry_session=CALENDAR.label(index),
            entry_index=index,
            entry_close_ms=CALENDAR.closes[index],
            entry_price=1.0,
        ),
    )


@pytest.mark.parametrize("changes", [{"name": "other"}, {"hash": "0" * 64}])
def test_two_policies_are_not_taken_for_one(changes: dict[str, str]) -> None:
    """Also where a second one has the name and rules of the first."""
    one = _entered()
    other = _entered()
    other.policy = replace(POLICY, **changes)  # type: ignore[arg-type]

    first, second = (say(each, "AAPL", CALENDAR, 0).state for each in (one, other))

    assert first == encode(project(one, CALENDAR, 0).state)
    assert second == encode(project(other, CALENDAR, 0).state) != first
