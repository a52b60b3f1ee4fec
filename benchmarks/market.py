"""PURE: a seeded market of many tickers, and what judging its signals must come to.

35 XNYS sessions from 2020-01-02 on, one final tick a ticker and session. The
signals of a ticker enter at the first five closes, a fifth at each; half have
a horizon of 21 sessions, and are judged after 30, half one of 60, and stay open.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from schemas.records import FLAG_FINAL, Signal, TickBatch
from schemas.topics import partition_of
from streams.domain.calendar import SessionCalendar
from streams.sessions import load_calendar

SIGNALS_PER_TICKER = 200
ENTRIES = 5
SESSIONS = 35
HORIZONS = (21, 60)
MIN_SESSIONS = 30
SEED = 20_200_102

_FIRST_DAY = 18_263
_ACTIONS = ("BUY", "SELL", "HOLD")
_MODELS = 4
_BATCH_TICKS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """So many signals, 200 a ticker."""

    signals: int
    partitions: int

    @property
    def tickers(self) -> list[str]:
        """Return the names."""
        return [f"M{n:05d}" for n in range(max(self.signals // SIGNALS_PER_TICKER, 1))]

    @property
    def per_ticker(self) -> int:
        """Return the signals of a ticker."""
        return self.signals // len(self.tickers)

    def homes(self, partition: int) -> list[str]:
        """Return the tickers of a partition."""
        return [each for each in self.tickers if partition_of(each, self.partitions) == partition]

    def signals_of(self, partition: int) -> Iterator[Signal]:
        """Yield the signals of a partition, ticker by ticker."""
        for ticker in self.homes(partition):
            for n in range(self.per_ticker):
                yield signal(ticker, n)

    def ticks_of(self, partition: int, session: int) -> Iterator[TickBatch]:
        """Yield the closes of a session, by partition."""
        names = self.homes(partition)
        numbers = np.array([int(each[1:]) for each in names], dtype=np.int64)
        for start in range(0, len(names), _BATCH_TICKS):
            part = slice(start, start + _BATCH_TICKS)
            yield _closes(names[part], numbers[part], session)

    def observations(self, sessions: int = SESSIONS) -> int:
        """Return how many observations there must be after so many sessions."""
        each = (max(min(window(n), sessions - 1 - n % ENTRIES), 0) for n in range(self.per_ticker))
        return sum(each) * len(self.tickers)

    def steady(self, session: int) -> bool:
        """Say whether in a session every signal is observed, and no state changes."""
        changes = {
            start + after
            for start in range(ENTRIES)
            for n in range(len(HORIZONS))
            for after in (0, _horizon(n), window(n))
        }
        return session not in changes

    def statuses(self) -> dict[str, int]:
        """Return how many signals must be judged, and how many still tracked."""
        found = Counter(
            "judged" if window(n) <= MIN_SESSIONS else "tracking" for n in range(self.per_ticker)
        )
        return {name: count * len(self.tickers) for name, count in found.items()}


def window(n: int) -> int:
    """Return the window of the n-th signal of a ticker."""
    return max(_horizon(n), MIN_SESSIONS)


def signal(ticker: str, n: int) -> Signal:
    """Return the n-th signal of a ticker; its id is left to the worker, as most publishers do."""
    day = calendar()
    opened = int(day.open_ms[_first() + n % ENTRIES])
    return Signal(
        ticker=ticker,
        action=_ACTIONS[n // ENTRIES % len(_ACTIONS)],
        confidence=0.5 + n % 5 / 10,
        generated_at_ms=opened + n,
        source="benchmark",
        source_kind="rule",
        model=f"model-{n % _MODELS}",
        horizon_sessions=_horizon(n),
        data_kind="replay",
    )


def _horizon(n: int) -> int:
    return HORIZONS[n % len(HORIZONS)]


@cache
def calendar() -> SessionCalendar:
    """Return the sessions."""
    return load_calendar("XNYS")


@cache
def _first() -> int:
    return calendar().index_of(_FIRST_DAY) or 0


def _closes(names: list[str], numbers: npt.NDArray[np.int64], session: int) -> TickBatch:
    count = len(names)
    moves = np.random.default_rng(SEED + session).normal(0.0005, 0.02, int(numbers.max()) + 1)
    # every session on its own: the price of one ticker never depends on how many there are
    price = (50.0 + numbers % 450) * np.exp(moves[numbers])
    close_ms = int(calendar().close_ms[_first() + session])
    return TickBatch(
        tickers=names,
        ticker_index=np.arange(count, dtype="<i4").tobytes(),
        ts_event_ms=np.full(count, close_ms, dtype="<i8").tobytes(),
        session=np.full(count, -1, dtype="<i4").tobytes(),
        price=np.round(price, 4).astype("<f8").tobytes(),
        size=np.ones(count, dtype="<f8").tobytes(),
        flags=np.full(count, FLAG_FINAL, dtype="u1").tobytes(),
        revision=bytes(count),
        source="benchmark",
    )
