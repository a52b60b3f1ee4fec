"""Ticks of the common JSON form to columns, a chunk at once.

Takes only what the strict path (`schemas.codec`) would take too, and reads it the
same; all else is left to it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np

from schemas.codec import MAX_RECORD_BYTES
from schemas.rules import (
    MAX_EVENT_MS,
    MAX_PRICE,
    MIN_EVENT_MS,
    MIN_PRICE,
    is_ticker,
)
from schemas.topics import partition_of
from streams.domain.ordered import OrderedTicks
from streams.domain.ticks import Ticks, join_columns
from streams.plain_batches import in_order


class _PlainTick(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    ticker: str
    price: Annotated[float, msgspec.Meta(ge=MIN_PRICE, le=MAX_PRICE)]
    ts_event_ms: Annotated[int, msgspec.Meta(ge=MIN_EVENT_MS, lt=MAX_EVENT_MS)]
    size: float | None = None


_decode = msgspec.json.Decoder(_PlainTick).decode
# A value that is no text at all, None, text that is no JSON or no such tick.
_REFUSED = (msgspec.MsgspecError, ValueError, TypeError)


class PlainTicks(NamedTuple):
    """The plain ticks of a chunk, and the positions of the other records."""

    ticks: Ticks | None
    others: list[int]


def read_plain(values: Sequence[bytes | None], partition: int, partitions: int) -> PlainTicks:
    """Return the plain ticks of this partition among the values."""
    ticks, others = _decoded(values)
    names = [each.ticker for each in ticks]
    codes = _codes(names)
    unfit = {name for name in codes if not _is_here(name, partition, partitions)}
    if unfit:
        refused = set(others)
        places = [at for at in range(len(values)) if at not in refused]
        elsewhere = [at for at, name in zip(places, names, strict=True) if name in unfit]
        others = sorted([*others, *elsewhere])
        ticks = [each for each in ticks if each.ticker not in unfit]
        names = [each.ticker for each in ticks]
        codes = _codes(names)
    return PlainTicks(_columns(ticks, names, codes) if ticks else None, others)


def _decoded(values: Sequence[bytes | None]) -> tuple[list[_PlainTick], list[int]]:
    """Return the plain ticks, and the positions of the values that are none."""
    try:
        return _all_of(values), []
    except _REFUSED:
        pass
    ticks: list[_PlainTick] = []
    others = []
    for at, value in enumerate(values):
        try:
            ticks += _all_of((value,))
        except _REFUSED:
            others.append(at)
    return ticks, others


def _all_of(values: Sequence[Any]) -> list[_PlainTick]:
    if max(map(len, values)) > MAX_RECORD_BYTES:
        msg = f"expected at most {MAX_RECORD_BYTES} bytes"
        raise ValueError(msg)
    return list(map(_decode, values))


def _codes(names: list[str]) -> dict[str, int]:
    return {name: code for code, name in enumerate(dict.fromkeys(names))}


def _is_here(name: str, partition: int, partitions: int) -> bool:
    return is_ticker(name) and partition_of(name, partitions) == partition


def _columns(ticks: list[_PlainTick], names: list[str], codes: dict[str, int]) -> Ticks:
    count = len(ticks)
    found = OrderedTicks(
        tickers=tuple(codes),
        code=np.fromiter(map(codes.__getitem__, names), np.int32, count),
        ts_ms=np.array([each.ts_event_ms for each in ticks], dtype=np.int64),
        price=np.array([each.price for each in ticks], dtype=np.float64),
    )
    return found if in_order(found.ts_ms) else join_columns([found])
