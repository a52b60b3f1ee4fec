"""The topics of a pipeline on a broker, read a partition at a time and without a group."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition
from kafka.errors import OffsetOutOfRangeError

from schemas.cluster import Broker
from schemas.topics import CATALOGUE, INBOUND, Topic, prefixed
from signal_tracker import admin
from signal_tracker.consumers import open_consumer
from signal_tracker.errors import BrokerError, MissingTopicError
from streams.inbound import Chunk

_POLL_MS = 200
_AT_ONCE = 5_000
_SILENCE_S = 60.0
# Bounds the memory of what is fetched ahead: records are up to a megabyte.
_FETCH_BYTES = 16 * 1024 * 1024


class KafkaLog:
    """Records by topic, partition and offset; it commits nothing."""

    def __init__(self, consumer: Any, prefix: str, partitions: int) -> None:
        self.prefix = prefix
        self.partitions = partitions
        self._consumer = consumer
        parts = [
            TopicPartition(prefixed(prefix, topic), number)
            for topic in CATALOGUE
            for number in range(partitions)
        ]
        self._beginnings: dict[TopicPartition, int] = consumer.beginning_offsets(parts)

    def beginning(self, topic: Topic, partition: int) -> int:
        """Return the first offset that a partition still holds."""
        return self._beginnings[self._part(topic, partition)]

    def chunks(self, topic: Topic, partition: int, start: int, end: int) -> Iterator[Chunk]:
        """Yield the records from an offset up to before another, some at a time."""
        part = self._part(topic, partition)
        start = max(start, self._beginnings[part])
        if start >= end:
            return
        self._consumer.assign([part])
        self._consumer.seek(part, start)
        heard = time.monotonic()
        # The position, and not the last record: offsets have gaps where a topic is compacted.
        while self._consumer.position(part) < end:
            polled = self._poll(part)
            records = [each for each in polled.get(part, ()) if each.offset < end]
            if records:
                yield Chunk(part.topic, partition, records)
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE_S:
                at = self._consumer.position(part)
                msg = f"no record of {part.topic}[{partition}]@{at} for {_SILENCE_S:.0f} s"
                raise BrokerError(msg)

    def _poll(self, part: TopicPartition) -> Any:
        try:
            return self._consumer.poll(timeout_ms=_POLL_MS, max_records=_AT_ONCE)
        except OffsetOutOfRangeError:
            msg = (
                f"{part.topic}[{part.partition}]: retention deleted records before they were read: "
                "start again"
            )
            raise BrokerError(msg) from None

    def _part(self, topic: Topic, partition: int) -> TopicPartition:
        return TopicPartition(prefixed(self.prefix, topic), partition)


@contextmanager
def opened_log(broker: Broker, prefix: str) -> Iterator[KafkaLog]:
    """Yield the topics behind a prefix; raise MissingTopicError where one is not there."""
    names = [prefixed(prefix, topic) for topic in CATALOGUE]
    counts = admin.partition_counts(broker, names)
    missing = [name for name in names if name not in counts]
    if missing:
        msg = f"there is no topic {', '.join(missing)} at {broker}"
        raise MissingTopicError(msg)
    consumer = open_consumer(
        broker,
        bootstrap_timeout_ms=admin.TIMEOUT_MS,
        auto_offset_reset="none",
        fetch_max_bytes=_FETCH_BYTES,
    )
    try:
        yield KafkaLog(consumer, prefix, counts[prefixed(prefix, INBOUND[0])])
    finally:
        consumer.close()
