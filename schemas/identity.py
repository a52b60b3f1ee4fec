"""Canonical JSON, and the identities that are hashes of it."""

import json
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any

from schemas.records import Signal
from schemas.signal_codec import complete


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
    signal_id, horizon = signal.signal_id, signal.horizon_sessions
    if signal_id is not None and horizon is not None:
        return signal
    return complete(signal, signal_id_of(signal), default_horizon if horizon is None else horizon)


def payload_hash(payload: Signal) -> str:
    """Return the hash of a complete payload."""
    return sha256(_canonical_signal(payload)).hexdigest()


def _canonical_signal(it: Signal) -> bytes:
    """Return the canonical JSON of a signal, which is written out here: it is all that differs."""
    indicators = it.indicators
    said = "null" if indicators is None else canonical_json(dict(indicators)).decode()
    return (
        f'{{"action":{_quoted(it.action)},"confidence":{_number(it.confidence)}'
        f',"data_kind":{_quoted(it.data_kind)},"entry_price":{_number(it.entry_price)}'
        f',"expected_return":{_number(it.expected_return)}'
        f',"generated_at_ms":{_number(it.generated_at_ms)}'
        f',"horizon_sessions":{_number(it.horizon_sessions)},"indicators":{said}'
        f',"latency_seconds":{_number(it.latency_seconds)},"model":{_quoted(it.model)}'
        f',"model_version":{_quoted(it.model_version)}'
        f',"position_size":{_number(it.position_size)},"reasoning":{_text(it.reasoning)}'
        f',"risk_level":{_text(it.risk_level)},"signal_id":{_text(it.signal_id)}'
        f',"source":{_quoted(it.source)},"source_kind":{_quoted(it.source_kind)}'
        f',"stop_loss":{_number(it.stop_loss)},"target_price":{_number(it.target_price)}'
        f',"ticker":{_quoted(it.ticker)}}}'
    ).encode()


def _text(value: str | None) -> str:
    return "null" if value is None else _quoted(value)


def _number(value: float | None) -> str:
    if value is None:
        return "null"
    # As the library writes them; anything else, and what is not finite, is left to it.
    if type(value) is int or (type(value) is float and value - value == 0):
        return repr(value)
    return canonical_json(value).decode()
