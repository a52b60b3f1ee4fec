"""Whatever comes in from outside is a checked record or a DecodeError that names what is wrong."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.codec import (
    MARKER,
    MAX_RECORD_BYTES,
    decode,
    decode_fields,
    decode_inbound,
    encode,
    from_json_fields,
    schema_names,
)
from schemas.errors import DecodeError
from schemas.records import Record, Signal, Tick, TickBatch
from schemas.rules import MAX_EVENT_MS, MIN_EVENT_MS
from tests.builders import make_action, make_batch, make_decision, make_signal, make_tick
from tests.unit.schemas.samples import SAMPLES

SIGNAL: dict[str, Any] = {
    "ticker": "AAPL",
    "action": "BUY",
    "confidence": 0.6,
    "generated_at_ms": 1_704_207_600_000,
    "source": "tests",
    "source_kind": "rule",
    "model": "m",
}
TICK: dict[str, Any] = {"ticker": "AAPL", "price": 100.0, "ts_event_ms": 1_704_207_600_000}
ACTION: dict[str, Any] = {
    "ticker": "AAPL",
    "ex_date": "2024-01-04",
    "kind": "split",
    "ratio": 2,
}
DECISION: dict[str, Any] = {
    "decision_id": "d-1",
    "signal_id": "s-1",
    "ticker": "AAPL",
    "kind": "cancel",
    "decided_at_ms": 1_704_207_600_000,
}
YEAR_9999_MS = 253_370_764_800_000


def elements(value: bytes | None, topic: topics.Topic) -> list[tuple[int | None, Any]]:
    return list(decode_inbound(value, topic.records))


def the_error(value: bytes | None, topic: topics.Topic) -> DecodeError:
    [(index, error)] = elements(value, topic)
    assert index is None
    assert isinstance(error, DecodeError)
    return error


def in_json(base: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**base, **changes}).encode()


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


class TestJson:
    """JSON of the same schema."""

    @pytest.mark.parametrize(
        "value", [b"{", b'{"ticker": }', b"{'ticker': 1}", b'{"price": NaN}', b'{"a": "\xff"}']
    )
    def test_bad_json(self, value: bytes) -> None:
        assert the_error(value, topics.TICKS).error_class == "BadJson"

    def test_a_price_beyond_every_float(self) -> None:
        value = b'{"ticker": "AAPL", "ts_event_ms": 1704207600000, "price": 1e999}'

        assert the_error(value, topics.TICKS).error_class == "BadJson"

    @pytest.mark.parametrize(
        ("base", "topic"),
        [
            (SIGNAL, topics.SIGNALS),
            (TICK, topics.TICKS),
            (ACTION, topics.CORPORATE_ACTIONS),
            (DECISION, topics.DECISIONS),
        ],
    )
    def test_every_required_field_is_named_when_missing(
        self, base: dict[str, Any], topic: topics.Topic
    ) -> None:
        for name in base:
            if name in ("ratio", "ts_event_ms"):
                continue
            content = {key: value for key, value in base.items() if key != name}

            error = the_error(json.dumps(content).encode(), topic)

            assert (error.error_class, str(error)) == ("MissingField", f"{name}: missing")

    def test_an_unknown_field_is_named(self) -> None:
        error = the_error(in_json(SIGNAL, confidense=0.5), topics.SIGNALS)

        assert (error.error_class, str(error)) == (
            "UnknownField",
            "confidense: unknown field of Signal",
        )

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"confidence": 1.5}, "confidence"),
            ({"confidence": -0.01}, "confidence"),
            ({"confidence": "0.5"}, "confidence"),
            ({"confidence": None}, "confidence"),
            ({"confidence": True}, "confidence"),
            ({"action": "MAYBE"}, "action"),
            ({"action": ""}, "action"),
            ({"action": None}, "action"),
            ({"ticker": ""}, "ticker"),
            ({"ticker": "A B"}, "ticker"),
            ({"ticker": "A|B"}, "ticker"),
            ({"ticker": "A\n"}, "ticker"),
            ({"ticker": "A" * 65}, "ticker"),
            ({"ticker": 5}, "ticker"),
            ({"generated_at_ms": YEAR_9999_MS}, "generated_at_ms"),
            ({"generated_at_ms": MIN_EVENT_MS - 1}, "generated_at_ms"),
            ({"generated_at_ms": MAX_EVENT_MS}, "generated_at_ms"),
            ({"generated_at_ms": 1_704_207_600_000.5}, "generated_at_ms"),
            ({"generated_at_ms": "2024-01-02"}, "generated_at_ms"),
            ({"generated_at_ms": 2**63}, "generated_at_ms"),
            ({"source_kind": "oracle"}, "source_kind"),
            ({"data_kind": "dream"}, "data_kind"),
            ({"source": ""}, "source"),
            ({"model": "m" * 201}, "model"),
            ({"signal_id": ""}, "signal_id"),
            ({"signal_id": "a\x00b"}, "signal_id"),
            ({"horizon_sessions": 0}, "horizon_sessions"),
            ({"horizon_sessions": 401}, "horizon_sessions"),
            ({"horizon_sessions": 5.5}, "horizon_sessions"),
            ({"indicators": [1]}, "indicators"),
            ({"indicators": {"rsi": "high"}}, "indicators.rsi"),
            ({"indicators": {"rsi": None}}, "indicators.rsi"),
        ],
    )
    def test_a_signal_that_breaks_a_rule(self, changes: dict[str, Any], field: str) -> None:
        assert str(the_error(in_json(SIGNAL, **changes), topics.SIGNALS)).startswith(f"{field}: ")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"price": -1}, "price"),
            ({"price": 0}, "price"),
            ({"price": None}, "price"),
            ({"price": "100"}, "price"),
            ({"ts_event_ms": YEAR_9999_MS}, "ts_event_ms"),
            ({"ts_event_ms": None}, "ts_event_ms"),
            ({"ts_event_ms": -1, "session": "2024-01-02"}, "ts_event_ms"),
            ({"session": "9999-01-01"}, "session"),
            ({"session": "1979-12-31"}, "session"),
            ({"session": "2024-02-30"}, "session"),
            ({"session": "20240102"}, "session"),
            ({"session": "2024-1-2"}, "session"),
            ({"session": 20240102}, "session"),
            ({"revision": -1}, "revision"),
            ({"revision": 256}, "revision"),
            ({"final": 1}, "final"),
            ({"open": "yes"}, "open"),
        ],
    )
    def test_a_tick_that_breaks_a_rule(self, changes: dict[str, Any], field: str) -> None:
        assert str(the_error(in_json(TICK, **changes), topics.TICKS)).startswith(f"{field}: ")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"kind": "merger"}, "kind"),
            ({"ratio": 0}, "ratio"),
            ({"ratio": -2}, "ratio"),
            ({"ratio": None}, "ratio"),
            ({"kind": "dividend"}, "amount"),
            ({"kind": "dividend", "amount": -0.1}, "amount"),
            ({"ex_date": "9999-01-01"}, "ex_date"),
            ({"ex_date": "soon"}, "ex_date"),
            ({"revision": -1}, "revision"),
        ],
    )
    def test_an_action_that_breaks_a_rule(self, changes: dict[str, Any], field: str) -> None:
        value = in_json(ACTION, **changes)

        assert str(the_error(value, topics.CORPORATE_ACTIONS)).startswith(f"{field}: ")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"kind": "buy"}, "kind"),
            ({"decision_id": ""}, "decision_id"),
            ({"signal_id": "x" * 201}, "signal_id"),
            ({"ticker": " "}, "ticker"),
            ({"decided_at_ms": YEAR_9999_MS}, "decided_at_ms"),
            ({"session": "tomorrow"}, "session"),
            ({"kind": "accept-price"}, "session"),
        ],
    )
    def test_a_decision_that_breaks_a_rule(self, changes: dict[str, Any], field: str) -> None:
        value = in_json(DECISION, **changes)

        assert str(the_error(value, topics.DECISIONS)).startswith(f"{field}: ")

    def test_a_list_is_judged_element_by_element(self) -> None:
        """The good ones count, each bad one says its index and carries its own JSON."""
        value = json.dumps([TICK, {**TICK, "price": -1}, 7, {**TICK, "session": None}]).encode()

        found = elements(value, topics.TICKS)

        assert [index for index, _ in found] == [0, 1, 2, 3]
        assert [type(each) for _, each in found] == [Tick, DecodeError, DecodeError, Tick]
        assert orjson.loads(found[1][1].element) == {**TICK, "price": -1}
        assert found[2][1].element == b"7"

    def test_an_empty_list_holds_nothing(self) -> None:
        assert elements(b"[]", topics.TICKS) == []

    def test_a_week_date_is_no_date(self) -> None:
        """2024-W01-4 is 2024-01-04, but a second key for the same split."""
        for value, topic in (
            (in_json(TICK, session="2024-W01-2"), topics.TICKS),
            (in_json(ACTION, ex_date="2024-W01-4"), topics.CORPORATE_ACTIONS),
            (in_json(DECISION, session="2024-W01-4"), topics.DECISIONS),
        ):
            assert "expected a date YYYY-MM-DD" in str(the_error(value, topic))

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_a_time_that_is_no_number(self, number: float) -> None:
        """Whoever reads CSV or Parquet hands NaN over as a value."""
        for cls, base, name in ((Signal, SIGNAL, "generated_at_ms"), (Tick, TICK, "ts_event_ms")):
            with pytest.raises(DecodeError, match=f"^{name}: "):
                from_json_fields(cls, {**base, name: number})


@pytest.mark.parametrize("depth", [300, 1000])
def test_deep_nesting_is_refused_like_anything_else(depth: int) -> None:
    for nested in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        for form in ("[%s]", '{"ticker": %s}', '[{"ticker": %s}]', '{"ticker": "A", "x": %s}'):
            value = (form % nested).encode()
            for topic in topics.INBOUND:
                errors = [error for _, error in decode_inbound(value, topic.records)]
                assert [type(each) for each in errors] == [DecodeError]


def test_a_message_stays_short_whatever_it_quotes() -> None:
    """A dead letter holds it beside the bytes, and has to pass a broker's 1 MB."""
    long = "x" * 900_000
    for value, topic in (
        (in_json(SIGNAL, **{long: 1}), topics.SIGNALS),
        (in_json(DECISION, kind=long), topics.DECISIONS),
        (in_json(ACTION, ex_date=long), topics.CORPORATE_ACTIONS),
        (in_json(TICK, session="\x01" * 150_000), topics.TICKS),
        (in_json(SIGNAL, indicators={long: "a"}), topics.SIGNALS),
        (encode(make_signal(indicators={long: float("nan")})), topics.SIGNALS),
    ):
        assert len(str(the_error(value, topic)).encode()) < 1000


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


def test_the_bytes_of_a_checked_record_are_taken_again() -> None:
    """A record that is sent on to its own partition passes there."""
    signal = replace(make_signal(), signal_id=None, horizon_sessions=None)

    [(_, first)] = elements(encode(signal), topics.SIGNALS)

    assert elements(encode(first), topics.SIGNALS) == [(None, first)]
