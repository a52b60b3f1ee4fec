"""Batch delivery: each fetched chunk of a partition is one event of its agent.

Delivery guarantee: at least once. An offset is committed when the agent has
said that its chunk is finished, and the effect that it named is durable. The
order of write and commit is held here and in `streams.outbox`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast

import aiokafka
from aiokafka import TopicPartition
from faust.exceptions import ConsistencyError
from faust.tables.base import Collection
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from schemas.cluster import Cluster, client_options
from streams.chunks import ChunkOffsets, Effect
from streams.fetching import hand_out_chunks
from streams.inbound import Chunk
from streams.lease import Lease, watch_coordinator
from streams.recovery_order import RECOVERY_FETCH_BYTES, RecoveryOrder
from streams.stalls import StalledError, Stalls

# The driver hard-codes 1500 ms, for which a quiet partition delays all others.
FETCH_MAX_WAIT_MS = 50
# A changelog that waits for its turn in recovery is no matter for a warning.
_TURN_SECONDS = 3_600.0
# Below Faust's own 90 s, after which it gives recovery up without a word.
ENDS_TIMEOUT_SECONDS = 60.0


class _Thread(driver.AIOKafkaConsumerThread):
    async def on_start(self) -> None:
        await super().on_start()
        consumer = self._ensure_consumer()
        # Changelogs, too: recovery reads what a million signals have left there.
        changelogs = {
            cast(Collection, each).changelog_topic_name for each in self.app.tables.values()
        }
        chunk_topics = cast(BatchTransport, self.transport).chunk_topics
        hand_out_chunks(consumer, chunk_topics | changelogs)
        coordinator = consumer._coordinator  # noqa: SLF001 - as below

        async def stay() -> None:
            coordinator.reset_generation()

        # As in Kafka Streams a worker does not leave its group when it stops: the session
        # timeout moves its partitions, and a quick restart moves none. Tansu, besides, never
        # forms a group again whose leader left in the middle of a rebalance.
        coordinator._maybe_leave_group = stay  # noqa: SLF001 - there is no setting for it
        watch_coordinator(coordinator, cast(BatchTransport, self.transport).lease)
        self._usual_bytes = consumer._fetcher._max_partition_fetch_bytes  # noqa: SLF001 - as below
        self.fetch_little(True)

    def fetch_little(self, little: bool) -> None:
        """Ask for small or for usual answers from now on, a partition."""
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001 - there is no setting for it
        size = min(RECOVERY_FETCH_BYTES, self._usual_bytes) if little else self._usual_bytes
        fetcher._max_partition_fetch_bytes = size  # noqa: SLF001 - read at every request

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # noqa: SLF001 - read when it starts
        return consumer


class BatchConsumer(driver.Consumer):
    """A consumer that hands out chunks on the topics that its transport names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chunks: defaultdict[TP, ChunkOffsets] = defaultdict(ChunkOffsets)
        transport = cast(BatchTransport, self.transport)
        self._chunk_topics = transport.chunk_topics
        self._stalls = Stalls(transport.lease)
        # Where to read again what was fetched, and not yet handed on.
        self._on_hand: dict[TP, int] = {}
        self._order = RecoveryOrder()

    def finish(self, message: ConsumerMessage, effect: Effect | None) -> None:
        """Let a commit pass a chunk when its effect is durable."""
        self._chunks[message.tp].finish(message.offset, effect)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the end of each partition, as a fetch shows it.

        Recovery stops there. Tansu answers ListOffsets with one past the first
        record of the last batch, which would leave rows unread.
        """
        listed = await super().highwaters(*partitions)
        cluster = cast(BatchTransport, self.transport).cluster
        ends = {**listed, **await _ends_by_fetch(cluster, listed)}
        for table in self.app.tables.values():
            _refuse_lost(cast(Collection, table), ends)
        return ends

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        # A copy: Faust empties this very set when recovery ends, the fetcher in its thread takes
        # an empty set for all partitions, and Faust drops what it did not ask for.
        wanted = set(active_partitions or ())
        await self._read_again()
        if self.app.in_recovery:
            wanted = await self._in_order(wanted)
        cast(_Thread, self._thread).fetch_little(self.app.in_recovery)
        fetched = await super()._getmany(wanted, timeout) if wanted else None
        chunks = {
            tp: [records] if isinstance(records, Chunk) else records
            for tp, records in (fetched or {}).items()
        }
        for tp, (first, *_) in chunks.items():
            if tp.topic in self._chunk_topics:
                self._on_hand[tp] = first.records[0].offset
        return chunks

    async def _read_again(self) -> None:
        # Faust drops what it fetched before a partition was paused, a generation changed or
        # the flow was stopped, and the position has moved on.
        assigned = self.assignment()
        while self._on_hand:
            tp, offset = self._on_hand.popitem()
            if tp in assigned:
                await self.seek(tp, offset)

    @property
    def _recovery(self) -> Any:
        return cast(Any, self.app.tables).recovery

    async def _in_order(self, wanted: set[TP]) -> set[TP]:
        """Return those whose turn it is in recovery; let what is done be built."""
        recovery = self._recovery
        done = self._order.look(
            recovery.active_tps, recovery.active_offsets, recovery.active_highwaters
        )
        if done:
            recovery.flush_buffers()
            for partition in done:
                await cast(BatchTransport, self.transport).on_recovered(partition)
        return self._order.turn(wanted)

    def verify_recovery_event_path(self, now: float, tp: TP) -> None:
        """Complain of no changelog that waits for its turn."""
        if tp in self._order.turn({*self._recovery.active_tps, tp}):
            super().verify_recovery_event_path(now, tp)

    async def perform_seek(self) -> None:
        """Seek every partition to where it is committed, or to its beginning.

        The latter Faust leaves out: what was fetched too early would be lost.
        """
        await super().perform_seek()
        self._on_hand.clear()
        fresh = [
            tp
            for tp in self.assignment()
            if tp.topic in self._chunk_topics and not self._committed_offset[tp]
        ]
        for tp, start in (await self.earliest_offsets(*fresh)).items():
            await self.seek(tp, start or 0)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not isinstance(record, Chunk):
            return super()._to_message(tp, record)
        last = record.records[-1]
        if tp.topic in self._chunk_topics:
            self._on_hand.pop(tp, None)
            # Faust drops what ends before what it has handed on, and notes that too late: after
            # a seek back a chunk that is cut elsewhere would be dropped, and never finished.
            self._read_offset[tp] = None
            self._chunks[tp].push(record.records[0].offset, last.offset)
        return ConsumerMessage(
            record.topic,
            record.partition,
            last.offset,
            (last.timestamp or 0) / 1000.0,
            last.timestamp_type,
            last.headers,
            None,
            cast(bytes, record),
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic not in self._chunk_topics:
            return super()._new_offset(tp)
        # Faust's own acknowledgements say only that the agent has let go of a chunk.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self._chunks[tp].committable(self._committed_offset[tp])

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self._chunk_topics:
            await super()._add_gap(tp, offset_from, offset_to)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget the chunks of revoked partitions, after the agents have finished."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._chunks.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Forget what was under way of partitions that are read anew."""
        for tp in assigned:
            self._chunks.pop(tp, None)
        self._recovery.event_timeout_secs = _TURN_SECONDS
        await super().on_partitions_assigned(assigned, generation_id)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        # A chunk may become durable long after it was acknowledged.
        offsets = super()._filter_committable_offsets({*tps, *self._chunks})
        try:
            self._stalls.look(self._chunks.items())
        except StalledError as error:
            self.app.loop.create_task(self.app.crash(error))
        return offsets


def _refuse_lost(table: Collection, ends: Mapping[TP, int]) -> None:
    # Faust's own check lets an end of 0 pass, which is what a new broker's topics have.
    for tp, end in ends.items():
        held = table.persisted_offset(tp) if tp.topic == table.changelog_topic_name else None
        if held is not None and held >= end:
            msg = f"{tp.topic}[{tp.partition}] ends at {end}, but was read up to {held}"
            raise ConsistencyError(msg)


async def _ends_by_fetch(cluster: Cluster, listed: Mapping[TP, int]) -> dict[TP, int]:
    used = {TopicPartition(*tp): tp for tp, end in listed.items() if end}
    if not used:
        return {}
    consumer = aiokafka.AIOKafkaConsumer(
        **client_options(cluster),
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        max_partition_fetch_bytes=1,
    )
    await consumer.start()
    try:
        return await asyncio.wait_for(_watermarks(consumer, used, listed), ENDS_TIMEOUT_SECONDS)
    finally:
        await consumer.stop()


async def _watermarks(
    consumer: aiokafka.AIOKafkaConsumer,
    used: Mapping[TopicPartition, TP],
    listed: Mapping[TP, int],
) -> dict[TP, int]:
    consumer.assign(list(used))
    for each, tp in used.items():
        consumer.seek(each, max(listed[tp] - 1, 0))
    ends: dict[TP, int] = {}
    while len(ends) < len(used):
        await consumer.getmany(timeout_ms=FETCH_MAX_WAIT_MS)
        for each, tp in used.items():
            end = consumer.highwater(each)
            if end is not None:
                ends[tp] = max(end, listed[tp])
    return ends


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with batch delivery."""

    Consumer = BatchConsumer
    cluster: Cluster
    lease: Lease
    chunk_topics: frozenset[str]
    # Called when the changelogs of a partition are read, while others are not yet.
    on_recovered: Callable[[int], Awaitable[None]]
