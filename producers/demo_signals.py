"""Signals of three simple models over recorded closes, for a demonstration on real prices.

The deterministic fallback at regular dates, a momentum rule that acts where
the 20-session average crosses the 50-session one, and a reversion rule that
acts where RSI14 comes back from an extreme. A signal knows only the closes up
to its session and is dated a few minutes after it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from math import fsum

from producers.fallback import LOOKBACK
from producers.generate import GenerateOptions, fallback_signal
from producers.indicators import rsi_series
from producers.prices import Close, Closes
from schemas.records import Signal

TICKERS = ("AAPL", "MSFT", "JPM", "XOM", "WMT")
HORIZONS = (5, 10, 21, 30)
SOURCE = "demo"
EVERY = 8
# five minutes after the New York close in winter, an hour and five in summer, in UTC
PUBLISHED_AT = time(21, 5, tzinfo=UTC)

_WARM_UP = 60
_OVERSOLD, _OVERBOUGHT = 30.0, 70.0
_RULE_CONFIDENCE = 0.55


def demo_signals(closes: Closes, tickers: Sequence[str] = TICKERS) -> list[Signal]:
    """Return the signals of all three models, in order of time; the same every time."""
    signals = [
        signal
        for ticker in tickers
        if closes.get(ticker)
        for make in (_fallback, _momentum, _reversion)
        for signal in make(ticker, closes[ticker])
    ]
    return sorted(signals, key=lambda each: (each.generated_at_ms, each.ticker, each.model))


def _fallback(ticker: str, closes: Sequence[Close]) -> Iterator[Signal]:
    prices = [price for _, price in closes]
    # the last close too, so that some signals still wait for their entry
    indexes = sorted({*range(_WARM_UP, len(prices), EVERY), len(prices) - 1})
    for turn, index in enumerate(indexes):
        options = GenerateOptions(
            generated_at_ms=_published_ms(closes[index][0]),
            data_kind="replay",
            source=SOURCE,
            horizon_sessions=HORIZONS[turn % len(HORIZONS)],
        )
        yield fallback_signal(ticker, prices[max(0, index + 1 - LOOKBACK) : index + 1], options)


def _momentum(ticker: str, closes: Sequence[Close]) -> Iterator[Signal]:
    prices = [price for _, price in closes]
    was_above: bool | None = None
    for index in range(_WARM_UP, len(prices)):
        recent = prices[index - 49 : index + 1]
        fast, slow = fsum(recent[-20:]) / 20, fsum(recent) / 50
        is_above = fast > slow
        if was_above is not None and is_above != was_above:
            word = "above" if is_above else "below"
            yield _rule_signal(
                ticker,
                closes[index],
                model="momentum-20-50",
                action="BUY" if is_above else "SELL",
                horizon_sessions=21,
                reasoning=f"SMA20 {fast:.2f} crossed {word} SMA50 {slow:.2f}: the trend has turned",
            )
        was_above = is_above


def _reversion(ticker: str, closes: Sequence[Close]) -> Iterator[Signal]:
    strengths = rsi_series([price for _, price in closes])
    for index in range(_WARM_UP, len(closes)):
        before, now = strengths[index - 1], strengths[index]
        if before is None or now is None:
            continue
        action = None
        if before < _OVERSOLD <= now:
            action = "BUY"
        elif before > _OVERBOUGHT >= now:
            action = "SELL"
        if action is not None:
            yield _rule_signal(
                ticker,
                closes[index],
                model="reversion-rsi14",
                action=action,
                horizon_sessions=10,
                reasoning=f"RSI14 came back from {before:.1f} to {now:.1f}: the extreme is over",
            )


def _rule_signal(
    ticker: str, close: Close, *, model: str, action: str, horizon_sessions: int, reasoning: str
) -> Signal:
    session, price = close
    return Signal(
        ticker=ticker,
        action=action,
        confidence=_RULE_CONFIDENCE,
        generated_at_ms=_published_ms(session),
        source=SOURCE,
        source_kind="rule",
        model=model,
        horizon_sessions=horizon_sessions,
        data_kind="replay",
        reasoning=reasoning,
        entry_price=price,
    )


def _published_ms(session: str) -> int:
    moment = datetime.combine(date.fromisoformat(session), PUBLISHED_AT)
    return int(moment.timestamp()) * 1000
