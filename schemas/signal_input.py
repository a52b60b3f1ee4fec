"""Published signals that keep every rule, decoded and checked in one go.

What is unusual in form or breaks a rule is None here; `schemas.codec` and `schemas.rules` then
judge it, and say what is wrong with it.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import orjson

from schemas import rules
from schemas.records import ACTIONS, DATA_KINDS, SOURCE_KINDS, Signal
from schemas.signal_codec import UNUSUAL, read_values, signal_of

_FIELDS = frozenset(Signal.__slots__)
_SHORT = 200
_FIRST_AMOUNT = 13
_NO_AMOUNTS: tuple[Any, ...] = (None,) * 6


def checked_body(body: bytes) -> Signal | None:
    """Return the checked signal of an Avro body; None where it is not a usual one."""
    try:
        values = read_values(body)
    except UNUSUAL:
        return None
    return checked(values)


def checked_json(value: bytes) -> Sequence[Signal] | None:
    """Return the checked signals of JSON, an object or a list; None where one is not usual."""
    try:
        content = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    found = []
    for each in content if type(content) is list else (content,):
        signal = _of_json(each)
        if signal is None:
            return None
        found.append(signal)
    return found


def checked(values: tuple[Any, ...]) -> Signal | None:
    """Return the signal of values that keep every rule of `rules.check_signal`, or None.

    A text that only that function lets through, or a number in another form, is None too. The
    values are in the order of the fields.
    """
    (
        ticker, action, confidence, generated_at_ms, source, source_kind, model, signal_id,
        horizon, version, data_kind, reasoning, risk_level, *_, indicators,
    ) = values  # fmt: skip
    amounts = values[_FIRST_AMOUNT:-1]
    if not (
        type(ticker) is str and rules.is_ticker(ticker)
        and type(confidence) is float and 0.0 <= confidence <= 1.0
        and type(generated_at_ms) is int
        and rules.MIN_EVENT_MS <= generated_at_ms < rules.MAX_EVENT_MS
        and type(source) is str and rules.is_name(source)
        and type(model) is str and rules.is_name(model)
        and (signal_id is None or (type(signal_id) is str and 0 < len(signal_id) <= _SHORT
                                   and signal_id.isprintable()))
        and (horizon is None or (type(horizon) is int and 1 <= horizon <= rules.MAX_HORIZON))
        and type(version) is str and len(version) <= _SHORT
        and (reasoning is None or (type(reasoning) is str
                                   and len(reasoning) <= rules.MAX_REASONING))
        and (risk_level is None or (type(risk_level) is str and len(risk_level) <= _SHORT))
        and type(action) is str and type(source_kind) is str and type(data_kind) is str
    ):  # fmt: skip
        return None
    action, source_kind, data_kind = action.upper(), source_kind.lower(), data_kind.lower()
    if not (action in ACTIONS and source_kind in SOURCE_KINDS and data_kind in DATA_KINDS):
        return None
    try:
        if amounts != _NO_AMOUNTS:
            amounts = tuple([None if each is None else _amount(each) for each in amounts])
        if indicators is not None:
            indicators = _indicators(indicators)
    except ValueError:
        return None
    return signal_of(
        ticker, action, confidence, generated_at_ms, source, source_kind, model, signal_id,
        horizon, version, data_kind, reasoning, risk_level, *amounts, indicators,
    )  # fmt: skip


def _of_json(content: Any) -> Signal | None:
    if type(content) is not dict or not content.keys() <= _FIELDS:
        return None
    get = content.get
    return checked(
        (
            get("ticker"), get("action"), get("confidence"), get("generated_at_ms"),
            get("source"), get("source_kind"), get("model"), get("signal_id"),
            get("horizon_sessions"), get("model_version", ""), get("data_kind", "live"),
            get("reasoning"), get("risk_level"), get("entry_price"), get("target_price"),
            get("stop_loss"), get("position_size"), get("expected_return"),
            get("latency_seconds"), get("indicators"),
        )
    )  # fmt: skip


def _amount(value: Any) -> float:
    if type(value) is int:
        value = float(value)
    if type(value) is not float or not isfinite(value):
        raise ValueError
    return value


def _indicators(values: Any) -> dict[str, float]:
    if type(values) is not dict or len(values) > rules.MAX_INDICATORS:
        raise ValueError
    if any(len(key) > _SHORT for key in values):
        raise ValueError
    return {key: _amount(each) for key, each in values.items()}
