"""Records to the broker in whole batches, and where they came to stand."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple


class Message(NamedTuple):
    """One record on its way out."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    timestamp_ms: int | None = None


async def keep_known(producer: Any, topics: Iterable[str]) -> None:
    """Let the producer ask for these topics whenever it asks who leads what.

    aiokafka notes a topic for that only if it was new when it was first sent to. An answer about
    a topic made later then takes the others away, and a batch of theirs on its way waits for ever.
    """
    await asyncio.gather(*(producer.client.add_topic(topic) for topic in topics))


class Sender:
    """Builds batches itself: one call of aiokafka's producer a batch, not a record."""

    def __init__(self, producer: Callable[[], Any]) -> None:
        self._producer = producer

    async def deliver(self, messages: Iterable[Message]) -> Mapping[tuple[str, int], int]:
        """Send records in order; return, when all are durable, the last offset of each partition.

        Raise what the producer raises where one is not: then nothing may be
        acknowledged that rests on them.
        """
        by_tp: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            by_tp[message.topic, message.partition].append(message)
        last = await asyncio.gather(*(self._deliver_to(*tp, part) for tp, part in by_tp.items()))
        return dict(zip(by_tp, last, strict=True))

    async def _deliver_to(self, topic: str, partition: int, messages: list[Message]) -> int:
        producer = self._producer()
        batch, count, sent = producer.create_batch(), 0, []
        for message in messages:
            fields = {
                "key": message.key,
                "value": message.value,
                "timestamp": message.timestamp_ms,
            }
            if batch.append(**fields) is None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch, count = producer.create_batch(), 0
                batch.append(**fields)
            count += 1
        sent.append(await producer.send_batch(batch, topic, partition=partition))
        *_, end = await asyncio.gather(*sent)
        return int(end.offset) + count - 1
