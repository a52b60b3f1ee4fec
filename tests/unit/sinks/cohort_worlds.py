"""Small worlds for evidence: bars of a few tickers, and the rows that signals on them would have.

Rows are made from bars as the worker would make them, one step after the other
and with nothing of the code under test.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from schemas.policy import Policy
from sinks.prices import PriceHistory, price_history
from sinks.rows import SignalRow

DAY_MS = 86_400_000
FIRST = date(2024, 1, 1)
EPOCH = date(1970, 1, 1)
CLOSE_HOUR_MS = 75_600_000  # 21:00 UTC
YEARS = {"XNYS": 252, "24/7": 365}


def close_ms_of(session: str) -> int:
    return (date.fromisoformat(session) - EPOCH).days * DAY_MS + CLOSE_HOUR_MS


def sessions_of(calendar: str, count: int) -> list[str]:
    """The first days of 2024; without weekends on XNYS."""
    days = (FIRST + timedelta(days=n) for n in range(2 * count + 7))
    return [each.isoformat() for each in days if calendar != "XNYS" or each.weekday() < 5][:count]


@dataclass(frozen=True, kw_only=True)
class Bars:
    """The bars of one ticker as columns; `sessions` may leave out some of the calendar's."""

    ticker: str
    closes: Sequence[float]
    calendar: str = "XNYS"
    ratios: Sequence[float] = ()
    dividends: Sequence[float] = ()
    sessions: Sequence[str] = field(default=())

    @property
    def labels(self) -> list[str]:
        return list(self.sessions) or sessions_of(self.calendar, len(self.closes))

    @property
    def split_ratios(self) -> list[float]:
        return list(self.ratios) or [1.0] * len(self.closes)

    @property
    def cash(self) -> list[float]:
        return list(self.dividends) or [0.0] * len(self.closes)

    def history(self) -> PriceHistory:
        labels = self.labels
        return price_history(
            labels,
            [close_ms_of(each) for each in labels],
            self.closes,
            self.split_ratios,
            self.cash,
        )

    def split_at(self, position: int, ratio: float) -> "Bars":
        """The same value of a share, told with a split."""
        ratios = self.split_ratios
        ratios[position] *= ratio
        closes = [each / ratio if at >= position else each for at, each in enumerate(self.closes)]
        cash = [each / ratio if at > position else each for at, each in enumerate(self.cash)]
        return Bars(
            ticker=self.ticker, closes=closes, calendar=self.calendar, ratios=ratios,
            dividends=cash, sessions=self.labels,
        )  # fmt: skip

    def value(self, entry: int, at: int, *, total_return: bool) -> float:
        """What the money in one share at bar `entry` has become at bar `at`, step by step."""
        shares, cash = 1.0, 0.0
        for k in range(entry + 1, at + 1):
            cash += shares * self.cash[k]
            shares *= self.split_ratios[k]
        return (self.closes[at] * shares + (cash if total_return else 0.0)) / self.closes[entry]


def make_row(**changes: Any) -> SignalRow:
    """A BUY that waits for its entry."""
    defaults: dict[str, Any] = {
        "signal_id": "s-1", "ticker": "AAPL", "signal_date": "2024-01-01", "action": "BUY",
        "validation_status": "pending", "created_at": "2024-01-01T20:00:00Z", "confidence": 0.6,
        "model_name": "m", "source_kind": "llm", "data_kind": "live", "entry_price": None,
        "latency_seconds": None, "status": "awaiting_entry", "payload_hash": "aa",
        "generated_at_ms": close_ms_of("2024-01-01") - 1, "source": "tests",
        "model_version": "", "horizon_sessions": 5, "window_sessions": 5, "calendar": "XNYS",
        "periods_per_year": 252, "entry_session": None, "entry_index": None,
        "last_session": None, "horizon_session": None, "net_return": None, "raw_return": None,
        "hit": None, "annual_return": None, "mae": None, "mfe": None,
        "screen": {"status": "passed", "checks": [], "reason": "the policy asks nothing"},
        "verdict": None, "policy": "tests", "policy_hash": "00", "suspect_price": False,
        "suspect_sessions": [], "backdated": False, "stale_after_ms": 4_000_000_000_000,
        "reasoning": None, "risk_level": None, "published_entry_price": None,
        "target_price": None, "stop_loss": None, "position_size": None,
        "expected_return": None, "indicators": None, "epoch": 0, "observations": 0,
        "max_drawdown": None,
    }  # fmt: skip
    return SignalRow(**{**defaults, **changes})


def row_on(bars: Bars, entry: int, policy: Policy, **changes: Any) -> SignalRow:
    """The row of a signal that entered at a bar and was observed to the last one."""
    action, horizon = changes.get("action", "BUY"), changes.get("horizon_sessions", 5)
    window = changes.setdefault("window_sessions", max(horizon, policy.min_sessions))
    labels = bars.labels
    observed = min(len(labels) - 1 - entry, window)
    found: dict[str, Any] = {
        "ticker": bars.ticker,
        "calendar": bars.calendar,
        "periods_per_year": YEARS[bars.calendar],
        "generated_at_ms": close_ms_of(labels[entry]) - 1,
        "entry_session": labels[entry],
        "entry_index": _index(bars.calendar, labels[entry]),
        "entry_price": bars.closes[entry],
        "observations": observed,
        "status": "tracking",
        "policy_hash": policy.hash,
        "max_drawdown": 0.0,
    }
    if observed >= horizon:
        found |= _at_horizon(bars, entry, horizon, action, policy)
    if observed >= window:
        passed = found["hit"] == "hit"
        word = "passed" if passed else "failed"
        found |= {
            "last_session": labels[entry + window],
            "status": word,
            "verdict": {"status": word, "checks": [], "session": labels[entry + window]},
        }
    return make_row(**{**found, **changes})


def _index(calendar: str, session: str) -> int:
    days = (date.fromisoformat(session) - FIRST).days
    # 2024 began on a Monday.
    return days if calendar != "XNYS" else days // 7 * 5 + days % 7


def _at_horizon(
    bars: Bars, entry: int, horizon: int, action: str, policy: Policy
) -> dict[str, Any]:
    raw = bars.value(entry, entry + horizon, total_return=policy.total_return) - 1
    net = {"BUY": raw, "SELL": -raw, "HOLD": 0.0}[action]
    if action != "HOLD":
        net -= 2 * policy.cost_bps_per_side / 10_000
    hit = abs(raw) <= policy.hold_band if action == "HOLD" else net > 0
    return {
        "horizon_session": bars.labels[entry + horizon],
        "raw_return": raw,
        "net_return": net,
        "hit": "hit" if hit else "miss",
        "annual_return": net,
        "mae": 0.0,
        "mfe": 0.0,
    }


def random_bars(
    rng: random.Random, ticker: str, calendar: str, count: int, *, gaps: float = 0.05
) -> Bars:
    """A random walk with missing sessions, a few splits and dividends."""
    labels = [each for each in sessions_of(calendar, count) if rng.random() >= gaps]
    price, closes, ratios, cash = 100.0, [], [], []
    for _ in labels:
        ratio = rng.choice((2.0, 3.0, 0.5)) if rng.random() < 0.03 else 1.0
        paid = price * 0.004 if rng.random() < 0.05 else 0.0
        price *= (1 + rng.gauss(0.0005, 0.02)) / ratio
        closes.append(round(price, 2 if price > 1 else 6))
        ratios.append(ratio)
        cash.append(paid)
    return Bars(
        ticker=ticker, closes=closes, calendar=calendar, ratios=ratios, dividends=cash,
        sessions=labels,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """Everything that evidence is made of; each is itself alone, so that a cache can hold it."""

    bars: dict[str, Bars]
    rows: list[SignalRow]
    policy: Policy
    as_of_ms: int

    @property
    def prices(self) -> dict[str, PriceHistory]:
        return {ticker: each.history() for ticker, each in self.bars.items()}


def random_world(seed: int, policy: Policy, *, signals: int = 60, count: int = 45) -> World:
    """A world of three tickers on two calendars, a benchmark, two models and all kinds of rows."""
    rng = random.Random(seed)
    bars = {
        "AAPL": random_bars(rng, "AAPL", "XNYS", count),
        "MSFT": random_bars(rng, "MSFT", "XNYS", count),
        "BTC-USD": random_bars(rng, "BTC-USD", "24/7", count + count // 2),
        "^GSPC": random_bars(rng, "^GSPC", "XNYS", count),
    }
    as_of_ms = max(close_ms_of(each.labels[-1]) for each in bars.values())
    rows = [_random_row(rng, n, bars, policy, as_of_ms) for n in range(signals)]
    return World(bars=bars, rows=rows, policy=policy, as_of_ms=as_of_ms)


def _random_row(
    rng: random.Random, n: int, bars: dict[str, Bars], policy: Policy, as_of_ms: int
) -> SignalRow:
    held = bars[rng.choice(("AAPL", "AAPL", "MSFT", "BTC-USD"))]
    changes: dict[str, Any] = {
        "signal_id": f"s-{rng.randrange(10**6):06}-{n}",
        "action": rng.choice(("BUY", "BUY", "SELL", "HOLD")),
        "horizon_sessions": rng.choice((1, 4, 4, 4)),
        "confidence": rng.choice((0.5, 0.55, 0.6, 0.7, 0.85, 1.0)),
        "model_name": rng.choice(("m", "m", "n")),
        "backdated": rng.random() < 0.1,
        "data_kind": rng.choice(("live",) * 8 + ("synthetic", "replay")),
        "source_kind": rng.choice(("llm",) * 9 + ("fallback",)),
        "stale_after_ms": as_of_ms - 1 if rng.random() < 0.2 else as_of_ms + 1,
    }
    if rng.random() < 0.1:
        status = rng.choice(("cancelled", "awaiting_entry"))
        calendar = {"calendar": held.calendar, "periods_per_year": YEARS[held.calendar]}
        return make_row(ticker=held.ticker, status=status, **calendar, **changes)
    return row_on(held, rng.randrange(len(held.closes)), policy, **changes)
