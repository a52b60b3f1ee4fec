"""Fetched partitions read a batch at a time; kafka-python's own way takes 8 us a record.

What counts for correctness stays with kafka-python: checksums, control batches,
gaps of compaction, positions and their epochs. Only the records of a batch are
read here, where they are of the usual shape; all others by kafka-python.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError

from schemas.reading import MORE, read_long

_MAGIC = 2


class Record(NamedTuple):
    """A record whose partition is known."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class QuickRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # kafka-python has no types
    """What was fetched of a partition, of bytes alone, committed or not."""

    def _unpack_records(self, tp: Any, records: Any, *_deserializers: Any) -> Iterator[Any]:
        while records.has_next():
            batch = records.next_batch()
            if self.check_crcs and not batch.validate_crc():
                msg = f"{tp}: the record batch at offset {batch.base_offset} fails its checksum"
                raise CorruptRecordError(msg)
            if batch.magic != _MAGIC:
                msg = f"{tp}: expected records of format {_MAGIC}, was {batch.magic}"
                raise CorruptRecordError(msg)
            self.leader_epoch = batch.leader_epoch
            if not batch.is_control_batch:
                self.records_read += batch.records_count
                self.bytes_read += batch.size_in_bytes
                for record in _records(batch):
                    self.next_fetch_offset = record.offset + 1
                    yield record
            # Also past the records that compaction has removed from the batch's end.
            self.next_fetch_offset = batch.next_offset
        self.drain()


def read_quickly(consumer: KafkaConsumer) -> None:
    """Let a consumer without deserializers, before its first poll, read by this reader."""
    consumer._fetcher.PartitionRecords = QuickRecords


def read_records(
    content: bytes, count: int, first_offset: int, first_ms: int
) -> list[Record] | None:
    """Return the records of a batch's body; None where they are not of the usual shape."""
    try:
        found, at = _read(content, count, first_offset, first_ms)
    except IndexError:
        return None
    return found if at == len(content) else None


def _records(batch: Any) -> Sequence[Any]:
    found = None
    if batch.timestamp_type == batch.CREATE_TIME:
        batch._maybe_uncompress()
        content = bytes(memoryview(batch._buffer)[batch._pos :])
        found = read_records(content, batch.records_count, batch.base_offset, batch.first_timestamp)
    return list(batch) if found is None else found


def _read(value: bytes, count: int, offset: int, ms: int) -> tuple[list[Record], int]:
    # Kafka's numbers are written as Avro's are. A negative length is that of null.
    at = 0
    found = []
    for _ in range(count):
        size, at = read_long(value, at)
        end = at + size
        later, at = read_long(value, at + 1)
        further, at = read_long(value, at)
        size = value[at]
        if size >= MORE:
            size, at = read_long(value, at)
            size <<= 1
        else:
            at += 1
        key = None
        if size & 1 == 0:
            size >>= 1
            key = value[at : at + size]
            at += size
        size, at = read_long(value, at)
        content = None
        if size >= 0:
            content = value[at : at + size]
            at += size
        # No headers, and nothing after them.
        if value[at] or at + 1 != end:
            raise IndexError
        at = end
        found.append(Record(offset + further, ms + later, key, content))
    return found, at
