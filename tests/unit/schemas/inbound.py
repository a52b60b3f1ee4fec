"""Rows of each inbound topic that are good, and how their bytes are judged."""

import json
from typing import Any

from schemas import topics
from schemas.codec import (
    decode_inbound,
)
from schemas.errors import DecodeError

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
