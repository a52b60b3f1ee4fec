"""Whatever the bytes are, judging them never raises anything but a DecodeError."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.codec import (
    decode_fields,
    decode_inbound,
    encode,
)
from schemas.errors import DecodeError
from tests.unit.schemas.inbound import (
    ACTION,
    DECISION,
    SIGNAL,
    TICK,
)
from tests.unit.schemas.samples import SAMPLES

FUZZ = settings(max_examples=100, deadline=None)
headers = st.sampled_from([encode(each)[:10] for each in SAMPLES.values()])
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
field_names = st.sampled_from(sorted({*SIGNAL, *TICK, *ACTION, *DECISION, "indicators", "session"}))


def judged(value: bytes) -> None:
    for topic in topics.INBOUND:
        for _, element in decode_inbound(value, topic.records):
            assert isinstance(element, DecodeError) or type(element) in topic.records


@FUZZ
@given(st.binary(max_size=60))
@example(b"\xc3\x01")
@example(b"[")
def test_any_bytes_are_judged(value: bytes) -> None:
    judged(value)
    with pytest.raises(DecodeError):
        decode_fields(value)


@FUZZ
@given(headers, st.binary(max_size=60))
def test_any_body_behind_a_known_fingerprint_is_judged(header: bytes, body: bytes) -> None:
    judged(header + body)


@FUZZ
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_record_with_one_changed_byte_is_judged(name: str, data: st.DataObject) -> None:
    value = bytearray(encode(SAMPLES[name]))
    at = data.draw(st.integers(10, len(value) - 1))
    value[at] = data.draw(st.integers(0, 255))

    judged(bytes(value))


@FUZZ
@given(
    st.sampled_from([SIGNAL, TICK, ACTION, DECISION]),
    st.dictionaries(field_names, json_values, max_size=2),
)
def test_any_json_is_judged(base: dict[str, Any], changes: dict[str, Any]) -> None:
    judged(json.dumps({**base, **changes}).encode("utf-8", "surrogatepass"))


@FUZZ
@given(st.lists(json_values, max_size=4))
def test_any_json_list_is_judged(values: Sequence[Any]) -> None:
    judged(json.dumps(values).encode("utf-8", "surrogatepass"))
