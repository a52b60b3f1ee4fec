"""Canonical JSON, and the identities that are hashes of it."""

import json
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any

from schemas.records import Signal
from schemas.signal_codec import complete

_NULL = "null"
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN."""
    return _encode(value).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, in hex."""
    return sha256(canonical_json(value)).hexdigest()


def signal_id_of(signal: Signal) -> str:
    """Return the signal's own id, or the hash of what makes it that signal."""
    if signal.signal_id is not None:
        return signal.signal_id
    horizon = signal.horizon_sessions
    claim = (
        f"[{_quoted(signal.source)},{_quoted(signal.model)},{_quoted(signal.model_version)},"
        f"{_quoted(signal.ticker)},{_quoted(signal.action)},"
        f"{_NULL if horizon is None else _number(horizon)},{_number(signal.generated_at_ms)}]"
    )
    return f"s-{sha256(claim.encode()).hexdigest()[:24]}"


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
    said = _NULL if indicators is None else canonical_json(dict(indicators)).decode()
    return (
        f'{{"action":{_quoted(it.action)},"confidence":{_number(it.confidence)}'
        f',"data_kind":{_quoted(it.data_kind)}'
        f',"entry_price":{_NULL if it.entry_price is None else _number(it.entry_price)}'
        f',"expected_return":{_NULL if it.expected_return is None else _number(it.expected_return)}'
        f',"generated_at_ms":{_number(it.generated_at_ms)}'
        f',"horizon_sessions":{_number(it.horizon_sessions)},"indicators":{said}'
        f',"latency_seconds":{_NULL if it.latency_seconds is None else _number(it.latency_seconds)}'
        f',"model":{_quoted(it.model)},"model_version":{_quoted(it.model_version)}'
        f',"position_size":{_NULL if it.position_size is None else _number(it.position_size)}'
        f',"reasoning":{_NULL if it.reasoning is None else _quoted(it.reasoning)}'
        f',"risk_level":{_NULL if it.risk_level is None else _quoted(it.risk_level)}'
        f',"signal_id":{_NULL if it.signal_id is None else _quoted(it.signal_id)}'
        f',"source":{_quoted(it.source)},"source_kind":{_quoted(it.source_kind)}'
        f',"stop_loss":{_NULL if it.stop_loss is None else _number(it.stop_loss)}'
        f',"target_price":{_NULL if it.target_price is None else _number(it.target_price)}'
        f',"ticker":{_quoted(it.ticker)}}}'
    ).encode()


def _number(value: float | None) -> str:
    if value is None:
        return _NULL
    # As the library writes them; anything else, and what is not finite, is left to it.
    if type(value) is int or (type(value) is float and value - value == 0):
        return repr(value)
    return canonical_json(value).decode()
