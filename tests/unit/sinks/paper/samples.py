"""Orders, bars and rules with sane defaults, and random scenarios of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from schemas.policy import PaperRules
from sinks.paper.records import PaperBar, PaperOrder

DAY_MS = 86_400_000
SESSIONS = 14
# Open, high, low, close.
Prices = tuple[float, float, float, float]


def make_rules(**changes: float) -> PaperRules:
    """Return rules that cost nothing and round to even money."""
    defaults = {
        "capital": 10_000.0,
        "max_position": 0.1,
        "max_short_position": 0.05,
        "max_ticker": 0.5,
        "max_gross": 1.0,
        "slippage_bps": 0.0,
        "impact_bps_per_10k": 0.0,
        "cost_bps": 0.0,
    }
    return PaperRules(**{**defaults, **changes})


def make_order(signal_id: str = "s1", **changes: Any) -> PaperOrder:
    """Return a sure BUY of A for three sessions, staged at session 0."""
    defaults = {
        "ticker": "A",
        "action": "BUY",
        "staged_session": session(0),
        "staged_close_ms": 0,
        "decided_at_ms": 1,
        "horizon_sessions": 3,
        "confidence": 1.0,
    }
    return PaperOrder(signal_id=signal_id, **{**defaults, **changes})


def session(number: int) -> str:
    return f"d{number:02}"


def make_bar(number: int, prices: Prices, **changes: float) -> PaperBar:
    opened, high, low, close = prices
    return PaperBar(
        session=session(number),
        close_ms=number * DAY_MS,
        open=opened,
        high=high,
        low=low,
        close=close,
        **changes,
    )


def flat(number: int, price: float = 100.0, **changes: float) -> PaperBar:
    """Return a bar of one price."""
    return make_bar(number, (price, price, price, price), **changes)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    orders: Sequence[PaperOrder]
    bars: Mapping[str, Sequence[PaperBar]]
    rules: PaperRules


SHARES = st.sampled_from([0.1, 0.3, 0.6])
# How far beyond the entry; below 0 the level is on the wrong side of it.
LEVELS = st.none() | st.none() | st.floats(0.01, 0.3) | st.floats(-0.02, 0.3)
# Powers of two divide every price without a rounding.
RATIOS = st.sampled_from([1.0] * 12 + [2.0, 0.5, 4.0])
DIVIDENDS = st.sampled_from([0.0] * 6 + [0.25, 1.5])
MOVES = st.floats(-0.12, 0.12) | st.sampled_from([0.0, -0.5, 0.9, 2.0])

RULES = st.builds(
    PaperRules,
    capital=st.sampled_from([1_000.0, 10_000.0, 1e6]),
    max_position=SHARES,
    max_short_position=SHARES,
    max_ticker=st.sampled_from([0.5, 1.0, 1.0]),
    max_gross=st.sampled_from([0.5, 4.0, 10.0]),
    slippage_bps=st.sampled_from([0.0, 5.0, 80.0]),
    impact_bps_per_10k=st.sampled_from([0.0, 1.0, 20.0]),
    cost_bps=st.sampled_from([0.0, 1.5, 30.0]),
)

# Where longs soon want more cash than there is.
CASH_POOR = st.builds(
    make_rules,
    max_position=st.just(0.6),
    max_ticker=st.just(1.0),
    max_gross=st.just(4.0),
    cost_bps=st.sampled_from([0.0, 30.0]),
)


@st.composite
def histories(draw: st.DrawFn, *, splits: bool = True) -> tuple[PaperBar, ...]:
    """Draw the bars of a ticker over sessions of which some are missing."""
    price, bars = draw(st.floats(1.0, 300.0)), []
    late = draw(st.sampled_from([0, 0, 3_600_000]))
    missing = draw(st.sets(st.integers(0, SESSIONS), max_size=5))
    for number in sorted(set(range(SESSIONS)) - missing):
        ratio = draw(RATIOS) if splits else 1.0
        opened = price / ratio * (1 + draw(MOVES))
        close = opened * (1 + draw(MOVES))
        bar = PaperBar(
            session=session(number),
            close_ms=number * DAY_MS + late,
            open=opened,
            high=max(opened, close) * (1 + draw(st.floats(0, 0.1))),
            low=min(opened, close) * (1 - draw(st.floats(0, 0.1))),
            close=close,
            split_ratio=ratio,
            dividend=draw(DIVIDENDS),
        )
        bars.append(bar)
        price = close
    return tuple(bars)


@st.composite
def scenarios(
    draw: st.DrawFn, *, splits: bool = True, rules: st.SearchStrategy[PaperRules] = RULES
) -> Scenario:
    """Draw an account: several tickers, orders that may collide, and rules that may bite."""
    tickers = ["A", "B", "C"]
    orders = []
    for number in range(draw(st.integers(0, 10))):
        staged = draw(st.integers(0, 3) | st.integers(0, SESSIONS - 1))
        action = draw(st.sampled_from(["BUY", "SELL"]))
        side = 1 if action == "BUY" else -1
        stop, target = draw(LEVELS), draw(LEVELS)
        orders.append(
            make_order(
                f"s{number}",
                ticker=draw(st.sampled_from(tickers)),
                action=action,
                staged_session=session(staged),
                staged_close_ms=staged * DAY_MS,
                decided_at_ms=staged * DAY_MS + draw(st.integers(0, 2)),
                horizon_sessions=draw(st.integers(1, 8)),
                confidence=draw(st.floats(0, 1) | st.just(1.0)),
                position_size=draw(st.sampled_from([None, None, None, 0.02, 0.3, 0.0])),
                target_return=None if target is None else side * target,
                stop_return=None if stop is None else -side * stop,
            )
        )
    bars = {ticker: draw(histories(splits=splits)) for ticker in tickers}
    return Scenario(orders=orders, bars=bars, rules=draw(rules))
