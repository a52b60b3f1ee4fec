"""Many signals of models that know nothing, something, or the opposite, on seeded walks."""

import random
from collections.abc import Sequence
from pathlib import Path

from tests.mistakes.world import Row, Told, before_close, calm, random_walk, tell_columns
from tests.oracle.examples import closes, days, signal

START = "2022-01-03"
LABELS = days(START, 400)


def tell_nulls(folder: Path, seed: int) -> Told:
    """1,000 signals of ten models that know nothing, on ten tickers without drift."""
    rng = random.Random(seed)
    labels = LABELS[:330]
    walks = {f"T{n}": random_walk(rng, 330) for n in range(10)}
    signals = [
        signal(
            signal_id=f"s-{at:04}",
            ticker=rng.choice(list(walks)),
            model=f"m{at % 10}",
            action=rng.choice(("BUY", "SELL")),
            generated_at_ms=before_close(rng.choice(labels[:300])),
        )
        for at in range(1000)
    ]
    ticks = [closes(prices, first=START, ticker=ticker) for ticker, prices in walks.items()]
    return tell_columns(folder, signals, ticks)


def tell_skills(folder: Path, seed: int) -> Told:
    """Three models that are right 80, 50 and 20 % of the time over 5 sessions, and a bull."""
    rng = random.Random(seed)
    walks = {f"T{n}": random_walk(rng, 290) for n in range(2)}
    signals: list[Row] = []
    for ticker, prices in walks.items():
        for at in range(0, 250, 2):
            rises = prices[at + 5] > prices[at]
            said = {"bull": "BUY"}
            for model, skill in (("right", 0.8), ("coin", 0.5), ("wrong", 0.2)):
                said[model] = "BUY" if rises is (rng.random() < skill) else "SELL"
            signals += [_five(model, ticker, at, action) for model, action in said.items()]
    ticks = [closes(prices, first=START, ticker=ticker) for ticker, prices in walks.items()]
    return tell_columns(folder, signals, ticks)


def tell_every_day(folder: Path) -> Told:
    """A signal over 5 sessions on each of 250 days."""
    signals = [_five("every", "AAPL", at, "BUY") for at in range(250)]
    return tell_columns(folder, signals, [closes(calm(290), first=START)])


def tell_daily(folder: Path, prices: Sequence[float], benchmark: Sequence[float]) -> Told:
    """A BUY over 5 sessions on each day but the last five, and the benchmark's prices."""
    signals = [_five("daily", "AAPL", at, "BUY") for at in range(len(prices) - 6)]
    ticks = [
        closes(prices, first=START),
        closes(benchmark, first=START, ticker="^GSPC"),
    ]
    return tell_columns(folder, signals, ticks)


def _five(model: str, ticker: str, at: int, action: str) -> Row:
    return signal(
        signal_id=f"{model}-{ticker}-{at:03}",
        ticker=ticker,
        model=model,
        action=action,
        generated_at_ms=before_close(LABELS[at]),
        horizon_sessions=5,
    )
