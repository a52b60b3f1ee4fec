"""Tick columns to TickBatch records, one partition each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from producers.ticks import TickColumns
from schemas.codec import MAX_RECORD_BYTES
from schemas.records import TickBatch
from schemas.topics import partition_of

# 34 bytes a tick: what a record costs its publisher is small beside its ticks, and it stays far
# below a broker's 1 MB
MAX_TICKS = 4_000
_TICK_BYTES = 34
# of a ticker in UTF-8, beside its length
_CHARACTER_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBatch:
    """A batch, the ticks it was made of, and its partition."""

    partition: int
    batch: TickBatch
    ticks: TickColumns


def batches_of(
    ticks: TickColumns, partitions: int, *, source: str = "", max_ticks: int = MAX_TICKS
) -> Iterator[PlacedBatch]:
    """Yield the ticks as batches, in file order within each partition."""
    if not len(ticks.price):
        return
    # two bytes are enough, and are sorted by counting
    places = np.array([partition_of(each, partitions) for each in ticks.tickers], dtype=np.uint16)
    placed = places[ticks.ticker_index]
    order = np.argsort(placed, kind="stable")
    bounds = np.cumsum(np.bincount(placed, minlength=partitions))
    sorted_ = ticks.take(order)
    most = min(max_ticks, _most_ticks(ticks.tickers))
    first = 0
    for partition, last in enumerate(bounds.tolist()):
        for start in range(first, last, most):
            part = sorted_.take(slice(start, min(start + most, last)))
            yield PlacedBatch(partition=partition, batch=_batch(part, source), ticks=part)
        first = last


def _most_ticks(tickers: list[str]) -> int:
    """Return how many ticks are no more than a record may hold, whatever tickers they name."""
    longest = max(map(len, tickers), default=0)
    return MAX_RECORD_BYTES * 9 // 10 // (_TICK_BYTES + 2 + _CHARACTER_BYTES * longest)


def _batch(ticks: TickColumns, source: str) -> TickBatch:
    used = np.flatnonzero(np.bincount(ticks.ticker_index))
    places = np.zeros(used[-1] + 1, dtype="<i4")
    places[used] = np.arange(len(used))
    return TickBatch(
        tickers=[ticks.tickers[each] for each in used],
        ticker_index=places[ticks.ticker_index].tobytes(),
        ts_event_ms=ticks.ts_event_ms.astype("<i8", copy=False).tobytes(),
        session=ticks.session.astype("<i4", copy=False).tobytes(),
        price=ticks.price.astype("<f8", copy=False).tobytes(),
        size=ticks.size.astype("<f8", copy=False).tobytes(),
        flags=ticks.flags.astype("u1", copy=False).tobytes(),
        revision=ticks.revision.astype("u1", copy=False).tobytes(),
        source=source,
    )
