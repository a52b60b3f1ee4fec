"""The limit from below: aiokafka alone, reading a topic from its start.

Started with `json` it parses each value with orjson and keeps nothing; with
`bytes` it adds up their lengths.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.job import Clock, Job


async def read(job: Job, use: Callable[[Iterable[Any]], object]) -> None:
    """Hand every chunk of the topic to `use` until the job is done."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=job.broker,
        enable_auto_commit=False,
        max_partition_fetch_bytes=16 * 1024 * 1024,
        fetch_max_wait_ms=50,
    )
    tps = [TopicPartition(job.topic, partition) for partition in range(job.partitions)]
    clock = Clock(job)
    await consumer.start()
    try:
        consumer.assign(tps)
        for tp in tps:
            consumer.seek(tp, 0)
        done = False
        while not done:
            for records in (await consumer.getmany(timeout_ms=100, max_records=5_000)).values():
                use(records)
                done = clock.count(len(records))
        clock.stop()
    finally:
        await consumer.stop()


def parse(records: Iterable[Any]) -> None:
    """Parse each value."""
    for record in records:
        orjson.loads(record.value)


def add_lengths(records: Iterable[Any]) -> int:
    """Add up the lengths of the values."""
    return sum(len(record.value) for record in records)


if __name__ == "__main__":
    asyncio.run(read(Job.from_argv(), {"json": parse, "bytes": add_lengths}[sys.argv[2]]))
