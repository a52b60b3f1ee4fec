"""Canonical JSON, and the identities that are hashes of it."""

import json
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from schemas.records import Signal


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, in hex."""
    return sha256(canonical_json(value)).hexdigest()


def signal_id_of(signal: Signal) -> str:
    """Return the signal's own id, or the hash of what makes it that signal."""
    if signal.signal_id is not None:
        return signal.signal_id
    claim = [
        signal.source,
        signal.model,
        signal.model_version,
        signal.ticker,
        signal.action,
        signal.horizon_sessions,
        signal.generated_at_ms,
    ]
    return f"s-{digest(claim)[:24]}"


def complete_payload(signal: Signal, default_horizon: int) -> Signal:
    """Return the payload as it is compared: with its id and its horizon."""
    horizon = signal.horizon_sessions
    return replace(
        signal,
        signal_id=signal_id_of(signal),
        horizon_sessions=default_horizon if horizon is None else horizon,
    )


def payload_hash(payload: Signal) -> str:
    """Return the hash of a complete payload."""
    fields = asdict(payload)
    return digest(fields)
