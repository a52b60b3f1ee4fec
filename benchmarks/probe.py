"""Publish at a pace, and see when each record's answer comes: one process, one clock.

A record's answer is the first record with its key on another topic, and, with a
database, the row with its id. The pace is open: it waits for no answer.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.latency_rows import RowWatch
from benchmarks.lines import quantile
from schemas.codec import encode
from schemas.records import Signal
from schemas.topics import partition_of

TICKERS = [f"L{n:03d}" for n in range(200)]
SHARES = (0.5, 0.95, 0.99)

_WAIT_SECONDS = 120.0
_BURST = 500
_GENERATED_MS = 1_577_977_200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeJob:
    """Publish so many signals; with rate 0 as fast as they are taken."""

    broker: str
    source: str
    target: str
    partitions: int
    tag: str
    rate: float
    count: int
    warm: int
    answer: str
    database: str | None = None

    @classmethod
    def from_argv(cls) -> Self:
        """Return the job that the parent passed as the only argument."""
        return cls(**json.loads(sys.argv[1]))

    def to_argument(self) -> str:
        """Return the job as one command line argument."""
        return json.dumps(asdict(self))


@dataclass(slots=True, kw_only=True)
class _Times:
    sent: dict[str, float] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)


async def probe(job: ProbeJob) -> dict[str, object]:
    """Publish all, wait for all answers, and return what they took."""
    total = job.warm + job.count
    names = [f"{job.tag}-{n:07d}" for n in range(total)]
    messages = [_message(name, n, job.partitions) for n, name in enumerate(names)]
    rows = RowWatch(Path(job.database), job.tag, total) if job.database else None
    times = _Times()
    producer = AIOKafkaProducer(bootstrap_servers=job.broker)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=job.broker, enable_auto_commit=False, fetch_max_wait_ms=50
    )
    await producer.start()
    await consumer.start()
    consumer.assign([TopicPartition(job.target, n) for n in range(job.partitions)])
    await consumer.seek_to_end()
    for each in consumer.assignment():
        await consumer.position(each)
    listening = asyncio.create_task(_listen(consumer, times, set(names)))
    try:
        if rows:
            rows.start()
        await _publish(job, producer, times, list(zip(names, messages, strict=True)))
        await asyncio.wait_for(listening, _WAIT_SECONDS)
        if rows:
            await asyncio.to_thread(rows.join, _WAIT_SECONDS)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            await listening
        if rows:
            rows.stop()
        await consumer.stop()
        await producer.stop()
    return _answer(job, times, rows, names[job.warm :])


async def _publish(
    job: ProbeJob,
    producer: AIOKafkaProducer,
    times: _Times,
    messages: list[tuple[str, tuple[int, bytes, bytes]]],
) -> None:
    began = time.monotonic()
    for at, (name, (partition, key, value)) in enumerate(messages):
        if job.rate:
            # the event loop is given the time until the next one is due, and no less than a turn
            await asyncio.sleep(max(began + at / job.rate - time.monotonic(), 0))
        elif at % _BURST == 0:
            await asyncio.sleep(0)
        times.sent[name] = time.monotonic()
        await producer.send(job.source, key=key, value=value, partition=partition)
    await producer.flush()


async def _listen(consumer: AIOKafkaConsumer, times: _Times, waiting: set[str]) -> None:
    while waiting:
        found = await consumer.getmany(timeout_ms=200)
        now = time.monotonic()
        for chunk in found.values():
            for record in chunk:
                name = (record.key or b"").decode()
                if name in waiting:
                    waiting.discard(name)
                    times.heard[name] = now


def _message(name: str, n: int, partitions: int) -> tuple[int, bytes, bytes]:
    ticker = TICKERS[n % len(TICKERS)]
    signal = Signal(
        signal_id=name,
        ticker=ticker,
        action="BUY",
        confidence=0.6,
        generated_at_ms=_GENERATED_MS + n,
        source="benchmark",
        source_kind="rule",
        model="seeded",
        data_kind="replay",
    )
    # the forwarder passes the key on: it must be what the worker's event has for a key
    return partition_of(ticker, partitions), name.encode(), encode(signal)


def _answer(
    job: ProbeJob, times: _Times, rows: RowWatch | None, names: list[str]
) -> dict[str, object]:
    heard = [times.heard[name] for name in names]
    found: dict[str, object] = {
        "event": _quantiles(times.heard, times.sent, names),
        "pace": len(names) / (times.sent[names[-1]] - times.sent[names[0]]),
        "heard_per_second": _middle_rate(sorted(heard)),
    }
    if rows:
        found["row"] = _quantiles(rows.seen, times.sent, names)
    return found


def _quantiles(
    there: dict[str, float], sent: dict[str, float], names: Iterable[str]
) -> list[float]:
    took = [(there[name] - sent[name]) * 1_000 for name in names]
    return [quantile(took, share) for share in SHARES]


def _middle_rate(ordered: list[float]) -> float:
    # without the first and last tenth: the start and the end of a burst are no rate
    tenth = len(ordered) // 10
    part = ordered[tenth : len(ordered) - tenth]
    return (len(part) - 1) / max(part[-1] - part[0], 1e-9)


if __name__ == "__main__":
    asked = ProbeJob.from_argv()
    Path(asked.answer).write_text(json.dumps(asyncio.run(probe(asked))))
