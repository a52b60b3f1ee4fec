"""The part of a signal that is asked for after its registration, from its Avro body."""

import struct
from typing import NamedTuple

from schemas.signal_codec import (
    MORE,
    NO_MORE,
    NOT_SHORT,
    SECOND,
    UNUSUAL,
    read_amounts,
    read_optional_text,
)

_read_double = struct.Struct("<d").unpack_from


class Asked(NamedTuple):
    """What a screen and a status look at, by the names that a signal has for it."""

    action: str
    horizon_sessions: int | None
    confidence: float
    source_kind: str
    data_kind: str
    reasoning: str | None
    target_price: float | None
    expected_return: float | None


def read_asked(body: bytes, action: str, horizon: int) -> Asked | None:
    """Return what is asked of the signal of a body, but for what is known of it already.

    None where the body is not a usual one: longer names, or no id.
    """
    try:
        odd = size = body[0]  # ticker
        at = 1 + (size >> 1)
        odd |= (size := body[at])  # action
        at += 1 + (size >> 1)
        [confidence] = _read_double(body, at)
        at += 8
        while body[at] >= MORE:  # time
            at += 1
        odd |= (size := body[at + 1])  # source
        at += 2 + (size >> 1)
        odd |= (size := body[at])
        source_kind = body[at + 1 : (at := at + 1 + (size >> 1))]
        odd |= (size := body[at])  # model
        at += 1 + (size >> 1)
        if body[at] != SECOND:
            return None
        odd |= (size := body[at + 1])  # id
        at += 2 + (size >> 1)
        if body[at] != SECOND:
            return None
        at += 1
        while body[at] >= MORE:  # horizon
            at += 1
        odd |= (size := body[at + 1])  # version
        at += 2 + (size >> 1)
        odd |= (size := body[at])
        data_kind = body[at + 1 : (at := at + 1 + (size >> 1))]
        if odd & NOT_SHORT:
            return None
        reasoning, at = read_optional_text(body, at)
        _, at = read_optional_text(body, at)  # risk level
        target_price = expected_return = None
        if body[at:] != NO_MORE:
            (_, target_price, _, _, expected_return, _), _ = read_amounts(body, at)
    except UNUSUAL:
        return None
    return Asked(
        action, horizon, confidence, source_kind.decode(), data_kind.decode(), reasoning,
        target_price, expected_return,
    )  # fmt: skip
