"""Chunks straight out of aiokafka's fetcher, without an object of its own a record.

aiokafka makes a `ConsumerRecord` of each record, which takes longer than to
read it. Here a fetched partition hands out what its batch reader makes. What
counts for correctness stays as it is there, line by line: checksums, aborted
and control batches, gaps of compaction, records before the position.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

from streams.inbound import Chunk


class ChunkRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types for it
    """What was fetched of a partition, handed out many records at a time."""

    next_fetch_offset: int

    def __init__(self, whole: PartitionRecords) -> None:
        super().__init__(
            whole._tp,
            whole._records,
            whole._aborted_transactions,
            fetch_offset=whole.next_fetch_offset,
            key_deserializer=None,
            value_deserializer=None,
            check_crcs=whole._check_crcs,
            isolation_level=whole._isolation_level,
        )
        self._batches = self._readable_batches()
        self._batch: Any = None
        self._unread: Iterator[Any] = iter(())

    def take(self, limit: int) -> list[Any]:
        """Return up to `limit` records, fewer only where there are no more."""
        taken: list[Any] = []
        while len(taken) < limit:
            wanted = limit - len(taken)
            found = list(islice(self._unread, wanted))
            if found and found[0].offset < self.next_fetch_offset:
                position = self.next_fetch_offset
                kept = [each for each in found if each.offset >= position]
            else:
                kept = found
            if kept:
                taken += kept
                self.next_fetch_offset = kept[-1].offset + 1
            if len(found) == wanted:
                continue
            if self._batch is not None:
                # Also past the records that compaction has removed from the batch's end.
                self.next_fetch_offset = self._batch.next_offset
            self._batch = next(self._batches, None)
            if self._batch is None:
                self._unread = iter(())
                break
            # A batch may be asked for its iterator only once.
            self._unread = islice(self._batch, None)
        return taken

    def _readable_batches(self) -> Iterator[Any]:
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                msg = f"Invalid CRC - {self._tp}"
                raise CorruptRecordException(msg)
            if self._is_aborted(batch) or batch.is_control_batch:
                self.next_fetch_offset = batch.next_offset
            else:
                yield batch

    def _is_aborted(self, batch: Any) -> bool:
        if self._isolation_level != READ_COMMITTED or batch.producer_id is None:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(batch.producer_id)
        return bool(batch.is_transactional and batch.producer_id in self._aborted_producers)


def take_chunk(result: FetchResult, max_records: int | None = None) -> Chunk | list[Any]:
    """Return a chunk of at most `max_records`, in the place of `FetchResult.getall`."""
    tp = result._topic_partition
    if not result.check_assignment(tp) or not result.has_more():
        return []
    limit = max_records or _NO_LIMIT
    records = result._partition_records.take(limit)
    result._update_position()
    if len(records) < limit:
        result._partition_records = None
    return Chunk(tp.topic, tp.partition, records)


class _Fetched(OrderedDict[Any, Any]):
    """What a fetcher holds by partition: an error, or a result that may hand out chunks."""

    def __init__(self, topics: frozenset[str]) -> None:
        super().__init__()
        self._topics = topics

    def __setitem__(self, tp: Any, result: Any) -> None:
        if tp.topic in self._topics and type(result) is FetchResult:
            result._partition_records = ChunkRecords(result._partition_records)
            result.getall = partial(take_chunk, result)
        super().__setitem__(tp, result)


def hand_out_chunks(consumer: AIOKafkaConsumer, topics: frozenset[str]) -> None:
    """Let a consumer that has started return a `Chunk` a partition of these topics."""
    fetcher = consumer._fetcher
    held = _Fetched(topics)
    for tp, result in fetcher._records.items():
        held[tp] = result
    fetcher._records = held


_NO_LIMIT = 1 << 60
