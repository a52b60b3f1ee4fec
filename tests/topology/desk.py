"""A desk of one model whose signals would be ready for trading, but for what a test does to them.

A rising walk of AAPL beside its benchmark: signals on consecutive sessions, some of
them staged after their window and traded on paper.
"""

import random
from dataclasses import dataclass
from typing import Any

from schemas.policy import Policy
from tests.builders import make_paper_rules, make_policy, make_rule
from tests.oracle.bars import session_named
from tests.oracle.examples import days
from tests.topology.events import KAFKA_MS, Events, Row

HORIZON, PAST, SIGNALS, COUNT = 5, 85, 12, 115
TICKER, BENCHMARK = "AAPL", "^GSPC"
SESSIONS = days("2023-06-01", COUNT, TICKER)
# Lenient in everything, so that one thing alone can speak against a signal.
POLICY: Policy = make_policy(
    name="lenient",
    min_sessions=HORIZON,
    screen=(
        make_rule("confidence", 0.5),
        make_rule("data_age", 1.0, "<="),
        make_rule("against_trend", 2.0, "<="),
        make_rule("volatility_percentile", 1.0, "<="),
    ),
    checks=(make_rule("annual_return", -1.0), make_rule("max_drawdown", 9.0, "<=")),
    cohort=(
        make_rule("trades", 8.0),
        make_rule("mean_net", -1.0, ">"),
        make_rule("sharpe", -50.0),
        make_rule("alpha", -500.0),
    ),
    paper=make_paper_rules(max_position=0.1, max_ticker=1.0),
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The prices of one session, in whole cents."""

    session: str
    open: float
    high: float
    low: float
    close: float


def close_ms(at: int) -> int:
    """The close of the market's n-th session."""
    session = session_named(TICKER, SESSIONS[at])
    assert session is not None
    return session.close_ms


def market(seed: int = 7, *, swing: float = 0.012, drift: float = 0.002) -> list[Bar]:
    """A walk that rises more often than it falls, unless told otherwise."""
    rng, close, bars = random.Random(seed), 120.0, []
    for session in SESSIONS:
        opened = round(close * (1 + rng.gauss(0, 0.002)), 2)
        close = round(opened * (1 + rng.gauss(drift, swing)), 2)
        high = round(max(opened, close) * (1 + rng.random() * 0.004), 2)
        low = round(min(opened, close) * (1 - rng.random() * 0.004), 2)
        bars.append(Bar(session=session, open=opened, high=high, low=low, close=close))
    return bars


def ticks(ticker: str, bars: list[Bar], **changes: Any) -> list[Row]:
    """Four ticks a session: the open flagged, the close final."""
    found = []
    for bar in bars:
        row = {"ticker": ticker, "session": bar.session, **changes}
        found += [
            {**row, "price": bar.open, "open": True},
            {**row, "price": bar.high},
            {**row, "price": bar.low},
            {**row, "price": bar.close, "final": True},
        ]
    return found


def signals(bars: list[Bar]) -> list[Row]:
    """A BUY a session, some with levels; now and then a SELL and a HOLD beside it."""
    found = []
    for n in range(SIGNALS):
        at = PAST + n
        buy = signal(f"buy-{n:02d}", at, expected_return=0.01 if n % 4 == 0 else None)
        if n % 3 == 0:
            close = bars[at].close
            buy |= {"target_price": close * 1.04, "stop_loss": close * 0.985}
        found.append(buy)
        if n % 4 == 1:
            found += [signal(f"sell-{n:02d}", at, "SELL"), signal(f"hold-{n:02d}", at, "HOLD")]
    return found


def signal(signal_id: str, at: int, action: str = "BUY", **changes: Any) -> Row:
    """A signal an hour before the close that it enters at, published at once."""
    generated_at_ms = close_ms(at) - 3_600_000
    return {
        "signal_id": signal_id,
        "ticker": TICKER,
        "action": action,
        "confidence": 0.5 + 0.04 * (at % 10),
        "generated_at_ms": generated_at_ms,
        "source": "desk",
        "source_kind": "rule",
        "model": "m",
        "horizon_sessions": HORIZON,
        KAFKA_MS: generated_at_ms + 2_000,
        **changes,
    }


def stages(of: list[Row]) -> list[Row]:
    """Every other one is staged at the close of its window."""
    return [
        decision(each["signal_id"], "stage", close_ms(PAST + int(each["signal_id"][-2:]) + HORIZON))
        for each in of
        if int(each["signal_id"][-2:]) % 2
    ]


def decision(signal_id: str, kind: str, decided_at_ms: int, session: str | None = None) -> Row:
    return {
        "decision_id": f"{kind}-{signal_id}-{session}",
        "signal_id": signal_id,
        "ticker": TICKER,
        "kind": kind,
        "decided_at_ms": decided_at_ms,
        "session": session,
    }


def desk(bars: list[Bar]) -> Events:
    """All that is published of the desk."""
    published = signals(bars)
    return Events(
        signals=published,
        ticks=ticks(TICKER, bars) + ticks(BENCHMARK, market(8, swing=0.008)),
        decisions=stages(published),
    )
