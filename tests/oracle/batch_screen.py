"""The look before trading, from the bars that closed up to the signal: plain pandas.

Twenty returns make a volatility, sixty volatilities a percentile, 252 are the most;
averages are of 20 and 50 closes. What is older than the policy allows says nothing.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import pandas as pd

from schemas.policy import Policy
from tests.oracle.bars import sessions_of
from tests.oracle.batch_bars import Action

Row = dict[str, Any]

SIDE = {"BUY": 1, "SELL": -1, "HOLD": 0}


def screen(payload: Row, policy: Policy, bars: pd.DataFrame, actions: Sequence[Action]) -> Row:
    """Return the actual value of every layer that is asked; None where it cannot be known."""
    known = bars[bars.close_ms <= payload["generated_at_ms"]]
    age = _age(payload, known)
    limit = max((int(e.required) for e in policy.screen if e.name == "data_age"), default=10)
    recent = known if age is not None and age <= limit else known.iloc[:0]
    closes = _on_last_basis(recent, actions)
    metrics = {
        "confidence": float(payload["confidence"]),
        "reasoning": float(len((payload["reasoning"] or "").strip())),
        "against_trend": _against_trend(payload, closes),
        "volatility_percentile": _percentile(closes),
        "edge_to_cost": _edge_to_cost(payload, policy, closes),
        "data_age": None if recent.empty or age is None else float(age),
    }
    return {e.name: metrics[e.name] for e in policy.screen if _asked(e.name, payload)}


def _asked(name: str, payload: Row) -> bool:
    if name in ("against_trend", "edge_to_cost"):
        return SIDE[payload["action"]] != 0
    if name == "reasoning":
        return payload["source_kind"] in ("llm", "fallback")
    return name != "ticker_exposure"


def _age(payload: Row, known: pd.DataFrame) -> int | None:
    """Return how many sessions of the calendar have closed since the last bar."""
    if known.empty:
        return None
    sessions = sessions_of(payload["ticker"])
    moments = payload["generated_at_ms"], int(known.close_ms.iloc[-1])
    now, last = (bisect_right(sessions, each, key=lambda one: one.close_ms) for each in moments)
    return now - last


def _on_last_basis(bars: pd.DataFrame, actions: Sequence[Action]) -> pd.Series:
    closes = bars.close.astype(float)
    for ex_date, kind, ratio in actions:
        if kind == "split" and len(bars) and ex_date <= bars.session.iloc[-1]:
            closes = closes.where(bars.session >= ex_date, closes / ratio)
    return closes


def _against_trend(payload: Row, closes: pd.Series) -> float | None:
    if len(closes) < 50:
        return None
    last, short, long = closes.iloc[-1], closes.tail(20).mean(), closes.tail(50).mean()
    side, noise = SIDE[payload["action"]], 1e-12 * last
    return float(sum(bool(side * apart < -noise) for apart in (last - short, short - long)))


def _volatilities(closes: pd.Series) -> pd.Series:
    returns = closes / closes.shift() - 1
    return returns.rolling(20).apply(lambda part: part.std(ddof=1), raw=True).dropna()


def _percentile(closes: pd.Series) -> float | None:
    # Rounded, so that the same returns in other places rank as equal.
    latest = _volatilities(closes).round(12).tail(252)
    if len(latest) < 60:
        return None
    last = latest.iloc[-1]
    return float(((latest < last).sum() + (latest == last).sum() / 2) / len(latest))


def _edge_to_cost(payload: Row, policy: Policy, closes: pd.Series) -> float | None:
    edge = _edge(payload, policy, closes)
    cost = 2 * policy.cost_bps_per_side / 10_000
    return None if edge is None or cost == 0 else edge / cost


def _edge(payload: Row, policy: Policy, closes: pd.Series) -> float | None:
    side = SIDE[payload["action"]]
    if payload["expected_return"] is not None:
        return float(side * payload["expected_return"])
    if closes.empty:
        return None
    if payload["target_price"] is not None:
        return float(side * (payload["target_price"] / closes.iloc[-1] - 1))
    volatility = _volatilities(closes.tail(21))
    if volatility.empty:
        return None
    sure = 2 * payload["confidence"] - 1
    return float(sure * volatility.iloc[-1] * math.sqrt(payload["horizon_sessions"]))
