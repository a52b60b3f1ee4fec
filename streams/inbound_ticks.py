"""Records of the ticks topic to columns: single ticks and batches, a chunk at once.

The common JSON tick is read without making an object of it; whatever is out of
the ordinary takes the slow path, which says what is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schemas.codec import decode_inbound
from schemas.errors import DecodeError
from schemas.records import FLAG_FINAL, FLAG_OPEN, Tick, TickBatch
from schemas.rules import MAX_SHORT, session_days
from schemas.topics import TICKS, partition_of
from streams.domain.calendar import days_label
from streams.domain.ticks import NO_DAY, NO_TIME, TickColumns, Ticks
from streams.inbound import Chunk, Reroute, Sorted, Source, dead_letter, place
from streams.plain_batches import PlainBatches
from streams.plain_ticks import read_plain
from streams.tick_batches import batch_columns


@dataclass(slots=True)
class SortedTicks:
    """The valid ticks of a chunk as columns, and what goes elsewhere."""

    columns: list[Ticks] = field(default_factory=list)
    reroutes: list[Reroute] = field(default_factory=list)
    dead: list[Any] = field(default_factory=list)


def sort_ticks(chunk: Chunk, partitions: int) -> SortedTicks:
    """Return the ticks of a chunk of one partition."""
    found = SortedTicks()
    slow: Sorted[Tick] = Sorted()
    plain = read_plain(chunk.values(), chunk.partition, partitions)
    if plain.ticks is not None:
        found.columns.append(plain.ticks)
    batches = PlainBatches(chunk.partition, partitions)
    for at in plain.others:
        batch = batches.read(chunk.records[at].value)
        if batch is None:
            _sort_slowly(chunk[at], partitions, found, slow)
        else:
            found.columns.append(batch)
    if slow.good:
        found.columns.append(_columns_of(slow.good))
    found.reroutes += slow.reroutes
    found.dead += slow.dead
    return found


def _sort_slowly(source: Source, partitions: int, into: SortedTicks, slow: Sorted[Tick]) -> None:
    for index, element in decode_inbound(source.value, TICKS.records):
        if isinstance(element, DecodeError):
            slow.dead.append(dead_letter(source, index, element))
        elif isinstance(element, TickBatch):
            _take_batch(source, element, partitions, into)
        else:
            place(source, element, partitions, slow)


def _take_batch(source: Source, batch: TickBatch, partitions: int, into: SortedTicks) -> None:
    try:
        columns, refused = batch_columns(batch)
    except DecodeError as error:
        into.dead.append(dead_letter(source, None, error))
        return
    into.dead += [dead_letter(source, index, error) for index, error in refused]
    homes = np.array([partition_of(each, partitions) for each in columns.tickers], dtype=np.int64)
    here = homes == source.partition
    if not here.all():
        elsewhere: Sorted[Tick] = Sorted()
        for tick in _ticks_of(columns.take(~here[columns.code]), batch.source[:MAX_SHORT]):
            place(source, tick, partitions, elsewhere)
        into.reroutes += elsewhere.reroutes
        columns = columns.take(here[columns.code])
    if len(columns):
        into.columns.append(columns)


def _columns_of(ticks: Sequence[Tick]) -> TickColumns:
    codes: dict[str, int] = {}
    code = [codes.setdefault(each.ticker, len(codes)) for each in ticks]
    days = [NO_DAY if e.session is None else session_days("session", e.session) for e in ticks]
    times = [NO_TIME if each.ts_event_ms is None else each.ts_event_ms for each in ticks]
    flags = [FLAG_OPEN * each.open + FLAG_FINAL * each.final for each in ticks]
    return TickColumns(
        tickers=list(codes),
        code=np.array(code, dtype=np.int64),
        ts_ms=np.array(times, dtype=np.int64),
        day=np.array(days, dtype=np.int64),
        price=np.array([each.price for each in ticks], dtype=np.float64),
        flags=np.array(flags, dtype=np.uint8),
        revision=np.array([each.revision for each in ticks], dtype=np.uint8),
    )


def _ticks_of(columns: TickColumns, source: str) -> list[Tick]:
    return [
        Tick(
            ticker=columns.tickers[code],
            price=price,
            ts_event_ms=None if ts_ms == NO_TIME else ts_ms,
            session=None if day == NO_DAY else days_label(day),
            open=bool(flags & FLAG_OPEN),
            final=bool(flags & FLAG_FINAL),
            revision=revision,
            source=source,
        )
        for code, ts_ms, day, price, flags, revision in zip(
            columns.code.tolist(),
            columns.ts_ms.tolist(),
            columns.day.tolist(),
            columns.price.tolist(),
            columns.flags.tolist(),
            columns.revision.tolist(),
            strict=True,
        )
    ]
