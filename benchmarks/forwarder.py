"""The limit of latency from below: aiokafka reads one topic and sends each record to another."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def forward(broker: str, source: str, target: str) -> None:
    """Forward until killed."""
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=broker,
        group_id=f"{source}-forwarder",
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,
    )
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await consumer.start()
    async for record in consumer:
        await producer.send(target, key=record.key, value=record.value, partition=record.partition)


if __name__ == "__main__":
    asyncio.run(forward(*sys.argv[1:4]))
