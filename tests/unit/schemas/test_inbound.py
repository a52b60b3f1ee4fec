"""What comes in from outside is a checked record, or a DecodeError that says what is wrong."""

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas import topics
from schemas.codec import (
    MARKER,
    MAX_RECORD_BYTES,
    decode,
    encode,
    schema_names,
)
from schemas.errors import DecodeError
from schemas.records import Record, Signal, TickBatch
from schemas.rules import MAX_EVENT_MS, MIN_EVENT_MS
from tests.builders import make_action, make_batch, make_decision, make_signal, make_tick
from tests.unit.schemas.inbound import (
    ACTION,
    DECISION,
    SIGNAL,
    TICK,
    elements,
    in_json,
    the_error,
)
from tests.unit.schemas.samples import SAMPLES


@pytest.mark.parametrize(
    ("base", "topic"),
    [
        (SIGNAL, topics.SIGNALS),
        (TICK, topics.TICKS),
        (ACTION, topics.CORPORATE_ACTIONS),
        (DECISION, topics.DECISIONS),
    ],
)
def test_the_plain_examples_are_taken(base: dict[str, Any], topic: topics.Topic) -> None:
    [(index, record)] = elements(in_json(base), topic)

    assert index is None
    assert type(record) is topic.records[0]


@pytest.mark.parametrize("value", [None, b""])
@pytest.mark.parametrize("topic", topics.INBOUND)
def test_an_empty_value_is_refused(value: bytes | None, topic: topics.Topic) -> None:
    assert the_error(value, topic).error_class == "EmptyValue"


@pytest.mark.parametrize("start", [b"{", MARKER])
def test_more_than_a_megabyte_is_refused_unread(start: bytes) -> None:
    error = the_error(start + b" " * MAX_RECORD_BYTES, topics.SIGNALS)

    assert error.error_class == "TooLarge"
    assert str(MAX_RECORD_BYTES) in str(error)


def test_a_megabyte_is_taken() -> None:
    value = in_json(SIGNAL)
    value += b" " * (MAX_RECORD_BYTES - len(value))

    [(_, record)] = elements(value, topics.SIGNALS)

    assert isinstance(record, Signal)


class TestAvro:
    """Avro single-object bytes."""

    VALUE = encode(make_signal())

    def test_bytes_without_the_marker(self) -> None:
        error = the_error(b"hello", topics.SIGNALS)

        assert error.error_class == "BadAvro"
        assert "C3 01" in str(error)

    def test_an_unknown_fingerprint_is_named(self) -> None:
        error = the_error(MARKER + b"\x01\x02\x03\x04\x05\x06\x07\x08" + b"body", topics.SIGNALS)

        assert error.error_class == "UnknownSchema"
        assert "0102030405060708" in str(error)

    @pytest.mark.parametrize("name", schema_names())
    def test_truncated_anywhere(self, name: str) -> None:
        value = encode(SAMPLES[name])

        for length in range(1, len(value)):
            with pytest.raises(DecodeError) as raised:
                decode(value[:length])
            assert raised.value.error_class in ("BadAvro", "UnknownSchema")

    def test_trailing_bytes_are_counted(self) -> None:
        error = the_error(self.VALUE + b"12", topics.SIGNALS)

        assert error.error_class == "BadAvro"
        assert "2 bytes too many" in str(error)

    def test_a_record_of_another_topic(self) -> None:
        error = the_error(encode(make_tick()), topics.SIGNALS)

        assert error.error_class == "WrongRecord"
        assert str(error) == "expected Signal, was Tick"

    @pytest.mark.parametrize("name", ["session_bar", "signal_state", "dead_letter"])
    def test_an_outbound_record_on_an_inbound_topic(self, name: str) -> None:
        assert the_error(encode(SAMPLES[name]), topics.TICKS).error_class == "WrongRecord"

    def test_a_string_that_is_no_utf_8(self) -> None:
        value = self.VALUE.replace(b"AAPL", b"A\xff\xfeL")

        assert the_error(value, topics.SIGNALS).error_class == "BadAvro"

    @pytest.mark.parametrize("price", [float("nan"), float("inf"), -float("inf"), -1.0, 0.0, -0.0])
    def test_a_price_that_is_none(self, price: float) -> None:
        error = the_error(encode(make_tick(price=price)), topics.TICKS)

        assert str(error).startswith("price: ")
        assert str(price) in str(error)

    @pytest.mark.parametrize("confidence", [float("nan"), 1.5, -0.1])
    def test_a_confidence_that_is_no_probability(self, confidence: float) -> None:
        value = encode(make_signal(confidence=confidence))

        assert str(the_error(value, topics.SIGNALS)).startswith("confidence: ")

    @pytest.mark.parametrize(
        "name",
        [
            "entry_price",
            "target_price",
            "stop_loss",
            "position_size",
            "expected_return",
            "latency_seconds",
        ],
    )
    def test_a_number_that_canonical_json_cannot_hold(self, name: str) -> None:
        value = encode(make_signal(**{name: float("nan")}))

        assert str(the_error(value, topics.SIGNALS)).startswith(f"{name}: ")

    def test_an_indicator_that_is_no_number(self) -> None:
        value = encode(make_signal(indicators={"rsi": float("inf")}))

        assert str(the_error(value, topics.SIGNALS)).startswith("indicators.rsi: ")

    def test_a_batch_on_the_ticks_topic_is_taken_whole(self) -> None:
        """Its ticks are judged where its columns are read."""
        [(_, record)] = elements(encode(make_batch()), topics.TICKS)

        assert isinstance(record, TickBatch)


def test_case_is_folded() -> None:
    value = in_json(SIGNAL, action="sell", source_kind="LLM", data_kind="Replay")

    [(_, signal)] = elements(value, topics.SIGNALS)

    assert (signal.action, signal.source_kind, signal.data_kind) == ("SELL", "llm", "replay")


@pytest.mark.parametrize(
    ("record", "topic"),
    [
        (make_signal(action="hold"), topics.SIGNALS),
        (make_tick(size=3.0), topics.TICKS),
        (make_action(kind="Split"), topics.CORPORATE_ACTIONS),
        (make_action(kind="dividend"), topics.CORPORATE_ACTIONS),
        (make_decision(kind="CANCEL"), topics.DECISIONS),
    ],
)
def test_avro_and_json_mean_the_same(record: Record, topic: topics.Topic) -> None:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}

    assert elements(encode(record), topic) == elements(json.dumps(fields).encode(), topic)


def test_bounds_of_event_time_are_inclusive_and_exclusive() -> None:
    first = make_tick(ts_event_ms=MIN_EVENT_MS)
    last = make_tick(ts_event_ms=MAX_EVENT_MS - 1)

    for tick in (first, last):
        assert elements(encode(tick), topics.TICKS) == [(None, tick)]


def test_the_bytes_of_a_checked_record_are_taken_again() -> None:
    """A record that is sent on to its own partition passes there."""
    signal = replace(make_signal(), signal_id=None, horizon_sessions=None)

    [(_, first)] = elements(encode(signal), topics.SIGNALS)

    assert elements(encode(first), topics.SIGNALS) == [(None, first)]
