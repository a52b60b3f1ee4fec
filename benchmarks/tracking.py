"""A market through real topics and a real worker, session by session."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

from benchmarks.batch_sending import batch_producer, send
from benchmarks.bench import PARTITIONS, ROCKSDB, Bench, ContestError
from benchmarks.market import SESSIONS, Market
from benchmarks.usage import peak_bytes
from benchmarks.watched_worker import WorkerJob
from benchmarks.watching import Span, WatchedWorker, watched
from schemas import topics
from schemas.codec import encode
from schemas.topics import Topic, prefixed
from signal_tracker import admin

# An hour would be a hang: a million signals a thousand times slower than asked for.
_REGISTER_SECONDS = 1_800.0
_SESSION_SECONDS = 600.0


@dataclass(slots=True, kw_only=True)
class Tracked:
    """What one market cost the worker; memory in bytes of the whole process."""

    market: Market
    prefix: str
    registration: Span
    sessions: list[Span] = field(default_factory=list)
    state: str | None = None
    rss_before: int = 0
    rss_peak: int = 0

    @property
    def app_id(self) -> str:
        """Return the consumer group, which its changelogs begin with."""
        return self.prefix

    @property
    def signal_sessions(self) -> int:
        """Return the observations of all sessions that were played."""
        return self.market.observations(len(self.sessions))

    @property
    def seconds(self) -> float:
        """Return the time of all sessions, each from its first chunk until it was durable."""
        return sum(each.seconds for each in self.sessions)

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time of the same stretches."""
        return sum(each.cpu_seconds for each in self.sessions)

    @property
    def steady_per_second(self) -> float:
        """Return the observations a second of the sessions in which no state changes."""
        found = [each.seconds for at, each in enumerate(self.sessions) if self.market.steady(at)]
        return self.market.signals * len(found) / sum(found)

    @property
    def bytes_per_signal(self) -> float:
        """Return the most memory at rest, after registration or any session, a signal."""
        most = max(self.registration.rss, *(each.rss for each in self.sessions))
        return (most - self.rss_before) / self.market.signals


def tracked(bench: Bench, signals: int, name: str, sessions: int = SESSIONS) -> Tracked:
    """Register a market's signals, play sessions, and check what the worker published."""
    market = Market(signals=signals, partitions=PARTITIONS)
    prefix = bench.topics(name)
    broker = bench.broker().address
    registered = asyncio.run(_publish_signals(broker, prefix, market))
    click.echo(f"  {name}: {registered:,} signals published", err=True)
    state = str(bench.room(name, "state")) if bench.store == ROCKSDB else None
    with running(bench, prefix, name, state=state) as worker:
        base = worker.wait_ready(PARTITIONS)["rss"]
        entry = worker.wait_span(topics.SIGNALS, 0, registered, seconds=_REGISTER_SECONDS)
        found = Tracked(
            market=market, prefix=prefix, registration=entry, state=state, rss_before=base
        )
        click.echo(
            f"  {name}: registered in {entry.seconds:.1f} s, {entry.rss / 1e6:.0f} MB", err=True
        )
        play(broker, found, worker, range(sessions))
        found.rss_peak = peak_bytes(worker.process.pid) or 0
    check(broker, found)
    click.echo(
        f"  {name}: {found.signal_sessions:,} signal-sessions in {found.seconds:.1f} s,"
        f" {found.cpu_seconds:.1f} s of CPU",
        err=True,
    )
    return found


@contextmanager
def running(
    bench: Bench, prefix: str, name: str, gate: str | None = None, state: str | None = None
) -> Iterator[WatchedWorker]:
    """Yield a worker on the topics of a prefix, with nothing local but what is in `state`."""
    job = WorkerJob(
        broker=bench.broker().address,
        prefix=prefix,
        app_id=prefix,
        folder=str(bench.room(name, f"worker-{len(list(bench.room(name).iterdir()))}")),
        partitions=PARTITIONS,
        gate=gate,
        state=state,
    )
    with watched(job) as worker:
        yield worker


async def _publish_signals(broker: str, prefix: str, market: Market) -> int:
    count = 0
    async with batch_producer(broker) as producer:
        for partition in range(market.partitions):
            messages = (
                (each.ticker.encode(), encode(each)) for each in market.signals_of(partition)
            )
            topic = prefixed(prefix, topics.SIGNALS)
            count += await send(producer, topic, partition, messages)
    return count


def play(broker: str, found: Tracked, worker: WatchedWorker, sessions: range) -> None:
    """Publish session after session, each when the one before is durable."""
    records = 0
    for session in sessions:
        before = records
        records += asyncio.run(_publish_session(broker, found, session))
        found.sessions.append(
            worker.wait_span(topics.TICKS, before, records, seconds=_SESSION_SECONDS)
        )


async def _publish_session(broker: str, found: Tracked, session: int) -> int:
    count = 0
    topic = prefixed(found.prefix, topics.TICKS)
    async with batch_producer(broker) as producer:
        for partition in range(found.market.partitions):
            messages = [
                (each.tickers[0].encode(), encode(each))
                for each in found.market.ticks_of(partition, session)
            ]
            count += await send(producer, topic, partition, messages)
    return count


def check(broker: str, found: Tracked) -> None:
    """Raise ContestError where the worker has not closed every bar, or refused a record."""
    wanted = {topics.BARS: len(found.market.tickers) * len(found.sessions), topics.DEAD_LETTERS: 0}
    for topic, expected in wanted.items():
        count = published(broker, found.prefix, topic)
        if count != expected:
            msg = f"expected {expected:,} records of {topic.name}, was {count:,}"
            raise ContestError(msg)


def published(broker: str, prefix: str, topic: Topic) -> int:
    """Return how many records a topic holds."""
    return sum(admin.end_offsets(broker, [prefixed(prefix, topic)]).values())
