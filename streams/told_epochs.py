"""What the outbound topics hold of the epochs of their partitions."""

from collections.abc import Iterable
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition

from schemas.cluster import Broker, client_options
from schemas.codec import decode_fields
from schemas.errors import DecodeError
from schemas.topics import BARS, OBSERVATIONS, POLICIES, SIGNAL_STATES, VALIDATION_EVENTS, prefixed
from streams.epochs import NONE

_CARRIERS: Final = (BARS, OBSERVATIONS, POLICIES, SIGNAL_STATES, VALIDATION_EVENTS)
_POLL_MS: Final = 50


async def told_epochs(broker: Broker, prefix: str, partitions: Iterable[int]) -> dict[int, int]:
    """Return the epoch of the last records of these partitions in the outbound topics."""
    names = [prefixed(prefix, topic) for topic in _CARRIERS]
    consumer = aiokafka.AIOKafkaConsumer(
        **client_options(broker), enable_auto_commit=False, fetch_max_wait_ms=_POLL_MS
    )
    found: dict[int, int] = {}
    await consumer.start()
    try:
        places = [TopicPartition(name, number) for number in partitions for name in names]
        ends = await consumer.end_offsets(places)
        unread = {place for place, end in ends.items() if end}
        consumer.assign(list(unread))
        for place in unread:
            consumer.seek(place, ends[place] - 1)
        while unread:
            for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                epochs = (_epoch_of(record.value) for record in records)
                found[place.partition] = max(found.get(place.partition, NONE), *epochs)
            # Tansu's end is one past the first record of the last batch; a fetch knows better.
            unread -= {each for each in unread if await _is_read(consumer, each)}
    finally:
        await consumer.stop()
    return found


async def _is_read(consumer: Any, place: TopicPartition) -> bool:
    end = consumer.highwater(place)
    return end is not None and await consumer.position(place) >= end


def _epoch_of(value: bytes | None) -> int:
    try:
        return int(decode_fields(value or b"")[1].get("epoch", NONE))
    except DecodeError:
        # Whoever else writes there; the sinks make a dead letter of it.
        return NONE
