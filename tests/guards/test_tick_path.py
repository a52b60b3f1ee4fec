"""The cost of a tick is the machine's, not the interpreter's: counted, not timed.

Every call that Python makes, of its own functions and of C's, is counted from the
fetched bytes to the folded bars. More ticks may not mean more calls: one put back
for each tick would be the greater part of what a tick costs.
"""

import numpy as np
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from schemas.codec import encode
from schemas.records import TickBatch
from streams.domain.tracker import PartitionTracker
from streams.fetching import ChunkRecords
from streams.inbound import Chunk
from streams.inbound_ticks import sort_ticks
from tests.builders import OPEN_MS
from tests.guards.counting import PYTHON_AND_C, calls_of
from tests.unit.streams.fold import BOOK, RULES

TICKERS = [f"T{n:02d}" for n in range(20)]
# What a chunk may take whatever is in it, and what each columnar record adds; now 1,060 and 69,
# with 20 tickers, whose bars and state are touched once a chunk.
CALLS_A_CHUNK = 1_600
CALLS_A_RECORD = 80


def fetched(values: list[bytes]) -> ChunkRecords:
    """The values as a consumer has fetched them."""
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 30)
    for offset, value in enumerate(values):
        batch.append(offset, 1, b"key", value, [])
    records = MemoryRecords(bytes(batch.build()))
    tp = TopicPartition("ticks", 0)
    return ChunkRecords(PartitionRecords(tp, records, [], 0, None, None, True, READ_UNCOMMITTED))


def singles(count: int) -> list[bytes]:
    return [
        b'{"ticker":"%s","price":%d.5,"ts_event_ms":%d}'
        % (TICKERS[n % len(TICKERS)].encode(), 100 + n % 7, OPEN_MS + n)
        for n in range(count)
    ]


def batches(records: int, ticks: int) -> list[bytes]:
    return [
        encode(
            TickBatch(
                tickers=TICKERS,
                ticker_index=(np.arange(ticks) % len(TICKERS)).astype("<i4").tobytes(),
                ts_event_ms=(OPEN_MS + n * ticks + np.arange(ticks)).astype("<i8").tobytes(),
                session=np.full(ticks, -1, dtype="<i4").tobytes(),
                price=(100.5 + np.arange(ticks) % 7).astype("<f8").tobytes(),
                size=np.ones(ticks, dtype="<f8").tobytes(),
                flags=bytes(ticks),
                revision=bytes(ticks),
                source="",
            )
        )
        for n in range(records)
    ]


def worked(values: list[bytes]) -> int:
    """The calls of one chunk from the wire into the fold of a partition that knows its tickers."""
    BOOK.check()
    tracker = PartitionTracker(RULES)
    known = fetched(singles(len(TICKERS)))
    tracker.apply_ticks(sort_ticks(Chunk("ticks", 0, known.take(len(TICKERS))), 1).columns)
    source = fetched(values)

    def work() -> None:
        chunk = Chunk("ticks", 0, source.take(len(values)))
        found = sort_ticks(chunk, 1)
        assert not found.dead
        tracker.apply_ticks(found.columns)

    calls = calls_of(work, PYTHON_AND_C)
    assert {ticker for ticker in TICKERS if tracker.ticker(ticker).open} == set(TICKERS)
    return calls


@pytest.fixture(autouse=True)
def _warm() -> None:
    # What is kept for later: the verdicts on tickers, the layout of a record.
    worked(singles(100))
    for ticks in (100, 200, 2_000):
        worked(batches(2, ticks))


def test_single_ticks_take_no_call_each() -> None:
    few, many = worked(singles(1_000)), worked(singles(10_000))

    assert many - few < 100
    assert many < CALLS_A_CHUNK


def test_columnar_ticks_take_no_call_each() -> None:
    few, many = worked(batches(5, 200)), worked(batches(5, 2_000))

    assert many - few < 10


def test_a_columnar_record_takes_few_passes() -> None:
    few, many = worked(batches(5, 200)), worked(batches(105, 200))

    assert (many - few) / 100 < CALLS_A_RECORD
    assert few < CALLS_A_CHUNK + 5 * CALLS_A_RECORD
