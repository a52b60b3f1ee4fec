"""Records to the broker in whole batches, and where they came to stand."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

# A topic's partition; and key, value and time of a record that goes there.
Place: TypeAlias = tuple[str, int]
Outgoing: TypeAlias = tuple[bytes | None, bytes, int | None]


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

    async def deliver(self, messages: Iterable[Message]) -> Mapping[Place, int]:
        """Send records in order; see `deliver_all`."""
        by_place: dict[Place, list[Outgoing]] = defaultdict(list)
        for topic, partition, *record in messages:
            by_place[topic, partition].append(cast(Outgoing, tuple(record)))
        return await self.deliver_all(by_place)

    async def deliver_all(self, found: Mapping[Place, Sequence[Outgoing]]) -> Mapping[Place, int]:
        """Send records in order; return, when all are durable, the last offset of each partition.

        Raise what the producer raises where one is not: then nothing may be
        acknowledged that rests on them.
        """
        full = {place: records for place, records in found.items() if records}
        last = await asyncio.gather(*(self._deliver_to(*each) for each in full.items()))
        return dict(zip(full, last, strict=True))

    async def _deliver_to(self, place: Place, records: Sequence[Outgoing]) -> int:
        producer = self._producer()
        topic, partition = place
        batch, before, sent = producer.create_batch(), 0, []
        append = batch.append
        for at, (key, value, timestamp) in enumerate(records):
            if append(key=key, value=value, timestamp=timestamp) is None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch, before = producer.create_batch(), at
                append = batch.append
                append(key=key, value=value, timestamp=timestamp)
        sent.append(await producer.send_batch(batch, topic, partition=partition))
        *_, end = await asyncio.gather(*sent)
        return int(end.offset) + len(records) - before - 1
