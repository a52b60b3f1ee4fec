"""Published rows through the pure fold, without a worker: decode, apply, collect."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import orjson

from schemas import topics
from schemas.codec import encode
from schemas.records import Tick
from streams.domain.effects import Effects
from streams.domain.ticks import TickColumns, join_columns
from streams.domain.tracker import PartitionTracker, Rules
from streams.inbound import Chunk, Source, sort_records
from streams.inbound_ticks import sort_ticks
from streams.policy_files import load_policy
from streams.sessions import CalendarBook
from tests.builders import make_batch
from tests.oracle.bars import LATENESS_MS

Row = Mapping[str, Any]

BOOK = CalendarBook()
# Here, at the import: pandas deprecates what the library of the calendars does with it.
BOOK.check()
RULES = Rules(calendar_of=BOOK, policies=load_policy("tracker"), lateness_ms=LATENESS_MS)
_APPLY = {
    topics.SIGNALS.name: PartitionTracker.apply_signals,
    topics.CORPORATE_ACTIONS.name: PartitionTracker.apply_actions,
    topics.DECISIONS.name: PartitionTracker.apply_decisions,
}


def new_tracker() -> PartitionTracker:
    return PartitionTracker(RULES)


def source(value: bytes | None, **changes: Any) -> Source:
    fields = {
        "topic": "t",
        "partition": 0,
        "offset": 0,
        "timestamp_ms": 7,
        "key": None,
        "value": value,
    }
    return Source(**{**fields, **changes})


def chunk_of(sources: Sequence[Source]) -> Chunk:
    """The sources as a consumer's records, of the first one's partition."""
    first = sources[0]
    records = [
        SimpleNamespace(
            offset=each.offset, timestamp=each.timestamp_ms, key=each.key, value=each.value
        )
        for each in sources
    ]
    return Chunk(first.topic, first.partition, records)


def columns_of(rows: Sequence[Row], *, batch: bool = False) -> TickColumns:
    """Ticks as a worker of one partition reads them: JSON records, or one columnar one."""
    if batch:
        ticks = [Tick(**{"price": row["price"], **row}) for row in rows]
        chunk = [source(encode(make_batch(ticks=ticks)))]
    else:
        chunk = [source(orjson.dumps(row)) for row in rows]
    found = sort_ticks(chunk_of(chunk), 1)
    assert not found.dead
    assert not found.reroutes
    return join_columns(found.columns)


def apply_ticks(tracker: PartitionTracker, rows: Sequence[Row], *, batch: bool = False) -> Effects:
    return tracker.apply_ticks(columns_of(rows, batch=batch))


def apply(tracker: PartitionTracker, topic: topics.Topic, rows: Iterable[Row]) -> Effects:
    """Signals, corporate actions or decisions into the fold."""
    found = sort_records([source(orjson.dumps(row)) for row in rows], topic, 1)
    assert not found.dead
    effects: Effects = _APPLY[topic.name](tracker, found.good)
    return effects
