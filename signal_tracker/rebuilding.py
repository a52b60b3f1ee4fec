"""signals.db made anew from the outbound topics, and what of the old one goes on with it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas import topics
from schemas.cluster import Broker
from schemas.sources import JOURNAL
from schemas.topics import INBOUND, OUTBOUND, partition_of, prefixed
from signal_tracker import admin
from signal_tracker.audit_words import ticks_lines
from signal_tracker.auditing import ticks_from
from signal_tracker.columns import counted
from signal_tracker.errors import RunError, TrackerError
from signal_tracker.filling import fill
from signal_tracker.kafka_log import KafkaLog, opened_log
from signal_tracker.progress import shown
from signal_tracker.unsettled import Offsets
from sinks.errors import SourceMismatchError, UnreadableError
from sinks.sink import Batch, Fields, Position, TopicPartition, Written
from sinks.sqlite import SqliteSink
from sinks.sqlite_rebuild import Kept, Workshop, counts, workshop
from sinks.worker import refuse_other_source, run_sink
from streams.sessions import CalendarBook

_SILENCE_S = 60.0
_ASIDE = "the old file stays beside as {}"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to rebuild from where; `run_id` None is that of the old file."""

    broker: Broker
    prefix: str
    path: Path
    run_id: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What the new file holds, and what of it is in no topic any more."""

    counts: Mapping[str, int]
    filled: int
    kept: Kept


class UntilEnds:
    """A SQLite sink that knows when it holds everything up to some ends."""

    def __init__(self, sink: SqliteSink, ends: Offsets, on_progress: Callable[[int], None]) -> None:
        self._sink = sink
        self._ends = ends
        self._reached: dict[TopicPartition, int] = {}
        self._on_progress = on_progress
        self._heard = time.monotonic()

    def open(self) -> None:
        """Open the sink."""
        self._sink.open()

    def positions(self) -> Mapping[TopicPartition, Position]:
        """Return where the stored rows end."""
        return self._sink.positions()

    def write(self, batch: Batch) -> Written:
        """Store a batch, and note how far it goes."""
        written = self._sink.write(batch)
        for tp, position in batch.positions.items():
            self._on_progress(position.next_offset - self._reached.get(tp, 0))
            self._reached[tp] = position.next_offset
        self._heard = time.monotonic()
        return written

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()

    def is_done(self) -> bool:
        """Say whether the ends are reached; raise RunError where nothing comes any more."""
        missing = [tp for tp, end in self._ends.items() if self._reached.get(tp, 0) < end]
        if missing and time.monotonic() - self._heard > _SILENCE_S:
            (topic, partition), more = missing[0], len(missing) - 1
            msg = f"nothing came of {topic}[{partition}] and {more} more for {_SILENCE_S:.0f} s"
            raise RunError(msg)
        return not missing


def rebuild(order: Order, say: Say) -> Rebuilt:
    """Put a new signals.db in the place of the old one; raise where rows would be lost unsaid."""
    with workshop(order.path) as shop, opened_log(order.broker, order.prefix) as log:
        trouble = _trouble_with_old(shop, order)
        _say_or_refuse(trouble, order, say)
        _say_forgotten(log, order, say)
        run_id = order.run_id or "" if trouble else _run_id(shop, order)
        _carry(shop, order, run_id)
        filled, kept, broken = _complete(shop, log, order, trusted=not trouble)
        _say_or_refuse(broken, order, say)
        trouble = trouble or broken
        aside = _aside(shop.path) if trouble or kept.dropped else None
        if kept.dropped and not order.force:
            raise TrackerError(_dropped(order.path, kept))
        found = counts(shop.new)
        shop.swap(aside)
        if aside is not None:
            say(_ASIDE.format(aside))
        return Rebuilt(counts=found, filled=filled, kept=kept)


def _complete(
    shop: Workshop, log: KafkaLog, order: Order, *, trusted: bool
) -> tuple[int, Kept, str | None]:
    """Add what topics have forgotten; return how much it was, and whether the old file broke."""
    sink = SqliteSink(shop.new)
    sink.open()
    try:
        filled = _fill(sink, log, order)
        if not trusted or not shop.path.exists():
            return filled, Kept(), None
        return filled, shop.keep(sink, _forgotten(log, order)), None
    except UnreadableError as error:
        return filled, Kept(), str(error)
    finally:
        sink.close()


def _say_or_refuse(trouble: str | None, order: Order, say: Say) -> None:
    if trouble and not order.force:
        msg = f"{trouble}; --force rebuilds without its rows and leaves it beside"
        raise TrackerError(msg)
    if trouble:
        say(f"{trouble}: its rows are not carried over")


def _trouble_with_old(shop: Workshop, order: Order) -> str | None:
    """Return why nothing of the old file can go on; None where it can, or there is none."""
    names = [prefixed(order.prefix, each) for each in OUTBOUND]
    try:
        shop.take_old()
        ids = admin.topic_ids(order.broker, names)
        refuse_other_source(shop.positions, ids, _run_id(shop, order))
    except UnreadableError as error:
        return str(error)
    except SourceMismatchError as error:
        return f"{order.path} is of other topics: {str(error).partition(';')[0]}"
    return None


def _run_id(shop: Workshop, order: Order) -> str:
    held = next((each.run_id for each in shop.positions.values()), "")
    return held if order.run_id is None else order.run_id


def _carry(shop: Workshop, order: Order, run_id: str) -> None:
    """Carry the outbound topics, up to their present ends, into the new file."""
    names = [prefixed(order.prefix, each) for each in OUTBOUND]
    ends = admin.end_offsets(order.broker, names)
    total, done = sum(ends.values()), 0
    with shown(f"reading {counted(total, 'record')}") as on_progress:

        def step(records: int) -> None:
            nonlocal done
            done += records
            on_progress(done, total)

        sink = UntilEnds(SqliteSink(shop.new), ends, step)
        run_sink(
            sink,
            broker=order.broker,
            prefix=order.prefix,
            run_id=run_id,
            should_stop=sink.is_done,
        )


def _fill(sink: SqliteSink, log: KafkaLog, order: Order) -> int:
    if not any(log.beginning(topics.OBSERVATIONS, each) for each in range(log.partitions)):
        return 0
    wanted = [prefixed(order.prefix, each) for each in (topics.BARS, *INBOUND)]
    with shown("computing the observations that their topic has forgotten"):
        return fill(sink, log, admin.end_offsets(order.broker, wanted))


def _forgotten(log: KafkaLog, order: Order) -> Callable[[str, Fields], bool]:
    """Return what says whether a row's topic no longer goes back to its beginning."""
    outbound = {prefixed(log.prefix, each) for each in OUTBOUND}
    ids = admin.topic_ids(order.broker, outbound)
    is_new = any(each.startswith(JOURNAL) for each in ids.values())

    def is_forgotten(table: str, row: Fields) -> bool:
        if is_new:
            # What was told before the broker's last start is on none of its topics.
            return True
        if table == "validation_events":
            partition = partition_of(row["ticker"], log.partitions)
            return log.beginning(topics.VALIDATION_EVENTS, partition) > 0
        # What the sink itself refused is read again as long as its topic has it.
        known = row["partition"] < log.partitions
        return known and (
            row["topic"] in outbound or log.beginning(topics.DEAD_LETTERS, row["partition"]) > 0
        )

    return is_forgotten


def _say_forgotten(log: KafkaLog, order: Order, say: Say) -> None:
    for topic in OUTBOUND:
        gone = [each for each in range(log.partitions) if log.beginning(topic, each)]
        if topic.cleanup == "delete" and gone:
            name = prefixed(log.prefix, topic)
            places = ", ".join(map(str, gone))
            say(f"{name}: the first records of {_partitions(gone)} {places} are gone")
    ends = admin.end_offsets(order.broker, [prefixed(log.prefix, topics.TICKS)])
    from_ms = {
        each: ticks_from(log, each, ends.get((prefixed(log.prefix, topics.TICKS), each), 0))
        for each in range(log.partitions)
    }
    gone_ticks = {partition: ms for partition, ms in from_ms.items() if ms}
    for line in ticks_lines(gone_ticks, CalendarBook()("")):
        say(line)


def _partitions(some: list[int]) -> str:
    return "partition" if len(some) == 1 else "partitions"


def _dropped(path: Path, kept: Kept) -> str:
    told = ", ".join(
        f"{table} {count} (as {' '.join(map(str, kept.examples[table]))})"
        for table, count in kept.dropped.items()
    )
    return (
        f"{path} holds rows that these topics never did: {told}. It stays as it is; "
        "--force leaves them out, and the old file beside"
    )


def _aside(path: Path) -> Path:
    number, found = 1, path.with_name(f"{path.name}.old")
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}.old-{number}")
    return found
