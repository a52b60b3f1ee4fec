"""Which payload holds a signal id, by the letter of the specification's section 2."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

MIN_SESSIONS = 30

Record = Mapping[str, Any]
Row = dict[str, Any]

_DEFAULTS: Row = {
    "ticker": None,
    "action": None,
    "confidence": None,
    "generated_at_ms": None,
    "source": None,
    "source_kind": None,
    "model": None,
    "signal_id": None,
    "horizon_sessions": MIN_SESSIONS,
    "model_version": "",
    "data_kind": "live",
    "reasoning": None,
    "risk_level": None,
    "entry_price": None,
    "target_price": None,
    "stop_loss": None,
    "position_size": None,
    "expected_return": None,
    "latency_seconds": None,
    "indicators": None,
}
_FLOATS = (
    "confidence",
    "entry_price",
    "target_price",
    "stop_loss",
    "position_size",
    "expected_return",
    "latency_seconds",
)


def holding_payloads(signals: Iterable[Record]) -> dict[str, Row]:
    """Return of every signal id the payload that holds it, with its defaults."""
    payloads: dict[str, list[Row]] = {}
    for signal in signals:
        payload = complete_payload(signal)
        payloads.setdefault(payload["signal_id"], []).append(payload)
    return {
        signal_id: min(rivals, key=lambda one: (one["generated_at_ms"], record_hash(one)))
        for signal_id, rivals in payloads.items()
    }


def complete_payload(signal: Record) -> Row:
    """Return the signal with folded case, its id and every default filled in."""
    given = {name: value for name, value in signal.items() if value is not None}
    payload = {**_DEFAULTS, **given}
    payload["action"] = payload["action"].upper()
    payload["source_kind"] = payload["source_kind"].lower()
    payload["data_kind"] = payload["data_kind"].lower()
    for name in _FLOATS:
        if payload[name] is not None:
            payload[name] = float(payload[name])
    if payload["indicators"] is not None:
        payload["indicators"] = {k: float(v) for k, v in payload["indicators"].items()}
    if payload["signal_id"] is None:
        payload["signal_id"] = derived_id(payload, signal.get("horizon_sessions"))
    return payload


def derived_id(payload: Record, published_horizon: int | None) -> str:
    """Return the id of a signal that was published without one."""
    facts = [
        payload["source"],
        payload["model"],
        payload["model_version"],
        payload["ticker"],
        payload["action"],
        published_horizon,
        payload["generated_at_ms"],
    ]
    return "s-" + record_hash(facts)[:24]


def record_hash(record: object) -> str:
    """Return the SHA-256 of the canonical JSON."""
    text = json.dumps(
        record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()
