"""Inbound JSON: every rule that a record can break is named with its field."""

import json
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.codec import (
    decode_inbound,
    encode,
    from_json_fields,
)
from schemas.errors import DecodeError
from schemas.records import Signal, Tick
from schemas.rules import MAX_EVENT_MS, MIN_EVENT_MS
from tests.builders import make_signal
from tests.unit.schemas.inbound import (
    ACTION,
    DECISION,
    SIGNAL,
    TICK,
    YEAR_9999_MS,
    elements,
    in_json,
    the_error,
)


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
