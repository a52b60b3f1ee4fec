"""Send records to chosen partitions in whole batches."""

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

BATCH_BYTES = 256 * 1024
REQUEST_BYTES = 1024 * 1024
# Not more batches on their way than this, whatever is to be sent.
_ON_THE_WAY = 64


def batch_producer(broker: str) -> AIOKafkaProducer:
    """Return a producer for `send`, not yet started."""
    return AIOKafkaProducer(
        bootstrap_servers=broker, max_batch_size=BATCH_BYTES, max_request_size=REQUEST_BYTES
    )


async def send(
    producer: AIOKafkaProducer,
    topic: str,
    partition: int,
    messages: Iterable[tuple[bytes, bytes]],
) -> int:
    """Send (key, value) in order; return how many, when all are acknowledged."""
    sent, count = [], 0
    batch = producer.create_batch()
    for key, value in messages:
        if batch.append(key=key, value=value, timestamp=None) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
        count += 1
        if len(sent) >= _ON_THE_WAY:
            for each in sent:
                await each
            sent.clear()
    if batch.record_count():
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    for each in sent:
        await each
    return count
