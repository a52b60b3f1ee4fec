"""Chunks of one partition wait for each other, those of several do not."""

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.topics import partition_of
from streams.inbound import Chunk
from streams.processor import BrokenError, Processor
from tests.oracle.examples import closes
from tests.topology.log import BrokerGoneError
from tests.unit.streams.fold import RULES
from tests.unit.streams.test_outbox import Sent, rest

PARTITIONS = 2
HERE = {partition_of(ticker, PARTITIONS): ticker for ticker in ("AAPL", "MSFT", "TSLA", "KO")}


def chunk_of(partition: int, *prices: float) -> Chunk:
    rows = [{**row, "ticker": HERE[partition]} for row in closes(list(prices))]
    records = [
        SimpleNamespace(offset=at, timestamp=0, key=None, value=orjson.dumps(row))
        for at, row in enumerate(rows)
    ]
    return Chunk("ticks", partition, records)


class Slow(Sent):
    """A broker whose answers for one partition wait for a gate."""

    def __init__(self, partition: int, *, fails: bool = False) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        deliver = self.producer.send_batch

        async def slowly(*args: Any, **kwargs: Any) -> Any:
            if kwargs["partition"] == partition:
                await self.gate.wait()
                if fails:
                    raise BrokerGoneError
            return await deliver(*args, **kwargs)

        self.producer.send_batch = slowly  # type: ignore[method-assign]

    def bars(self, partition: int) -> int:
        return len(self.log.entries["p.bars", partition])


async def test_a_partition_does_not_wait_for_the_answer_to_another() -> None:
    sent = Slow(partition=0)
    processor = Processor(RULES, sent.outbox, sent.tables, PARTITIONS)

    waiting = asyncio.ensure_future(processor.process(topics.TICKS, chunk_of(0, 1.0)))
    await rest()
    await processor.process(topics.TICKS, chunk_of(1, 1.0, 2.0))

    assert (sent.bars(0), sent.bars(1)) == (0, 2)
    sent.gate.set()
    await waiting
    assert (sent.bars(0), sent.bars(1)) == (1, 2)


async def test_a_chunk_waits_for_the_one_before_it_of_its_partition() -> None:
    sent = Slow(partition=0)
    processor = Processor(RULES, sent.outbox, sent.tables, PARTITIONS)

    both = [
        asyncio.ensure_future(processor.process(topics.TICKS, chunk_of(0, *prices)))
        for prices in ((1.0,), (1.0, 2.0))
    ]
    await rest()
    assert not any(each.done() for each in both)
    sent.gate.set()
    await asyncio.gather(*both)

    assert sent.bars(0) == 2


async def test_a_failure_stops_its_partition_for_good() -> None:
    sent = Slow(partition=0, fails=True)
    sent.gate.set()
    processor = Processor(RULES, sent.outbox, sent.tables, PARTITIONS)

    with pytest.raises(BrokerGoneError):
        await processor.process(topics.TICKS, chunk_of(0, 1.0))
    with pytest.raises(BrokenError):
        await processor.process(topics.TICKS, chunk_of(0, 1.0))
    await processor.process(topics.TICKS, chunk_of(1, 1.0))


async def test_chunks_that_wait_for_their_partition_are_taken_together() -> None:
    sent = Slow(partition=0)
    processor = Processor(RULES, sent.outbox, sent.tables, PARTITIONS)

    every = [
        asyncio.ensure_future(processor.process(topics.TICKS, chunk_of(0, *prices)))
        for prices in ((1.0,), (1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0, 4.0))
    ]
    await rest()
    sent.gate.set()
    first, *effects = await asyncio.gather(*every)

    assert len({id(each) for each in effects}) == 1
    assert first not in effects
    assert sent.bars(0) == 4


async def test_one_that_gave_up_waiting_is_not_taken_with_the_others() -> None:
    sent = Slow(partition=0)
    processor = Processor(RULES, sent.outbox, sent.tables, PARTITIONS)

    first, given_up, last = (
        asyncio.ensure_future(processor.process(topics.TICKS, chunk_of(0, *prices)))
        for prices in ((1.0,), (1.0, 2.0, 3.0, 4.0), (1.0, 2.0))
    )
    await rest()
    given_up.cancel()
    await rest()
    sent.gate.set()
    await asyncio.gather(first, last)

    assert given_up.cancelled()
    assert sent.bars(0) == 2
