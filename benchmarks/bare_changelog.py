"""The limit of recovery from below: aiokafka reads the changelogs and adds up their lengths."""

import asyncio
import json
import sys
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition


async def read(broker: str, ends: dict[TopicPartition, int]) -> dict[str, float]:
    """Read every partition to its end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        enable_auto_commit=False,
        max_partition_fetch_bytes=16 * 1024 * 1024,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        consumer.assign(list(ends))
        for tp in ends:
            consumer.seek(tp, 0)
        began, cpu = time.perf_counter(), time.process_time()
        left, size, records = dict(ends), 0, 0
        while left:
            for tp, chunk in (await consumer.getmany(timeout_ms=100, max_records=5_000)).items():
                size += sum(len(each.key or b"") + len(each.value or b"") for each in chunk)
                records += len(chunk)
                if chunk[-1].offset + 1 >= ends[tp]:
                    left.pop(tp, None)
        seconds = time.perf_counter() - began
    finally:
        await consumer.stop()
    cpu_seconds = time.process_time() - cpu
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "bytes": size, "records": records}


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    found = asyncio.run(
        read(given["broker"], {TopicPartition(t, p): end for t, p, end in given["ends"]})
    )
    Path(given["answer"]).write_text(json.dumps(found))
