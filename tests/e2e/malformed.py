"""Values that no rule lets in, and what has to be said about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.codec import MARKER, encode
from schemas.topics import SIGNALS, TICKS, Topic
from tests.builders import make_signal, make_tick

YEAR_9999_MS = 253_370_764_800_000

SIGNAL: Mapping[str, Any] = {
    "ticker": "AAPL",
    "action": "BUY",
    "confidence": 0.6,
    "generated_at_ms": 1_704_207_600_000,
    "source": "elsewhere",
    "source_kind": "rule",
    "model": "m",
    "signal_id": "malformed",
}
TICK: Mapping[str, Any] = {"ticker": "AAPL", "price": 1.0, "session": "2024-01-02"}
FINGERPRINT_OF_A_SIGNAL = encode(make_signal())[2:10]


def json_of(record: Mapping[str, Any], **changes: Any) -> bytes:
    return orjson.dumps({**record, **changes})


def without(record: Mapping[str, Any], name: str) -> bytes:
    return orjson.dumps({key: value for key, value in record.items() if key != name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A value that no rule lets in, and what has to be said about it."""

    name: str
    topic: Topic
    value: bytes | None
    error_class: str
    says: str


MALFORMED = [
    Malformed(name=name, topic=topic, value=value, error_class=error_class, says=says)
    for name, topic, value, error_class, says in (
        ("Avro cut short", SIGNALS, encode(make_signal())[:-5], "BadAvro", "Signal"),
        ("Avro and more", TICKS, encode(make_tick()) + b"more", "BadAvro", "too many"),
        (
            "Avro of noise",
            SIGNALS,
            MARKER + FINGERPRINT_OF_A_SIGNAL + b"\xff" * 40,
            "BadAvro",
            "Signal",
        ),
        ("a tick among signals", SIGNALS, encode(make_tick()), "WrongRecord", "was Tick"),
        (
            "unknown fingerprint",
            TICKS,
            MARKER + b"\x01\x02\x03\x04\x05\x06\x07\x08" + b"body",
            "UnknownSchema",
            "0102030405060708",
        ),
        ("neither Avro nor JSON", TICKS, b"AAPL,185.64", "BadAvro", "C3 01"),
        ("bad JSON", SIGNALS, b'{"ticker": "AAPL", "action": ', "BadJson", "bad JSON"),
        ("NaN in JSON", TICKS, b'{"ticker":"AAPL","price":NaN}', "BadJson", "bad JSON"),
        ("signal without ticker", SIGNALS, without(SIGNAL, "ticker"), "MissingField", "ticker"),
        ("tick without ticker", TICKS, without(TICK, "ticker"), "MissingField", "ticker"),
        ("confidence", SIGNALS, json_of(SIGNAL, confidence=1.5), "InvalidRecord", "confidence"),
        ("action", SIGNALS, json_of(SIGNAL, action="MAYBE"), "InvalidRecord", "MAYBE"),
        ("price -1", TICKS, json_of(TICK, price=-1), "InvalidRecord", "price"),
        ("price NaN", TICKS, encode(make_tick(price=float("nan"))), "InvalidRecord", "price"),
        (
            "session of 9999",
            TICKS,
            json_of(TICK, session="9999-12-31"),
            "InvalidRecord",
            "9999-12-31",
        ),
        (
            "tick of 9999",
            TICKS,
            orjson.dumps({"ticker": "AAPL", "price": 1, "ts_event_ms": YEAR_9999_MS}),
            "InvalidRecord",
            "ts_event_ms",
        ),
        (
            "signal of 9999",
            SIGNALS,
            json_of(SIGNAL, generated_at_ms=YEAR_9999_MS),
            "InvalidRecord",
            "generated_at_ms",
        ),
        ("unknown field", SIGNALS, json_of(SIGNAL, horizon=5), "UnknownField", "horizon"),
        ("empty signal", SIGNALS, b"", "EmptyValue", "empty"),
        ("tombstone", TICKS, None, "EmptyValue", "empty"),
    )
]
