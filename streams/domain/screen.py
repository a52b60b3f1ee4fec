"""The look before trading: what a policy asks of a signal, from bars up to its time.

To add a layer: write a function of `Looked` below, name it in `METRICS`, in
`schemas.policy.SCREEN_METRICS`, and in `applies` where only some signals are asked it.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from schemas.policy import FAIL, INSUFFICIENT, CheckRule, Policy, verdict_of
from schemas.records import Screen, Signal
from schemas.signal_asked import Asked
from streams.domain.indicators import LEAST_RANKED, LONG, RETURNS, Market
from streams.domain.observations import BPS
from streams.domain.policy import check_of

DEFAULT_MAX_AGE = 10
_DIRECTION = {"BUY": 1, "SELL": -1}
GIVES_REASONS = ("llm", "fallback")


class Looked(NamedTuple):
    """What the layers look at; without a recent bar `market` is None, and `missing` says so."""

    policy: Policy
    payload: Signal | Asked
    market: Market | None
    age: int
    missing: str


Found: TypeAlias = tuple[float | None, str]
Metric: TypeAlias = Callable[[Looked], Found]


def max_age(policy: Policy) -> int:
    """Return how many sessions old the last bar may be, to be looked at."""
    for rule in policy.screen:
        if rule.name == "data_age" and rule.op in ("<=", "<"):
            below = rule.op == "<"
            return max(math.ceil(rule.required) - 1 if below else math.floor(rule.required), 0)
    return DEFAULT_MAX_AGE


def screen_of(
    policy: Policy, payload: Signal | Asked, market: Market | None, signal_index: int
) -> Screen:
    """Return the screen of a signal.

    `signal_index` is the calendar's index of the last session that closed up to
    the signal. A bar older than `max_age` says nothing, so that the bars to come
    before a signal of the far future do not change its screen.
    """
    bound = max_age(policy)
    age = signal_index - market.last_index if market else 0
    looked = Looked(
        policy=policy,
        payload=payload,
        market=market if age <= bound else None,
        age=age,
        missing=f"no bar in the {bound + 1} sessions up to the signal",
    )
    checks = [
        check_of(rule, *METRICS[rule.name](looked))
        for rule in policy.screen
        if applies(rule, payload)
    ]
    return Screen(
        status=verdict_of([each.status for each in checks]),
        checks=checks,
        reason=why([(each.name, each.status) for each in checks]),
    )


def applies(rule: CheckRule, payload: Signal | Asked) -> bool:
    """Say whether a layer is asked of a signal, here: the sinks know who else is open."""
    if rule.name in ("against_trend", "edge_to_cost"):
        return payload.action in _DIRECTION
    if rule.name == "reasoning":
        return payload.source_kind in GIVES_REASONS
    return rule.name in METRICS


def _confidence(looked: Looked) -> Found:
    return looked.payload.confidence + 0.0, "as published"


def _reasoning(looked: Looked) -> Found:
    length = len((looked.payload.reasoning or "").strip())
    return float(length), "characters" if length else "no reasoning"


def _against_trend(looked: Looked) -> Found:
    market = looked.market
    if market is None:
        return None, looked.missing
    if market.last_close is None or market.sma20 is None or market.sma50 is None:
        return None, f"{market.bars} of {LONG} sessions"
    side = _DIRECTION[looked.payload.action]
    word = "below" if side > 0 else "above"
    against = []
    if side * (market.last_close - market.sma20) < 0:
        against.append(f"the close is {word} the average of 20")
    if side * (market.sma20 - market.sma50) < 0:
        against.append(f"the average of 20 is {word} that of 50")
    return float(len(against)), ", ".join(against) or "nothing speaks against it"


def _volatility_percentile(looked: Looked) -> Found:
    market = looked.market
    if market is None:
        return None, looked.missing
    if market.volatility_percentile is None:
        return None, f"{market.bars} of {LEAST_RANKED + RETURNS} sessions"
    ranked = market.bars - RETURNS
    return market.volatility_percentile, f"mid-rank among the last {ranked} volatilities"


def _edge_to_cost(looked: Looked) -> Found:
    edge, reason = _edge(looked)
    cost = 2 * looked.policy.cost_bps_per_side / BPS
    if edge is None:
        return None, reason
    if not cost:
        return None, "no cost to compare with"
    ratio = edge / cost
    if not math.isfinite(ratio):
        return None, "the edge over the cost is not a finite number"
    return ratio + 0.0, reason


def _edge(looked: Looked) -> Found:
    """Return the expected return of the trade, and what it is from."""
    payload, market = looked.payload, looked.market
    side = _DIRECTION[payload.action]
    if payload.expected_return is not None:
        return side * payload.expected_return, "edge from the published return"
    if market is None:
        return None, looked.missing
    if payload.target_price is not None and market.last_close is not None:
        if payload.target_price <= 0:
            return None, f"the target price is {payload.target_price:g}, not above 0"
        edge = side * (payload.target_price / market.last_close - 1)
        return edge, "edge from the target price"
    if market.volatility is None:
        return None, f"{market.bars} of {RETURNS + 1} sessions"
    horizon = payload.horizon_sessions or looked.policy.min_sessions
    edge = (2 * payload.confidence - 1) * market.volatility * math.sqrt(horizon)
    return edge, "edge from confidence and volatility"


def _data_age(looked: Looked) -> Found:
    if looked.market is None:
        return None, looked.missing
    return float(looked.age), "sessions since the last bar"


METRICS: dict[str, Metric] = {
    "confidence": _confidence,
    "reasoning": _reasoning,
    "against_trend": _against_trend,
    "volatility_percentile": _volatility_percentile,
    "edge_to_cost": _edge_to_cost,
    "data_age": _data_age,
}


def why(judged: Sequence[tuple[str, str]]) -> str:
    """Return the reason of a screen, from the names and statuses of its checks."""
    if not judged:
        return "the policy asks nothing"
    for status in (FAIL, INSUFFICIENT):
        names = [name for name, each in judged if each == status]
        if names:
            return f"{status}: {', '.join(names)}"
    return "every layer passed"
