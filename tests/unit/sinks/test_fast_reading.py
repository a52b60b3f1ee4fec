"""The quick readers of states and observations say what the general decoder says, or leave it."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import decode_fields, encode
from schemas.errors import DecodeError
from schemas.records import (
    Check,
    Observation,
    Observations,
    SignalState,
    ValidationEvent,
    Verdict,
)
from sinks.decoding import decode_batch
from sinks.observation_blocks import blocks_of, read_blocks
from sinks.observation_columns import ObservationBlock
from sinks.state_reading import event_texts, read_event, read_state, state_texts
from tests.unit.sinks.samples import (
    lost,
    make_check,
    make_event,
    make_matured,
    make_observation,
    make_stage,
    make_state,
    make_transition,
    raw,
)

WORDS = st.text(alphabet="ab'\"\\é\n\x7f ", max_size=70)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SESSIONS = st.sampled_from(["2025-11-04", "2099-12-31", "1970-01-01"])


def elements(ids: st.SearchStrategy[str], ks: st.SearchStrategy[int]) -> Any:
    return st.builds(
        Observation,
        signal_id=ids,
        payload_hash=st.sampled_from(["a" * 64, "b" * 64]),
        session=st.just("2025-11-04"),
        k=ks,
        **dict.fromkeys(
            ("close", "raw_return", "signed_return", "max_drawdown", "mae", "mfe"), FLOATS
        ),
    )


UNIFORM = elements(st.sampled_from(["s-1", "s-2"]), st.integers(1, 63))
LATE = elements(st.sampled_from(["s-1", "s-2"]), st.integers(64, 8191))
MIXED = elements(WORDS, st.integers(-70, 9000))


@st.composite
def records(draw: st.DrawFn) -> Observations:
    kind = draw(st.sampled_from([UNIFORM, LATE, MIXED]))
    return Observations(
        ticker=draw(WORDS),
        session=draw(SESSIONS),
        close_ms=draw(st.integers(-(2**63), 2**63 - 1)),
        elements=draw(st.lists(kind, max_size=12)),
        epoch=draw(st.integers(0, 2**40)),
    )


def shown(blocks: list[ObservationBlock]) -> list[tuple[Any, ...]]:
    return [
        (e.ticker, e.session, e.day, e.epoch, e.keys.pairs(), e.k, repr(e.values)) for e in blocks
    ]


@given(records())
def test_a_record_of_observations_is_read_as_the_general_decoder_does(record: Observations) -> None:
    value = encode(record)
    found = read_blocks(value)

    if found is not None:
        assert shown(found) == shown(blocks_of(decode_fields(value)[1]))


@pytest.mark.parametrize("k", [1, 63, 64, 400])
def test_a_record_of_one_shape_is_read_at_once(k: int) -> None:
    record = Observations(
        ticker="AAPL",
        session="2025-11-04",
        close_ms=1,
        elements=[make_observation("2025-11-04", k, signal_id=f"s-{n:03}") for n in range(200)],
    )
    (found,) = read_blocks(encode(record)) or []

    assert len(found) == 200
    assert found.keys.pairs()[7] == ("s-007", "aa")
    assert set(found.k) == {k}


def eight(**changes: Any) -> bytes:
    part = [make_observation("2025-11-04", 1, signal_id=f"s-{n}") for n in range(7)]
    last = make_observation(**{"session": "2025-11-04", "k": 1, "signal_id": "s-7", **changes})
    return encode(
        Observations(ticker="A", session="2025-11-04", close_ms=1, elements=[*part, last])
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"signal_id": "s-70"},
        {"signal_id": "s-\0"},
        {"signal_id": "é7"},
        {"payload_hash": "ab" * 40},
        {"session": "2025-11-05"},
        {"k": 64},
        {"mfe": math.nan},
        {"close": math.inf},
    ],
)
def test_an_element_of_another_shape_is_left_to_the_general_decoder(changes: Any) -> None:
    assert read_blocks(eight(**changes)) is None


@pytest.mark.parametrize("session", ["", "2025-11-4", "2025-02-30", "20251104", "1969-12-31"])
def test_an_observation_of_no_session_is_a_dead_letter(session: str) -> None:
    elements = [make_observation(session, 1, signal_id=f"s-{n}") for n in range(9)]
    record = Observations(ticker="A", session="x", close_ms=1, elements=elements)

    batch = decode_batch([raw(encode(record), topic="observations")])

    (letter,) = batch.dead_letters
    assert "expected YYYY-MM-DD" in letter["message"]
    assert not batch.observations


CHECKS = st.builds(
    Check,
    name=WORDS,
    op=st.sampled_from([">=", "=="]),
    required=FLOATS,
    actual=st.none() | FLOATS,
    status=WORDS,
    reason=WORDS,
)


@st.composite
def states(draw: st.DrawFn) -> SignalState:
    checks = draw(st.lists(CHECKS, max_size=4))
    verdict = Verdict(status=draw(WORDS), checks=checks, session=draw(WORDS), as_of_ms=7)
    make = draw(st.sampled_from([make_state, make_matured]))
    changes: dict[str, Any] = {
        "verdict": draw(st.none() | st.just(verdict)),
        "transitions": [
            make_transition(draw(WORDS), as_of_ms=draw(st.integers(0, 2**62)), session=None)
            for _ in range(draw(st.integers(0, 3)))
        ],
        "decisions": [make_stage()] * draw(st.integers(0, 1)),
        "quarantined": [lost("zz", 1)] * draw(st.integers(0, 1)),
        "suspect_sessions": draw(st.lists(WORDS, max_size=2)),
        "backdated": draw(st.none() | st.booleans()),
        "indicators": draw(st.none() | st.dictionaries(WORDS, FLOATS, max_size=3)),
        "reasoning": draw(st.none() | WORDS),
        "generated_at_ms": draw(st.integers(0, 2**43)),
    }
    return make(**changes)


@settings(max_examples=200)
@given(states())
def test_a_state_is_read_as_the_general_decoder_does(state: SignalState) -> None:
    value = encode(state)
    found = read_state(value)

    if not long_word(state):
        assert (found is None) == bool(state.decisions or state.quarantined)
    if found is not None:
        assert found == state_texts(decode_fields(value)[1])


def long_word(state: SignalState) -> bool:
    checks = [*state.screen.checks, *(state.verdict.checks if state.verdict else [])]
    words = [each for e in checks for each in (e.name, e.op, e.status)]
    words += [each.to_status for each in state.transitions]
    return any(len(each.encode()) > 63 for each in words)


@st.composite
def events(draw: st.DrawFn) -> ValidationEvent:
    return make_event(
        draw(WORDS),
        from_status=draw(st.none() | WORDS),
        reason=draw(WORDS),
        checks=draw(st.lists(CHECKS, max_size=3)),
        session=draw(st.none() | WORDS),
        as_of_ms=draw(st.integers(0, 2**62)),
        revision=draw(st.integers(-70, 2**31 - 1)),
        epoch=draw(st.integers(-70, 2**40)),
    )


@settings(max_examples=200)
@given(events())
def test_an_event_is_read_as_the_general_decoder_does(event: ValidationEvent) -> None:
    value = encode(event)
    found = read_event(value)

    if not any(len((e.name + e.status).encode()) > 63 for e in event.checks):
        assert found is not None
    if found is not None:
        assert found == event_texts(decode_fields(value)[1])


def test_every_kept_check_is_read_from_its_bytes_alone() -> None:
    for reason in ("ab", "a" * 63, "a" * 64, "ab" * 300, "é" * 5000, "ab"):
        value = encode(make_event(checks=[make_check(reason=reason)] * 2))
        assert read_event(value) == event_texts(decode_fields(value)[1])


STATE = encode(make_matured(transitions=[make_transition("a")], indicators={"x": 1.0}))
EVENT = encode(make_event(checks=[make_check()], from_status="a"))
RECORD = encode(
    Observations(
        ticker="A",
        session="2025-11-04",
        close_ms=1,
        elements=[make_observation("2025-11-04", 1, signal_id=f"s-{n}") for n in range(6)],
    )
)


def general_state(value: bytes) -> Any:
    try:
        name, content = decode_fields(value)
    except DecodeError:
        return None
    return state_texts(content) if name == "SignalState" else None


def general_event(value: bytes) -> Any:
    try:
        name, content = decode_fields(value)
    except DecodeError:
        return None
    return event_texts(content) if name == "ValidationEvent" else None


def general_blocks(value: bytes) -> Any:
    try:
        name, content = decode_fields(value)
        return shown(blocks_of(content)) if name == "Observations" else None
    except DecodeError:
        return None


@settings(max_examples=400)
@given(st.data())
def test_broken_bytes_are_never_read_as_anything_else(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([STATE, EVENT, RECORD]))
    at = data.draw(st.integers(0, len(whole)))
    gone = data.draw(st.integers(0, 3))
    value = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + gone :]

    state, event, blocks = read_state(value), read_event(value), read_blocks(value)

    if state is not None:
        assert repr(state) == repr(general_state(value))
    if event is not None:
        assert repr(event) == repr(general_event(value))
    if blocks is not None:
        assert shown(blocks) == general_blocks(value)


def test_every_check_of_a_state_is_shown_in_one_form() -> None:
    state = make_matured(
        verdict=Verdict(status="x", checks=[make_check()], session="s", as_of_ms=1)
    )
    found = read_state(encode(state))

    assert found is not None
    assert found["verdict"] == (
        '{"as_of_ms":1,"checks":[{"actual":30.0,"name":"validation_period","op":">=",'
        '"reason":"observed sessions","required":30.0,"status":"pass"}],'
        '"session":"s","status":"x"}'
    )


def test_a_number_beyond_64_bits_is_left_to_the_general_decoder() -> None:
    """SQLite takes no such number: the sink would end of it, at every start again."""
    value = encode(make_event(as_of_ms=2**62))
    at = value.index(b"\x80" * 8)
    beyond = value[: at + 9] + b"\x7f" + value[at + 10 :]

    assert read_event(value) is not None
    assert read_event(beyond) is None
    [event] = decode_batch([raw(beyond, topic="validation-events")]).events
    assert -(2**63) <= event["as_of_ms"] < 2**63
