"""A broker's log in memory, and a producer that writes to it as aiokafka's would.

The producer builds and reads back real Kafka batches; only the wire is missing.
"""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import RecordMetadata, TopicPartition

from streams.app import MAX_BATCH_BYTES
from streams.lease import DisplacedError

Tp = tuple[str, int]


class BrokerGoneError(Exception):
    """The broker took no more batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as a consumer of it sees it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class Log:
    """Every record of every partition, in order."""

    entries: defaultdict[Tp, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def append(self, tp: Tp, key: bytes | None, value: bytes | None, timestamp: int = 0) -> None:
        offset = len(self.entries[tp])
        topic, partition = tp
        self.entries[tp].append(
            Entry(
                topic=topic,
                partition=partition,
                offset=offset,
                timestamp=timestamp,
                key=key,
                value=value,
            )
        )

    def of(self, topic: str) -> list[Entry]:
        """The records of a topic, partition after partition."""
        return [e for tp in sorted(self.entries) if tp[0] == topic for e in self.entries[tp]]


class RecordingProducer:
    """Stands where aiokafka's producer does; dies, or sleeps, after a number of batches.

    What is sent at once with the batch that is not delivered may arrive or not, as
    on a wire: the outbox sends to several partitions side by side. What a sleeper has
    at hand is sent when it wakes up, unless its lease keeps it from that.
    """

    def __init__(
        self,
        log: Log,
        rng: random.Random,
        dies_after: int | None = None,
        *,
        sleeps: bool = False,
        leased: bool = True,
    ) -> None:
        self._log = log
        self._rng = rng
        self._left = dies_after
        self._sleeps = sleeps
        self._leased = leased
        self.asleep = asyncio.Event()
        self.woken = asyncio.Event()
        self.order: list[Tp] = []

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(MAX_BATCH_BYTES, 0)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[RecordMetadata]":
        future = asyncio.get_running_loop().create_future()
        if self._left == 0 and self._sleeps:
            self.asleep.set()
            await self.woken.wait()
            if self._leased:
                future.set_exception(DisplacedError(f"{topic}[{partition}]"))
            else:
                future.set_result(self._deliver(batch, (topic, partition)))
            return future
        if self._left == 0:
            if self._rng.random() < 0.5:
                self._deliver(batch, (topic, partition))
            future.set_exception(BrokerGoneError(f"{topic}[{partition}]"))
            return future
        if self._left is not None:
            self._left -= 1
        future.set_result(self._deliver(batch, (topic, partition)))
        return future

    def _deliver(self, batch: Any, tp: Tp) -> RecordMetadata:
        self.order.append(tp)
        base_offset = len(self._log.entries[tp])
        records = MemoryRecords(bytes(batch._build()))
        while records.has_next():
            for each in records.next_batch():
                self._log.append(tp, each.key, each.value, each.timestamp)
        return RecordMetadata(*tp, TopicPartition(*tp), base_offset, None, 0, 0)
