"""The deterministic fallback: what to claim from closes when no model is asked.

HOLD 0.35 by default; BUY 0.55 in a rising market that is not overbought, SELL
0.55 in a falling one that is not oversold; an extreme RSI claims the reversal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from producers.indicators import rsi, sma

# enough for every indicator, so that a claim does not depend on how old the price file is
LOOKBACK = 250

HOLD_CONFIDENCE = 0.35
TREND_CONFIDENCE = 0.55
EXTREME_CONFIDENCE = 0.5
OVERBOUGHT, VERY_OVERBOUGHT = 70, 75
OVERSOLD, VERY_OVERSOLD = 30, 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a model or the fallback says about one ticker."""

    action: str
    confidence: float
    reasoning: str
    risk_level: str
    indicators: Mapping[str, float]


def indicators_of(closes: Sequence[float]) -> dict[str, float]:
    """Return the indicators that so many closes allow, by name."""
    recent = closes[-LOOKBACK:]
    known = {
        "current_price": recent[-1] if recent else None,
        "sma_20": sma(recent, 20),
        "sma_50": sma(recent, 50),
        "rsi_14": rsi(recent),
    }
    return {name: value for name, value in known.items() if value is not None}


def fallback_claim(ticker: str, closes: Sequence[float]) -> Claim:
    """Return the fallback's claim from the closes up to now, the latest last."""
    found = indicators_of(closes)
    action, confidence, because = _decide(found)
    return Claim(
        action=action,
        confidence=confidence,
        reasoning=f"{ticker}: {action} by the deterministic fallback, {because}.",
        risk_level="high" if len(found) < len(_ALL) else "medium",
        indicators=found,
    )


_ALL = ("current_price", "sma_20", "sma_50", "rsi_14")


def _decide(found: Mapping[str, float]) -> tuple[str, float, str]:
    if not found:
        return "HOLD", HOLD_CONFIDENCE, "because it knows no price of this ticker"
    action, confidence, because = _by_trend(found)
    strength = found.get("rsi_14")
    if strength is not None and strength > VERY_OVERBOUGHT:
        because = f"because RSI14 {strength:.1f} is above {VERY_OVERBOUGHT}, far overbought"
        return "SELL", max(confidence, EXTREME_CONFIDENCE), because
    if strength is not None and strength < VERY_OVERSOLD:
        because = f"because RSI14 {strength:.1f} is below {VERY_OVERSOLD}, far oversold"
        return "BUY", max(confidence, EXTREME_CONFIDENCE), because
    return action, confidence, because


def _by_trend(found: Mapping[str, float]) -> tuple[str, float, str]:
    if len(found) < len(_ALL):
        return "HOLD", HOLD_CONFIDENCE, "because there are too few closes for SMA50"
    price, fast, slow, strength = (found[name] for name in _ALL)
    facts = f"close {price:.2f}, SMA20 {fast:.2f}, SMA50 {slow:.2f}, RSI14 {strength:.1f}"
    # a trend: the price has already gone beyond its own fast average
    if fast > slow and price > fast and strength < OVERBOUGHT:
        return "BUY", TREND_CONFIDENCE, f"because the trend is bullish: {facts}"
    if fast < slow and price < fast and strength > OVERSOLD:
        return "SELL", TREND_CONFIDENCE, f"because the trend is bearish: {facts}"
    return "HOLD", HOLD_CONFIDENCE, f"because the averages show no clear trend: {facts}"
