"""Seeded ticks inside real XNYS sessions, published in batches made beforehand.

200 tickers, in order of time, spread over the sessions from 2020-01-02 on;
five signals a ticker, so that closes are judged and not only kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.batch_sending import batch_producer, send
from schemas.codec import encode
from schemas.records import Signal, TickBatch
from schemas.topics import SIGNALS, TICKS, partition_of, prefixed
from streams.sessions import load_calendar

SEED = 20_200_102
TICKERS = [f"T{n:03d}" for n in range(200)]
SESSIONS = 6
BATCH_TICKS = 2_000
SIGNALS_PER_TICKER = 5

_FIRST_DAY = 18_263
_BLOCK = 400_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of ticks as columns, in order of time; `code` points into TICKERS."""

    code: npt.NDArray[np.int64]
    ts_ms: npt.NDArray[np.int64]
    price: npt.NDArray[np.float64]


def blocks(total: int) -> Iterator[Block]:
    """Yield `total` seeded ticks."""
    random = np.random.default_rng(SEED)
    calendar = load_calendar("XNYS")
    first = calendar.index_of(_FIRST_DAY) or 0
    bounds = slice(first, first + SESSIONS)
    open_ms, close_ms = calendar.open_ms[bounds], calendar.close_ms[bounds]
    level = random.uniform(100.0, 900.0, len(TICKERS))
    for start in range(0, total, _BLOCK):
        at = np.arange(start, min(start + _BLOCK, total)) * (SESSIONS / total)
        session = at.astype(np.int64)
        span = close_ms[session] - open_ms[session]
        code = random.integers(0, len(TICKERS), len(at))
        yield Block(
            code=code,
            ts_ms=open_ms[session] + ((at - session) * span).astype(np.int64),
            price=np.round(level[code] * np.exp(random.normal(0.0, 0.02, len(at))), 4),
        )


class Feed:
    """Publishes the signals and ticks of one benchmark under a prefix of its own."""

    def __init__(self, broker: str, prefix: str, partitions: int) -> None:
        self._prefix = prefix
        self._partitions = partitions
        self._home = np.array([partition_of(each, partitions) for each in TICKERS])
        self._producer = batch_producer(broker)

    async def publish(self, ticks: int, *, columnar: bool) -> int:
        """Publish the signals and about `ticks` ticks; return the number of tick records."""
        await self._producer.start()
        try:
            for partition in range(self._partitions):
                messages = self._signals(partition)
                await self._send(prefixed(self._prefix, SIGNALS), partition, messages)
            return await self._publish_ticks(ticks, columnar=columnar)
        finally:
            await self._producer.stop()

    async def _publish_ticks(self, ticks: int, *, columnar: bool) -> int:
        sent = 0
        for block in blocks(ticks):
            for partition in range(self._partitions):
                here = np.flatnonzero(self._home[block.code] == partition)
                part = Block(
                    code=block.code[here], ts_ms=block.ts_ms[here], price=block.price[here]
                )
                messages = list((_columnar if columnar else _single)(part))
                await self._send(prefixed(self._prefix, TICKS), partition, messages)
                sent += len(messages)
        return sent

    def _signals(self, partition: int) -> list[tuple[bytes, bytes]]:
        return [
            (ticker.encode(), encode(_signal(ticker, n)))
            for ticker, home in zip(TICKERS, self._home, strict=True)
            if home == partition
            for n in range(SIGNALS_PER_TICKER)
        ]

    async def _send(self, topic: str, partition: int, messages: list[tuple[bytes, bytes]]) -> None:
        await send(self._producer, topic, partition, messages)


def _single(part: Block) -> Iterator[tuple[bytes, bytes]]:
    keys = [ticker.encode() for ticker in TICKERS]
    columns = (part.code.tolist(), part.price.tolist(), part.ts_ms.tolist())
    for code, price, ts_ms in zip(*columns, strict=True):
        key = keys[code]
        yield key, b'{"ticker":"%s","price":%.4f,"ts_event_ms":%d}' % (key, price, ts_ms)


def _columnar(part: Block) -> Iterator[tuple[bytes, bytes]]:
    # the few ticks that do not fill a record are left out: every record holds the same number
    for start in range(0, len(part.code) - BATCH_TICKS + 1, BATCH_TICKS):
        rows = slice(start, start + BATCH_TICKS)
        used, index = np.unique(part.code[rows], return_inverse=True)
        batch = TickBatch(
            tickers=[TICKERS[code] for code in used],
            ticker_index=index.astype("<i4").tobytes(),
            ts_event_ms=part.ts_ms[rows].astype("<i8").tobytes(),
            session=np.full(BATCH_TICKS, -1, dtype="<i4").tobytes(),
            price=part.price[rows].astype("<f8").tobytes(),
            size=np.ones(BATCH_TICKS, dtype="<f8").tobytes(),
            flags=bytes(BATCH_TICKS),
            revision=bytes(BATCH_TICKS),
            source="benchmark",
        )
        yield TICKERS[used[0]].encode(), encode(batch)


def _signal(ticker: str, n: int) -> Signal:
    return Signal(
        ticker=ticker,
        action=("BUY", "SELL", "HOLD")[n % 3],
        confidence=0.5 + n / 10,
        generated_at_ms=_FIRST_DAY * _DAY_MS + n,
        source="benchmark",
        source_kind="rule",
        model="seeded",
        horizon_sessions=5,
        data_kind="replay",
    )
