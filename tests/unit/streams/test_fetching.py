"""Chunks out of aiokafka's fetcher hold what it would have returned record by record."""

import hashlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import pack_into, unpack_from
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.fetching import hand_out_chunks
from streams.inbound import Chunk

TP = TopicPartition("ticks", 3)
OTHER = TopicPartition("changelog", 3)
# Where these stand in a batch of the wire format: the checksum covers all that follows it.
BASE_OFFSET, CRC, ATTRIBUTES, LAST_DELTA = 0, 17, 21, 23
CONTROL, ABORT = 0x20, b"\0\0\0\0"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch as a broker could hold it."""

    records: tuple[tuple[int, bytes | None], ...]
    removed: int = 0
    codec: int = 0
    producer: int = -1
    control: bool = False
    legacy: bool = False

    def built(self, base: int) -> tuple[bytes, int]:
        """The bytes of the batch at an offset, and the offset after it."""
        if self.legacy:
            old = LegacyRecordBatchBuilder(1, 0, 1 << 20)
            for delta, value in self.records:
                old.append(base + delta, base, b"key", value)
            return bytes(old.build()), base + self.records[-1][0] + 1
        transactional = self.producer >= 0
        new = DefaultRecordBatchBuilder(
            2, 0 if self.control else self.codec, transactional, self.producer, 0, 0, 1 << 20
        )
        for delta, value in self.records:
            new.append(delta, 1_000 + delta, ABORT if self.control else b"key", value, [])
        content = bytearray(new.build())
        last = self.records[-1][0] + self.removed
        pack_into(">q", content, BASE_OFFSET, base)
        pack_into(">i", content, LAST_DELTA, last)
        if self.control:
            [attributes] = unpack_from(">h", content, ATTRIBUTES)
            pack_into(">h", content, ATTRIBUTES, attributes | CONTROL)
        pack_into(">I", content, CRC, calc_crc32c(bytes(content[ATTRIBUTES:])))
        return bytes(content), base + last + 1


@dataclass
class Assignment:
    """What aiokafka keeps of an assigned partition."""

    position: int
    active: bool = True
    paused: bool = False
    seen: list[int] = field(default_factory=list)

    def state_value(self, _: TopicPartition) -> "Assignment":
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position
        self.seen.append(position)


def log_of(batches: Sequence[Batch], base: int) -> bytes:
    content = b""
    for batch in batches:
        part, base = batch.built(base)
        content += part
    return content


def fetched(
    content: bytes,
    position: int,
    *,
    chunks: bool,
    committed: bool = False,
    aborted: Sequence[tuple[int, int]] = (),
    tp: TopicPartition = TP,
) -> tuple[Any, Assignment]:
    """A result as the fetcher makes it, and puts it where it keeps them."""
    assignment = Assignment(position)
    level = fetcher.READ_COMMITTED if committed else fetcher.READ_UNCOMMITTED
    records = fetcher.PartitionRecords(
        tp, MemoryRecords(content), list(aborted), position, None, None, True, level
    )
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_records={}))
    if chunks:
        hand_out_chunks(consumer, frozenset({TP.topic}))
    consumer._fetcher._records[tp] = fetcher.FetchResult(
        tp, assignment=assignment, partition_records=records, backoff=0.1
    )
    return consumer._fetcher._records[tp], assignment


def taken(result: Any, assignment: Assignment, cuts: Sequence[int | None]) -> list[Any]:
    """What comes out by cuts of the result, and the position after each."""
    found = []
    for cut in cuts:
        records = result.getall(cut) if result.has_more() else []
        if isinstance(records, Chunk):
            assert (records.topic, records.partition) == (TP.topic, TP.partition)
            records = records.records
        rows = [(each.offset, each.timestamp, each.key, each.value) for each in records]
        found.append((rows, assignment.position, result.has_more()))
    return found


deltas = st.lists(st.integers(0, 8), min_size=1, max_size=6, unique=True).map(sorted)
batches = st.builds(
    Batch,
    records=deltas.flatmap(
        lambda found: st.tuples(
            *(st.tuples(st.just(each), st.none() | st.binary(max_size=5)) for each in found)
        )
    ),
    removed=st.integers(0, 3),
    codec=st.sampled_from([0, 0, 1, 3]),
    producer=st.sampled_from([-1, -1, 7, 8]),
    control=st.booleans(),
    legacy=st.just(False),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(batches, min_size=1, max_size=4),
    st.integers(0, 12),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from([7, 8]), st.integers(90, 130)), max_size=3),
    st.lists(st.integers(1, 9) | st.none(), min_size=1, max_size=8),
)
def test_a_chunk_is_what_the_fetcher_returns(
    log: list[Batch],
    ahead: int,
    committed: bool,
    aborted: list[tuple[int, int]],
    cuts: list[int | None],
) -> None:
    """Whatever the position, the transactions, the gaps and the cuts."""
    content = log_of(log, 100)
    given_ = {"committed": committed, "aborted": aborted}

    ours = taken(*fetched(content, 100 + ahead, chunks=True, **given_), cuts)
    theirs = taken(*fetched(content, 100 + ahead, chunks=False, **given_), cuts)

    assert ours == theirs


def test_records_of_the_old_format_come_as_well() -> None:
    log = [Batch(records=((0, b"a"), (1, b"b"), (2, None)), legacy=True)]

    ours = taken(*fetched(log_of(log, 5), 6, chunks=True), [1, 5])
    theirs = taken(*fetched(log_of(log, 5), 6, chunks=False), [1, 5])

    assert ours == theirs
    assert [len(rows) for rows, *_ in ours] == [1, 1]


def test_a_broken_batch_is_refused_and_read_again_from_its_position() -> None:
    good, bad = Batch(records=((0, b"a"),)), Batch(records=((0, b"b"),))
    content = bytearray(log_of([good, bad], 0))
    content[-1] ^= 1
    for chunks in (True, False):
        result, assignment = fetched(bytes(content), 0, chunks=chunks)
        with pytest.raises(CorruptRecordException):
            result.getall(10)

        assert assignment.position == 0
        assert not result.getall(10)
        assert not result.has_more()


@pytest.mark.parametrize("changes", [{"position": 1}, {"active": False}, {"paused": True}])
def test_a_partition_that_was_taken_away_meanwhile_gives_nothing(changes: dict[str, Any]) -> None:
    result, assignment = fetched(log_of([Batch(records=((0, b"a"),))], 0), 0, chunks=True)
    for name, value in changes.items():
        setattr(assignment, name, value)

    assert result.getall(10) == []
    assert not result.has_more()


def test_other_topics_and_errors_are_left_alone() -> None:
    content = log_of([Batch(records=((0, b"a"), (1, b"b")))], 0)
    result, _ = fetched(content, 0, chunks=True, tp=OTHER)
    [record] = result.getall(1)
    assert type(record) is fetcher.ConsumerRecord

    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_records={}))
    hand_out_chunks(consumer, frozenset({TP.topic}))
    error = fetcher.FetchError(error=ValueError(), backoff=1.0)
    consumer._fetcher._records[TP] = error
    assert consumer._fetcher._records == {TP: error}


def test_what_was_fetched_before_is_handed_out_in_chunks_too() -> None:
    result, _ = fetched(log_of([Batch(records=((0, b"a"),))], 0), 0, chunks=False)
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_records={TP: result}))

    hand_out_chunks(consumer, frozenset({TP.topic}))

    assert isinstance(consumer._fetcher._records[TP].getall(5), Chunk)


@pytest.mark.parametrize(
    ("original", "known"),
    [
        (fetcher.PartitionRecords.__init__, "8ec1c2ae6ea1af87"),
        (fetcher.PartitionRecords._unpack_records, "b803e6d46480732c"),
        (fetcher.FetchResult.getall, "3e717e30de5068d5"),
        (fetcher.Fetcher.fetched_records, "be4348896b9b66af"),
    ],
)
def test_the_fetcher_is_the_one_that_ours_was_written_after(original: Any, known: str) -> None:
    """On a new aiokafka: see what has changed in it, change `streams.fetching`, note the hash."""
    source = inspect.getsource(original).encode()

    assert hashlib.sha256(source).hexdigest()[:16] == known
