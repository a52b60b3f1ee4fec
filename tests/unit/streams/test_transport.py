"""What Faust's consumer fetched is handed on or read again, whatever Faust lets go of."""

import gc
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.transport.consumer import ThreadDelegateConsumer
from faust.types import TP

from streams.inbound import Chunk
from streams.lease import Lease
from streams.transport import BatchConsumer, BatchTransport

HERE = TP("signals", 0)


def chunk(first: int, last: int) -> Chunk:
    records = [
        SimpleNamespace(offset=each, timestamp=0, timestamp_type=0, headers=())
        for each in range(first, last + 1)
    ]
    return Chunk(HERE.topic, HERE.partition, records)


class Consumer(BatchConsumer):
    """Faust's consumer with what its thread would have fetched, and without the thread."""

    fetched: list[dict[TP, Any]]
    position: int

    def assignment(self) -> set[TP]:
        return {HERE}

    def highwater(self, tp: TP) -> int:
        return 0

    async def _seek(self, partition: TP, offset: int) -> None:
        self.position = offset


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Consumer]:
    async def fetch(self: Consumer, active: Iterable[TP], timeout: float) -> dict[TP, Any]:
        return self.fetched.pop(0)

    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", fetch)
    app = faust.App("transported", broker="aiokafka://127.0.0.1:1", store="memory://")
    transport = BatchTransport([], app)
    transport.lease = Lease(6, 60)
    transport.chunk_topics = frozenset({HERE.topic})

    async def nothing(*_: Any) -> None:
        return None

    made = Consumer(
        transport, callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing
    )
    made._thread = SimpleNamespace(fetch_little=lambda _is_in_recovery: None)  # type: ignore[assignment]
    made.flow_active = True
    made.fetched, made.position = [], -1
    yield made
    # Python 3.11 cannot take an app away in the middle of parsing, as hypothesis does
    del made, app, transport
    gc.collect()


async def test_what_is_handed_on_is_not_read_again(consumer: Consumer) -> None:
    consumer.fetched = [{HERE: chunk(10, 15)}, {}]
    consumer._set_active_tps({HERE})

    handed = [message.offset async for _, message in consumer.getmany(1.0)]
    handed += [message.offset async for _, message in consumer.getmany(1.0)]

    assert handed == [15]
    assert consumer.position == -1


async def test_what_faust_drops_is_read_again(consumer: Consumer) -> None:
    consumer.fetched = [{HERE: chunk(10, 15)}, {}]
    consumer._set_active_tps({TP("ticks", 0)})
    dropped = [message.offset async for _, message in consumer.getmany(1.0)]
    async for _ in consumer.getmany(1.0):
        pass

    assert dropped == []
    assert consumer.position == 10


async def test_a_chunk_that_is_cut_elsewhere_after_a_seek_back_is_handed_on(
    consumer: Consumer,
) -> None:
    consumer.fetched = [{HERE: chunk(10, 15)}]
    consumer._set_active_tps({HERE})
    # as Faust leaves it, where it was suspended in the middle of handing on 10 to 22
    consumer._read_offset[HERE] = 22
    async for tp, message in consumer.getmany(1.0):
        known = consumer._read_offset[tp]
        assert known is None or message.offset >= known
