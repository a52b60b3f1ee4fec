"""A fetched partition is read as kafka-python reads it: records, positions, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from sinks.fetching import QuickRecords, read_records

TP = TopicPartition("states", 3)
RECORDS = st.tuples(
    st.integers(0, 2**42),
    st.none() | st.binary(max_size=70),
    st.none() | st.binary(max_size=9000),
    st.sampled_from([[], [], [], [("a", b"b")]]),
)


def batch_of(
    records: list[Any], *, first: int = 0, compression: int = 0, gaps: tuple[int, ...] = ()
) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for number, (ms, key, value, headers) in enumerate(records):
        if number not in gaps:
            builder.append(number, timestamp=ms, key=key, value=value, headers=headers)
    built = bytearray(builder.build())
    built[0:8] = first.to_bytes(8)
    return bytes(built)


def read(cls: Any, data: bytes, offset: int = 0, step: int = 1000) -> tuple[Any, ...]:
    part = cls(offset, TP, MemoryRecords(data), check_crcs=True)
    found, positions = [], []
    while part:
        found += [(e.offset, e.timestamp, e.key, e.value) for e in part.take(step)]
        positions.append(part.next_fetch_offset)
    return found, positions[-1], part.leader_epoch


@given(
    st.lists(st.lists(RECORDS, min_size=1, max_size=12), min_size=1, max_size=3),
    st.sampled_from([0, 1, 3]),
    st.integers(0, 20),
    st.integers(1, 7),
)
def test_records_and_positions_are_those_of_kafka_python(
    batches: list[list[Any]], compression: int, offset: int, step: int
) -> None:
    data = b"".join(
        batch_of(records, first=100 * number, compression=compression)
        for number, records in enumerate(batches)
    )

    theirs = read(Fetcher.PartitionRecords, data, offset, step)

    assert read(QuickRecords, data, offset, step) == theirs


def test_the_position_goes_past_what_compaction_removed() -> None:
    records = [(5, b"k", b"v", [])] * 4
    whole = batch_of(records)
    # The batch says that its last record stood three after the first, which alone is left.
    data = batch_of(records[:1])
    data = data[:23] + whole[23:27] + data[27:]

    part = QuickRecords(0, TP, MemoryRecords(data), check_crcs=False)

    assert [each.offset for each in part.take(10)] == [0]
    assert part.next_fetch_offset == 4


def test_a_batch_that_fails_its_checksum_is_refused() -> None:
    data = batch_of([(5, b"k", b"value", [])])

    with pytest.raises(CorruptRecordError, match="fails its checksum"):
        read(QuickRecords, data[:-3] + b"x" + data[-2:])


@given(st.data())
def test_broken_records_are_never_read_as_anything_else(data: st.DataObject) -> None:
    body = batch_of([(5, b"k", b"value", []), (9, None, b"w" * 100, []), (9, b"", None, [])])[61:]
    at = data.draw(st.integers(0, len(body)))
    broken = (
        body[:at] + data.draw(st.binary(max_size=2)) + body[at + data.draw(st.integers(0, 2)) :]
    )
    found = read_records(broken, 3, 0, 5)

    if found is not None:
        assert all(len(each.value or b"") <= len(broken) for each in found)
        assert len(found) == 3
