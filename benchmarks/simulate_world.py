"""A synthetic market through the worker's core: real processor, outbox and tables, no wire.

Everything is seeded. A session is its ticks, some or none, and then one final tick
a ticker; what is fed is encoded before the clock starts.
"""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from types import SimpleNamespace
from typing import Any

import faust
import numpy as np
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks.usage import resident_bytes
from schemas import topics
from schemas.codec import encode
from schemas.records import FLAG_FINAL, Signal, TickBatch
from schemas.topics import Topic, partition_of
from streams.app import MAX_BATCH_BYTES
from streams.domain.tracker import Rules
from streams.inbound import Chunk
from streams.outbox import Outbox
from streams.policy_files import load_policy
from streams.processor import Processor
from streams.sending import Sender
from streams.sessions import CalendarBook, load_calendar
from streams.tables import declare_tables

BATCH_TICKS = 2_000
CHUNK_BYTES = 16 * 1024 * 1024
CHUNK_SIGNALS = 5_000
LATENESS_MS = 15 * 60_000
HORIZON = 21

_FIRST_DAY = 18_263  # 2020-01-02
_SEED = 20_200_102
_ACTIONS = ("BUY", "SELL", "HOLD")


@dataclass(slots=True, kw_only=True)
class Cost:
    """What one phase took and came to; bytes and records by topic, changelogs by table."""

    cpu_seconds: float = 0.0
    ticks: int = 0
    touched: int = 0
    records: Counter[str] = field(default_factory=Counter)
    sent_bytes: Counter[str] = field(default_factory=Counter)


class World:
    """A market of so many tickers, with the worker's core behind it."""

    def __init__(self, *, tickers: int, signals_per_ticker: int, partitions: int) -> None:
        self.names = [f"S{n:05d}" for n in range(tickers)]
        self.signals_per_ticker = signals_per_ticker
        self.partitions = partitions
        self._calendar = load_calendar("XNYS")
        self._first = self._calendar.index_of(_FIRST_DAY) or 0
        self._homes = _homes(self.names, partitions)
        self._prices = np.linspace(20.0, 400.0, tickers)
        self._producer = _Producer()
        app = faust.App("simulate", store="memory://", datadir=Path(gettempdir()) / "simulate")
        self._tables = declare_tables(app, partitions)
        rules = Rules(
            calendar_of=CalendarBook(), policies=load_policy("tracker"), lateness_ms=LATENESS_MS
        )
        outbox = Outbox(Sender(lambda: self._producer), self._tables, "")
        self._processor = Processor(rules, outbox, self._tables, partitions)
        # as the worker has it
        gc.set_threshold(200_000, 20, 100)
        self.base_bytes = resident_bytes("self") or 0

    @property
    def bytes_used(self) -> int:
        """Return the memory that this process has taken since the world was made."""
        gc.collect()
        return (resident_bytes("self") or 0) - self.base_bytes

    def register(self) -> Cost:
        """Publish every signal, before the first session opens."""
        chunks = [
            Chunk(topics.SIGNALS.name, partition, values[start : start + CHUNK_SIGNALS])
            for partition in range(self.partitions)
            for values in [self._signals(partition)]
            for start in range(0, len(values), CHUNK_SIGNALS)
        ]
        return self._run(topics.SIGNALS, chunks)

    def trade(self, session: int, ticks_per_ticker: int) -> Cost:
        """Let every ticker tick during a session."""
        chunks, touched = [], 0
        for partition, home in enumerate(self._homes):
            values = self._ticks(home, session, ticks_per_ticker)
            for part in _by_size(values):
                chunks.append(Chunk(topics.TICKS.name, partition, part))
                touched += len(home)
        cost = self._run(topics.TICKS, chunks)
        cost.ticks, cost.touched = ticks_per_ticker * len(self.names), touched
        return cost

    def close(self, session: int) -> Cost:
        """End a session: one final tick a ticker."""
        chunks = [
            Chunk(topics.TICKS.name, partition, self._closes(home, session))
            for partition, home in enumerate(self._homes)
            if len(home)
        ]
        cost = self._run(topics.TICKS, chunks)
        cost.ticks = cost.touched = len(self.names)
        return cost

    def _run(self, topic: Topic, chunks: Sequence[Chunk]) -> Cost:
        cost = Cost()
        self._producer.cost = cost
        gc.collect()
        began = time.process_time()
        asyncio.run(self._process(topic, chunks))
        cost.cpu_seconds = time.process_time() - began
        if dead := cost.records[topics.DEAD_LETTERS.name]:
            msg = f"expected no dead letter, was {dead}"
            raise ValueError(msg)
        return cost

    async def _process(self, topic: Topic, chunks: Sequence[Chunk]) -> None:
        # the locks in it belong to one loop
        self._processor._turns.clear()  # noqa: SLF001
        self._processor._outbox._on_the_way.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        for chunk in chunks:
            effect = await self._processor.process(topic, chunk)
            if effect is not None:
                await effect

    def _signals(self, partition: int) -> list[Any]:
        opened = int(self._calendar.open_ms[self._first])
        return [
            _record(at, encode(_signal(self.names[number], n, opened - 60_000 + n)))
            for at, (number, n) in enumerate(
                (number, n)
                for number in self._homes[partition].tolist()
                for n in range(self.signals_per_ticker)
            )
        ]

    def _ticks(self, home: Any, session: int, per_ticker: int) -> list[bytes]:
        opened = int(self._calendar.open_ms[self._first + session])
        closed = int(self._calendar.close_ms[self._first + session])
        count = len(home) * per_ticker
        random = np.random.default_rng([_SEED, session, len(home)])
        index = np.tile(np.arange(len(home), dtype="<i4"), per_ticker)
        ts_ms = np.sort(random.integers(opened, closed, count))
        price = np.round(self._prices[home][index] * np.exp(random.normal(0, 0.01, count)), 2)
        names = [self.names[each] for each in home]
        return [
            encode(_batch(names, index[part], ts_ms[part], price[part], 0))
            for start in range(0, count, BATCH_TICKS)
            for part in [slice(start, start + BATCH_TICKS)]
        ]

    def _closes(self, home: Any, session: int) -> list[Any]:
        at = np.full(len(home), self._calendar.close_ms[self._first + session])
        moves = np.random.default_rng([_SEED, session]).normal(0.0005, 0.02, len(self.names))
        price = np.round(self._prices[home] * np.exp(moves[home]), 4)
        values = []
        for start in range(0, len(home), BATCH_TICKS):
            part = slice(start, start + BATCH_TICKS)
            names = [self.names[each] for each in home[part]]
            index = np.arange(len(names), dtype="<i4")
            values.append(encode(_batch(names, index, at[part], price[part], FLAG_FINAL)))
        return [_record(n, value) for n, value in enumerate(values)]


class _Producer:
    """Stands where aiokafka's producer does: builds real batches, and counts them."""

    def __init__(self) -> None:
        self.cost = Cost()
        self._ends: Counter[tuple[str, int]] = Counter()

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(MAX_BATCH_BYTES, 0)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[Any]":
        batch.close()
        count = batch.record_count()
        self.cost.records[topic] += count
        self.cost.sent_bytes[topic] += len(batch._build())  # noqa: SLF001 - closed, so only read
        first = self._ends[topic, partition]
        self._ends[topic, partition] += count
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(SimpleNamespace(offset=first))
        return done


def _homes(names: Sequence[str], partitions: int) -> list[Any]:
    places = np.array([partition_of(each, partitions) for each in names])
    return [np.flatnonzero(places == partition) for partition in range(partitions)]


def _by_size(values: Sequence[bytes]) -> Iterator[list[Any]]:
    part: list[Any] = []
    size = 0
    for at, value in enumerate(values):
        if part and size + len(value) > CHUNK_BYTES:
            yield part
            part, size = [], 0
        part.append(_record(at, value))
        size += len(value)
    if part:
        yield part


def _record(offset: int, value: bytes) -> Any:
    return SimpleNamespace(offset=offset, timestamp=0, key=None, value=value)


def _batch(names: list[str], index: Any, ts_ms: Any, price: Any, flag: int) -> TickBatch:
    count = len(index)
    used, places = np.unique(index, return_inverse=True)
    return TickBatch(
        tickers=[names[each] for each in used],
        ticker_index=places.astype("<i4").tobytes(),
        ts_event_ms=ts_ms.astype("<i8").tobytes(),
        session=np.full(count, -1, dtype="<i4").tobytes(),
        price=price.astype("<f8").tobytes(),
        size=np.ones(count, dtype="<f8").tobytes(),
        flags=np.full(count, flag, dtype="u1").tobytes(),
        revision=bytes(count),
    )


def _signal(ticker: str, n: int, generated_at_ms: int) -> Signal:
    return Signal(
        ticker=ticker,
        action=_ACTIONS[n % len(_ACTIONS)],
        confidence=0.5 + n % 5 / 10,
        generated_at_ms=generated_at_ms,
        source="simulation",
        source_kind="rule",
        model=f"model-{n % 7}",
        horizon_sessions=HORIZON,
        data_kind="replay",
    )
