"""Signals from and to Avro bodies, and made without setting field by field: a million come.

Reading gives None for a body that is not of the usual form; `schemas.codec` then reads it, or
says what is wrong with it.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from schemas.records import Signal
from schemas.writing import (
    NULL,
    array,
    double,
    moment,
    some,
    some_number,
    some_text,
    some_word,
    text,
    word,
)

T = TypeVar("T")

# What reading raises where the bytes are not of the usual form.
UNUSUAL = (IndexError, ValueError, struct.error)
_AMOUNTS = 6
_NO_AMOUNTS: tuple[Any, ...] = (None,) * _AMOUNTS
# A null for each amount and the indicators.
NO_MORE = b"\0" * (_AMOUNTS + 1)
MORE, SECOND, _LONGEST = 0x80, 2, 56
# Of the length of a text: more bytes of it follow, or it is negative.
NOT_SHORT = 0x81
_read_double = struct.Struct("<d").unpack_from


class _Draft:
    """A signal that may still be changed; a frozen one sets each field by a call."""

    __slots__ = Signal.__slots__


def signal_of(*values: Any) -> Signal:
    """Return the signal of its values, in the order of its fields."""
    draft: Any = _Draft()
    (
        draft.ticker, draft.action, draft.confidence, draft.generated_at_ms, draft.source,
        draft.source_kind, draft.model, draft.signal_id, draft.horizon_sessions,
        draft.model_version, draft.data_kind, draft.reasoning, draft.risk_level,
        draft.entry_price, draft.target_price, draft.stop_loss, draft.position_size,
        draft.expected_return, draft.latency_seconds, draft.indicators,
    ) = values  # fmt: skip
    draft.__class__ = Signal
    found: Signal = draft
    return found


def complete(signal: Signal, signal_id: str, horizon: int) -> Signal:
    """Return the signal with an id and a horizon."""
    return signal_of(
        signal.ticker, signal.action, signal.confidence, signal.generated_at_ms, signal.source,
        signal.source_kind, signal.model, signal_id, horizon,
        signal.model_version, signal.data_kind, signal.reasoning, signal.risk_level,
        signal.entry_price, signal.target_price, signal.stop_loss, signal.position_size,
        signal.expected_return, signal.latency_seconds, signal.indicators,
    )  # fmt: skip


def signal_body(signal: Signal) -> bytes:
    """Return a signal as an Avro body."""
    indicators = signal.indicators
    amounts = (
        signal.entry_price, signal.target_price, signal.stop_loss, signal.position_size,
        signal.expected_return, signal.latency_seconds,
    )  # fmt: skip
    plain = indicators is None and amounts == _NO_AMOUNTS
    return b"".join(
        (
            word(signal.ticker),
            word(signal.action),
            double(signal.confidence),
            moment(signal.generated_at_ms),
            word(signal.source),
            word(signal.source_kind),
            word(signal.model),
            some_text(signal.signal_id),
            some_number(signal.horizon_sessions),
            word(signal.model_version),
            word(signal.data_kind),
            some_text(signal.reasoning),
            some_word(signal.risk_level),
            NO_MORE if plain else b"".join(map(some, amounts)) + _some_map(indicators),
        )
    )


def _some_map(values: Mapping[str, float] | None) -> bytes:
    if values is None:
        return NULL
    return b"\2" + array([text(key) + double(each) for key, each in values.items()])


def read_signal(body: bytes) -> Signal | None:
    """Return the signal of an Avro body, unchecked; None where it is not a usual one."""
    try:
        return signal_of(*read_values(body))
    except UNUSUAL:
        return None


def read_values(body: bytes) -> tuple[Any, ...]:
    """Return the values of an Avro body, in the order of the fields; raise where it is unusual."""
    (ticker, action), at = _texts(body, 0, 2)
    [confidence] = _read_double(body, at)
    generated_at_ms, at = _long(body, at + 8)
    (source, source_kind, model), at = _texts(body, at, 3)
    signal_id, at = read_optional_text(body, at)
    horizon, at = _some(_long, body, at)
    (version, data_kind), at = _texts(body, at, 2)
    reasoning, at = read_optional_text(body, at)
    risk_level, at = read_optional_text(body, at)
    amounts, indicators = _NO_AMOUNTS, None
    if body[at:] != NO_MORE:
        amounts, at = read_amounts(body, at)
        indicators, at = _some(_map, body, at)
        if at != len(body):
            raise ValueError
    return (
        ticker, action, confidence, generated_at_ms, source, source_kind, model, signal_id,
        horizon, version, data_kind, reasoning, risk_level, *amounts, indicators,
    )  # fmt: skip


def read_optional_text(body: bytes, at: int) -> tuple[str | None, int]:
    """Return a text or None, and where what follows begins; raise where it is unusual."""
    branch = body[at]
    if branch == SECOND:
        return _text(body, at + 1)
    if branch:
        raise ValueError
    return None, at + 1


def read_amounts(body: bytes, at: int) -> tuple[tuple[float | None, ...], int]:
    """Return the amounts of a signal, and where what follows begins; raise where it is unusual."""
    found = []
    for _ in range(_AMOUNTS):
        value, at = _some(_double, body, at)
        found.append(value)
    return tuple(found), at


def _some(
    read: Callable[[bytes, int], tuple[T, int]], body: bytes, at: int
) -> tuple[T | None, int]:
    branch = body[at]
    if not branch:
        return None, at + 1
    if branch != SECOND:
        raise ValueError
    return read(body, at + 1)


def _texts(body: bytes, at: int, count: int) -> tuple[list[str], int]:
    found = []
    for _ in range(count):
        size = body[at]
        if size & NOT_SHORT:
            value, at = _text(body, at)
        else:
            first = at + 1
            at = first + (size >> 1)
            value = body[first:at].decode()
        found.append(value)
    return found, at


def _text(body: bytes, at: int) -> tuple[str, int]:
    size = body[at]
    if size < MORE:
        at += 1
        if size & 1:
            raise ValueError
        size >>= 1
    else:
        size, at = _long(body, at)
        if size < 0:
            raise ValueError
    end = at + size
    return body[at:end].decode(), end


def _long(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        if byte < MORE:
            value |= byte << shift
            return (value >> 1) ^ -(value & 1), at
        value |= (byte & 0x7F) << shift
        shift += 7
        if shift > _LONGEST:
            raise ValueError


def _double(body: bytes, at: int) -> tuple[float, int]:
    return _read_double(body, at)[0], at + 8


def _map(body: bytes, at: int) -> tuple[dict[str, float], int]:
    found: dict[str, float] = {}
    count, at = _long(body, at)
    if count < 0:
        raise ValueError
    for _ in range(count):
        key, at = _text(body, at)
        found[key], at = _double(body, at)
    if count and body[at]:
        raise ValueError
    return found, at + 1 if count else at
