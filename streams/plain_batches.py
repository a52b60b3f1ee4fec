"""TickBatch records of the common form to columns, without an Avro reader.

Takes only what the strict path (`schemas.codec`, `streams.tick_batches`) would take
whole, and reads it the same; all else is left to it.
"""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from schemas.codec import MAX_RECORD_BYTES, encode
from schemas.records import TickBatch
from schemas.rules import MAX_EVENT_MS, MAX_PRICE, MIN_EVENT_MS, MIN_PRICE, is_ticker
from schemas.topics import partition_of
from streams.domain.calendar import Ints
from streams.domain.ordered import OrderedTicks

# Bytes a tick, of the columns that are read and of the sizes, which are not.
_CODE, _TS, _PRICE, _SIZE = 4, 8, 8, 8
_MAX_VARINT = 5


class _Dictionary(NamedTuple):
    """The bytes of a record up to its columns, and the tickers that they hold."""

    head: bytes
    tickers: tuple[str, ...]


class _Layout(NamedTuple):
    """What stands around the columns that are read, in a plain record of so many ticks.

    The lengths of all columns, and the columns that hold the same in every such record.
    """

    before_code: bytes
    before_ts: bytes
    before_price: bytes
    before_size: bytes
    after_size: bytes


class PlainBatches:
    """Reads the records of one partition; they share a dictionary more often than not."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions
        self._last: _Dictionary | None = None

    def read(self, value: bytes | None) -> OrderedTicks | None:
        """Return the ticks of a record; None where it needs the strict path."""
        if value is None or len(value) > MAX_RECORD_BYTES or not value.startswith(_marker()):
            return None
        known = self._last
        if known is None or not value.startswith(known.head):
            known = _dictionary(value)
            if known is None or not all(map(self._is_here, known.tickers)):
                return None
            self._last = known
        return _columns(value, known)

    def _is_here(self, ticker: str) -> bool:
        return is_ticker(ticker) and partition_of(ticker, self._partitions) == self._partition


@cache
def _marker() -> bytes:
    empty = TickBatch(
        tickers=[],
        ticker_index=b"",
        ts_event_ms=b"",
        session=b"",
        price=b"",
        size=b"",
        flags=b"",
        revision=b"",
        source="",
    )
    return encode(empty)[:10]


def _dictionary(value: bytes) -> _Dictionary | None:
    """Return the dictionary of a record that holds it as one block of distinct tickers."""
    at = len(_marker())
    found = _varint(value, at)
    if found is None or found[0] <= 0:
        return None
    count, at = found
    tickers = []
    for _ in range(count):
        length = _varint(value, at)
        if length is None or length[0] < 0 or length[1] + length[0] > len(value):
            return None
        size, at = length
        try:
            tickers.append(value[at : at + size].decode())
        except UnicodeDecodeError:
            return None
        at += size
    if value[at : at + 1] != b"\0" or len(set(tickers)) < count:
        return None
    return _Dictionary(value[: at + 1], tuple(tickers))


def _columns(value: bytes, known: _Dictionary) -> OrderedTicks | None:
    parts = _parts(value, len(known.head))
    if parts is None:
        return None
    found = OrderedTicks(
        known.tickers,
        np.frombuffer(parts[0], dtype="<i4"),
        np.frombuffer(parts[1], dtype="<i8"),
        np.frombuffer(parts[2], dtype="<f8"),
    )
    return found if _are_valid(found) else None


def _parts(value: bytes, at: int) -> list[bytes] | None:
    """Return the columns that are read, where all fit each other and the record ends there."""
    found = _varint(value, at)
    if found is None or found[0] <= 0 or found[0] % _CODE:
        return None
    count = found[0] // _CODE
    # Before a layout is made: the length may say anything.
    if count * (_CODE + _TS + _PRICE + _SIZE) > len(value):
        return None
    layout = _layout(count)
    parts = []
    for before, width in zip(layout, (_CODE, _TS, _PRICE), strict=False):
        if not value.startswith(before, at):
            return None
        start = at + len(before)
        at = start + count * width
        # Copies, so that numpy finds each column where a processor likes it.
        parts.append(value[start:at])
    if not value.startswith(layout.before_size, at):
        return None
    at += len(layout.before_size) + count * _SIZE
    if not value.startswith(layout.after_size, at):
        return None
    return parts if _ends_with_text(value, at + len(layout.after_size)) else None


def _are_valid(ticks: OrderedTicks) -> bool:
    code, ts_ms, price = ticks.code, ticks.ts_ms, ticks.price
    return bool(
        np.minimum.reduce(code) >= 0
        and np.maximum.reduce(code) < len(ticks.tickers)
        # What is not a number fails both.
        and np.minimum.reduce(price) >= MIN_PRICE
        and np.maximum.reduce(price) <= MAX_PRICE
        and MIN_EVENT_MS <= ts_ms[0] <= ts_ms[-1] < MAX_EVENT_MS
        and in_order(ts_ms)
    )


def in_order(ts_ms: Ints) -> bool:
    """Say whether times never fall."""
    return not np.logical_or.reduce(ts_ms[1:] < ts_ms[:-1])


def _ends_with_text(value: bytes, at: int) -> bool:
    found = _varint(value, at)
    if found is None or found[0] < 0 or found[1] + found[0] != len(value):
        return False
    try:
        value[found[1] :].decode()
    except UnicodeDecodeError:
        return False
    return True


def _varint(value: bytes, at: int) -> tuple[int, int] | None:
    """Return a zigzag number and the place after it; None where it is none of this size."""
    result = 0
    for n, byte in enumerate(value[at : at + _MAX_VARINT]):
        result |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            return (result >> 1) ^ -(result & 1), at + n + 1
    return None


@lru_cache(maxsize=256)
def _layout(count: int) -> _Layout:
    code, ts_ms, session, price, size, flags, revision = (
        _written(count * width) for width in (_CODE, _TS, 4, _PRICE, _SIZE, 1, 1)
    )
    return _Layout(
        code,
        ts_ms,
        session + b"\xff\xff\xff\xff" * count + price,
        size,
        flags + bytes(count) + revision + bytes(count),
    )


def _written(size: int) -> bytes:
    zigzag, out = size << 1, bytearray()
    while zigzag > 0x7F:  # noqa: PLR2004 - as above
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)
