"""The quick way of a signal from bytes: what it takes is what the careful one makes of it."""

import pickle
from copy import copy
from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import (
    HEADER_BYTES,
    decode,
    decode_body,
    decode_inbound,
    encode,
    encode_body,
    encode_fields,
    to_fields,
)
from schemas.identity import complete_payload, digest, payload_hash, signal_id_of
from schemas.records import Signal
from schemas.signal_asked import Asked, read_asked
from schemas.signal_codec import read_signal, signal_body, signal_of
from schemas.signal_input import checked_body, checked_json
from tests.builders import make_signal
from tests.unit.schemas.strategies import signals

PUBLISHED: dict[str, Any] = {
    "ticker": "AAPL", "action": "buy", "confidence": 0.6, "generated_at_ms": 1_704_207_600_000,
    "source": "tests", "source_kind": "LLM", "model": "m",
}  # fmt: skip
FULL: dict[str, Any] = {
    **PUBLISHED, "signal_id": "s-1", "horizon_sessions": 5, "model_version": "2",
    "data_kind": "Live", "reasoning": "買い", "risk_level": "low", "entry_price": 1.5,
    "target_price": 100, "stop_loss": 0.5, "position_size": 1e-9, "expected_return": -0.0,
    "latency_seconds": 2, "indicators": {"rsi": 3, "macd": -0.5},
}  # fmt: skip
values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=3),
    st.sampled_from((
        10**18, 2**63, 1e300, 1_704_207_600_000.0, "\x7f", "\x85", "é" * 201, "x" * 20_001, "a|b",
        "SELL", "hold", "REPLAY", "Human", 401, 400, {}, {"a": 1}, {"a": None}, {"a": "b"},
        {"k" * 201: 1.0}, {str(n): 1 for n in range(201)}, [], [1.0], "",
    )),
)  # fmt: skip


def careful(value: bytes) -> list[Any]:
    return [each for _, each in decode_inbound(value, (Signal,))]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from((PUBLISHED, FULL)),
    st.dictionaries(st.sampled_from((*FULL, "other")), values, max_size=3),
    st.sets(st.sampled_from(tuple(FULL)), max_size=1),
)
def test_json_taken_quickly_is_what_the_rules_make_of_it(
    base: dict[str, Any], changes: dict[str, Any], without: set[str]
) -> None:
    content = {name: each for name, each in {**base, **changes}.items() if name not in without}
    value = orjson.dumps(content)

    found = checked_json(value)

    if found is not None:
        assert repr(found) == repr(careful(value))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from((PUBLISHED, FULL)), st.dictionaries(st.sampled_from(tuple(FULL)), values))
def test_avro_taken_quickly_is_what_the_rules_make_of_it(
    base: dict[str, Any], changes: dict[str, Any]
) -> None:
    [signal] = careful(orjson.dumps(base))
    try:
        value = encode_fields("Signal", {**to_fields(signal), **changes})
    except (TypeError, ValueError, AttributeError, OverflowError):
        return

    found = checked_body(value[HEADER_BYTES:])

    if found is not None:
        assert repr([found]) == repr(careful(value))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_broken_avro_is_taken_only_as_it_is_read(data: st.DataObject) -> None:
    [signal] = careful(orjson.dumps(data.draw(st.sampled_from((PUBLISHED, FULL)))))
    body = bytearray(encode(signal)[HEADER_BYTES:])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    value = encode(signal)[:HEADER_BYTES] + bytes(body)

    for found in (checked_body(bytes(body)), read_signal(bytes(body))):
        if found is not None:
            assert repr(found).lower() == repr(decode(value)).lower()


@pytest.mark.parametrize("content", [PUBLISHED, FULL])
def test_what_is_usual_is_taken_quickly(content: dict[str, Any]) -> None:
    [signal] = careful(orjson.dumps(content))

    assert checked_json(orjson.dumps(content)) == [signal]
    assert checked_json(orjson.dumps([content, content])) == [signal, signal]
    assert checked_body(encode_body(signal)) == signal


def test_a_list_with_an_unusual_element_is_left_to_the_rules() -> None:
    assert checked_json(orjson.dumps([PUBLISHED, {**PUBLISHED, "confidence": 1}])) is None
    assert checked_json(b"[]") == []
    assert checked_json(b"{") is None


@settings(max_examples=200, deadline=None)
@given(signals)
def test_a_body_is_that_of_the_library_and_comes_back(signal: Signal) -> None:
    value = encode_fields("Signal", to_fields(signal))

    assert signal_body(signal) == value[HEADER_BYTES:] == encode_body(signal)
    assert read_signal(value[HEADER_BYTES:]) in (signal, None)
    assert decode_body(Signal, value[HEADER_BYTES:]) == signal


@settings(max_examples=200, deadline=None)
@given(signals)
def test_what_is_asked_of_a_body_is_what_its_signal_says(signal: Signal) -> None:
    found = read_asked(signal_body(signal), signal.action, signal.horizon_sessions or 1)

    if found is not None:
        horizon = {"horizon_sessions": signal.horizon_sessions or 1}
        said = {name: getattr(signal, name) for name in Asked._fields}
        assert found._asdict() == {**said, **horizon}


@pytest.mark.parametrize("content", [PUBLISHED, FULL])
def test_of_a_usual_signal_a_part_is_read(content: dict[str, Any]) -> None:
    [signal] = careful(orjson.dumps(content))
    signal = complete_payload(signal, 30)

    found = read_asked(signal_body(signal), signal.action, signal.horizon_sessions or 1)

    assert found is not None
    assert found == tuple(getattr(signal, name) for name in Asked._fields)


@pytest.mark.parametrize(
    "name", ["ticker", "action", "source", "source_kind", "model", "signal_id", "model_version",
             "data_kind"],
)  # fmt: skip
def test_of_a_signal_with_a_long_name_the_whole_is_read(name: str) -> None:
    for size in (63, 64, 127, 128, 200):
        signal = replace(complete_payload(careful(orjson.dumps(FULL))[0], 30), **{name: "x" * size})

        found = read_asked(signal_body(signal), signal.action, 5)

        assert (found is None) is (size > 63)
        assert found is None or found == tuple(getattr(signal, each) for each in Asked._fields)


def test_a_body_in_another_form_is_read_by_the_library() -> None:
    """A map may come in several blocks, with their sizes."""
    signal = make_signal(indicators={"a": 1.0})
    body = encode_body(signal)
    pair = b"\2a" + body[-9:-1]
    sized = body.removesuffix(b"\2" + pair + b"\0") + b"\1" + b"\x14" + pair + b"\0"

    assert read_signal(sized) is None
    assert decode_body(Signal, sized) == signal


@settings(max_examples=200, deadline=None)
@given(signals)
def test_a_payload_is_hashed_as_its_canonical_json(signal: Signal) -> None:
    try:
        expected = digest(asdict(signal))
    except ValueError:
        with pytest.raises(ValueError, match="JSON compliant"):
            payload_hash(signal)
        return

    assert payload_hash(signal) == expected


@settings(max_examples=200, deadline=None)
@given(signals)
def test_an_id_is_a_hash_of_the_canonical_json_of_the_claim(signal: Signal) -> None:
    bare = replace(signal, signal_id=None)
    claim = [bare.source, bare.model, bare.model_version, bare.ticker, bare.action,
             bare.horizon_sessions, bare.generated_at_ms]  # fmt: skip

    assert signal_id_of(bare) == f"s-{digest(claim)[:24]}"


@pytest.mark.parametrize(
    "changes", [{"confidence": 1}, {"entry_price": 10**20, "reasoning": '"\\\x01/é\u2028'}]
)
def test_numbers_of_other_types_are_hashed_alike(changes: dict[str, Any]) -> None:
    signal = make_signal(**changes)

    assert payload_hash(signal) == digest(asdict(signal))


def test_a_completed_signal_differs_in_nothing_else() -> None:
    [signal] = careful(orjson.dumps(FULL))
    bare = replace(signal, signal_id=None, horizon_sessions=None)

    complete = complete_payload(bare, 30)

    expected = replace(bare, signal_id=complete.signal_id, horizon_sessions=30)
    assert complete == expected
    assert complete_payload(signal, 30) is signal


def test_a_signal_made_quickly_is_like_any_other() -> None:
    signal = make_signal(indicators={"a": 1.0})

    quick = signal_of(*to_fields(signal).values())

    assert (quick, type(quick), repr(quick)) == (signal, Signal, repr(signal))
    assert copy(quick) == pickle.loads(pickle.dumps(quick)) == replace(quick) == signal
    with pytest.raises(FrozenInstanceError):
        quick.ticker = "MSFT"  # type: ignore[misc]
    assert encode(quick) == encode(signal)
