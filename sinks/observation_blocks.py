"""PURE: Observations records as columns, without an object an element.

A record whose elements are all of one shape is read by one numpy type laid over
its bytes; every byte that the shape rests on is checked. Whatever is of another
shape goes through the general decoder, with the same outcome.
"""

import math
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, TypeAlias

import numpy as np

from schemas.codec import header_of
from schemas.errors import DecodeError
from schemas.reading import MORE, read_long
from sinks.observation_columns import Keys, MixedKeys, ObservationBlock

Fields: TypeAlias = dict[str, Any]

VALUES = ("close", "raw_return", "signed_return", "max_drawdown", "mae", "mfe")
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2100, 1, 1).toordinal() - _EPOCH_DAY
# Below it the general decoder takes less time than numpy's calls do.
_WORTH_IT = 6


def read_blocks(value: bytes) -> list[ObservationBlock] | None:
    """Return the one block of a record of uniform elements; None for any other bytes."""
    if not value.startswith(_header()):
        return None
    try:
        ticker, at = _text(value, len(_header()))
        _, at = _text(value, at)
        _, at = read_long(value, at)
        count, at = read_long(value, at)
        return _uniform(value, ticker, count, at) if count >= _WORTH_IT else None
    except (IndexError, UnicodeDecodeError, DecodeError):
        return None


def blocks_of(content: Fields) -> list[ObservationBlock]:
    """Return the blocks of a decoded record, one a session; raise DecodeError."""
    by_session: dict[str, list[Fields]] = {}
    for each in content["elements"]:
        by_session.setdefault(each["session"], []).append(each)
    return [_block(content, session, part) for session, part in by_session.items()]


@lru_cache(maxsize=1 << 14)
def day_of(session: str) -> int:
    """Return the days since 1970 of YYYY-MM-DD; raise DecodeError for any other text.

    >>> day_of("1970-01-02")
    1
    """
    try:
        found = date.fromisoformat(session)
    except ValueError:
        found = None
    day = -1 if found is None else found.toordinal() - _EPOCH_DAY
    if found is None or found.isoformat() != session or not 0 <= day < _LAST_DAY:
        msg = f"Observations: session: expected YYYY-MM-DD from 1970 to 2099, was {session!r:.80}"
        raise DecodeError(msg)
    return day


def _block(content: Fields, session: str, part: list[Fields]) -> ObservationBlock:
    values = [[each[name] for each in part] for name in VALUES]
    if not all(math.isfinite(each) for column in values for each in column):
        msg = "Observations: expected finite numbers"
        raise DecodeError(msg)
    return ObservationBlock(
        ticker=content["ticker"],
        session=session,
        day=day_of(session),
        epoch=content["epoch"],
        keys=MixedKeys(tuple((each["signal_id"], each["payload_hash"]) for each in part)),
        k=[each["k"] for each in part],
        values=values,
    )


def _uniform(value: bytes, ticker: str, count: int, at: int) -> list[ObservationBlock] | None:
    shape = _shape(value, at)
    end = at + count * shape.size
    if end >= len(value) or value[end]:
        return None
    epoch, end = read_long(value, end + 1)
    if end != len(value):
        return None
    rows = np.frombuffer(value, dtype=shape.type, count=count, offset=at)
    if any((rows[name] != rows[name][0]).any() for name in ("l1", "l2", "l3", "session")):
        return None
    ids, hashes = rows["id"].tobytes(), rows["hash"].tobytes()
    k, numbers = _ordinals(rows["k"]), np.ascontiguousarray(rows["v"].T)
    # One byte a character, and none that numpy or SQLite would end a text at.
    if k is None or not ids.isascii() or not hashes.isascii() or b"\0" in ids + hashes:
        return None
    session = value[at + shape.session : at + shape.session + shape.session_width].decode()
    if not np.isfinite(numbers).all():
        return None
    return [
        ObservationBlock(
            ticker=ticker,
            session=session,
            day=day_of(session),
            epoch=epoch,
            keys=Keys(ids, hashes, shape.id_width, shape.hash_width),
            k=k,
            values=numbers.tolist(),
        )
    ]


def _ordinals(raw: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> list[int] | None:
    # A zigzag number of one byte, or of two.
    if raw.ndim == 1:
        low = raw.astype(np.int64)
        if (low >= MORE).any():
            return None
    else:
        low, high = raw[:, 0].astype(np.int64), raw[:, 1].astype(np.int64)
        if (low < MORE).any() or (high >= MORE).any():
            return None
        low = (low & (MORE - 1)) | (high << 7)
    found: list[int] = ((low >> 1) ^ -(low & 1)).tolist()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How the elements of a record lie: the numpy type, and where the session stands."""

    type: "np.dtype[np.void]"
    size: int
    id_width: int
    hash_width: int
    session: int
    session_width: int


def _shape(value: bytes, at: int) -> _Shape:
    # Of the first element; the others are compared with it.
    id_width, id_at = read_long(value, at)
    hash_width, hash_at = read_long(value, id_at + id_width)
    session_width, session_at = read_long(value, hash_at + hash_width)
    k_at = session_at + session_width
    lengths = id_at - at, hash_at - id_at - id_width, session_at - hash_at - hash_width
    if min(id_width, hash_width, session_width) <= 0 or k_at > len(value):
        raise IndexError
    two = value[k_at] >= MORE
    return _shape_of(lengths, (id_width, hash_width, session_width), two)


@lru_cache(maxsize=256)
def _shape_of(lengths: tuple[int, int, int], widths: tuple[int, int, int], two: bool) -> _Shape:
    type_ = np.dtype(
        [
            ("l1", f"V{lengths[0]}"),
            ("id", f"V{widths[0]}"),
            ("l2", f"V{lengths[1]}"),
            ("hash", f"V{widths[1]}"),
            ("l3", f"V{lengths[2]}"),
            ("session", f"V{widths[2]}"),
            ("k", "u1", (2,)) if two else ("k", "u1"),
            ("v", "<f8", (len(VALUES),)),
        ]
    )
    return _Shape(
        type=type_,
        size=type_.itemsize,
        id_width=widths[0],
        hash_width=widths[1],
        session=sum(lengths) + widths[0] + widths[1],
        session_width=widths[2],
    )


@cache
def _header() -> bytes:
    return header_of("Observations")


def _text(value: bytes, at: int) -> tuple[str, int]:
    size, at = read_long(value, at)
    if not 0 <= size <= len(value) - at:
        raise IndexError
    return value[at : at + size].decode(), at + size
