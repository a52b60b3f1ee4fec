"""Seeded markets and signals that crowd the edges of the judging rules.

Everything follows from the `random.Random` that the caller passes.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.oracle.bars import LATENESS_MS, Session, session_named, sessions_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Record = Mapping[str, Any]
Row = dict[str, Any]


def random_market(
    rng: random.Random,
    tickers: Sequence[str],
    first: str,
    last: str,
    *,
    oddities: bool = True,
) -> list[Row]:
    """Return daily closes as final ticks of their sessions.

    Some sessions are missing, some tickers begin late or end early. With oddities a
    few sessions have two different closes, and a few prices lie on no session's date.
    """
    ticks = []
    for ticker in tickers:
        sessions = _between(ticker, first, last)
        begin = rng.choice((0, 0, rng.randrange(1 + len(sessions) // 4)))
        end = len(sessions) - rng.choice((0, 0, 0, rng.randrange(1 + len(sessions) // 4)))
        price = rng.uniform(5, 500)
        daily = rng.choice((0.002, 0.01, 0.02, 0.04, 0.08))
        drift = rng.uniform(-0.05, 0.1) * daily
        absent = 0
        for session in sessions[begin:end]:
            if rng.random() < 0.9:
                price = max(0.01, round(price * (1 + rng.gauss(drift, daily)), 4))
            if rng.random() < 0.0005:
                price = round(price * rng.choice((1.9, 3.1)), 4)
            if absent == 0 and rng.random() < 0.02:
                absent = rng.choice((1, 1, 1, 2, 3, 12))
            if absent:
                absent -= 1
                continue
            ticks.append(_close(ticker, session.label, price))
            if oddities and rng.random() < 0.002:
                other = max(0.01, round(price * rng.uniform(0.9, 1.1), 4))
                ticks.append(_close(ticker, session.label, other))
            if oddities and rng.random() < 0.001:
                stray = _closed_day(ticker, session.label)
                if stray is not None:
                    ticks.append(_close(ticker, stray, price))
    return ticks


def random_signals(
    rng: random.Random,
    tickers: Sequence[str],
    first: str,
    last: str,
    n: int,
) -> list[Row]:
    """Return n signals in random order, and about a tenth more that repeat or contest an id.

    Some come before the first date or too near the last one to mature. Of rivals for an id
    some share generated_at_ms, so that the payload hash decides.
    """
    moments = {ticker: _moments(ticker, first, last) for ticker in tickers}
    signals = []
    for number in range(n):
        ticker = rng.choice(tickers)
        signals.append(_signal(rng, ticker, rng.choice(moments[ticker])(rng), number))
    extra = [_again(rng, signal, tickers) for signal in list(signals) if rng.random() < 0.1]
    signals += extra
    rng.shuffle(signals)
    return signals


def random_intraday(rng: random.Random, ticker: str, sessions: Sequence[str]) -> list[Row]:
    """Return ticks in and around these sessions, in random order, some of them twice.

    Some lie outside every session, some are flagged open or final, some restate
    the session by a revision, some share one time or come late.
    """
    ticks: list[Row] = []
    price = rng.uniform(20, 200)
    for label in sessions:
        session = session_named(ticker, label)
        if session is None:
            ticks.append(_close(ticker, label, round(price, 2)))
            continue
        for _ in range(rng.choice((0, 1, 2, 4, 8))):
            price = max(1.0, price * (1 + rng.gauss(0, 0.01)))
            ticks.append(_intraday_tick(rng, ticker, session, price, ticks))
    ticks += rng.sample(ticks, len(ticks) // 5)
    rng.shuffle(ticks)
    return ticks


def write_files(
    directory: Path, signals: Iterable[Record], closes: Iterable[Record]
) -> tuple[Path, Path]:
    """Write S.jsonl and C.csv (`date,ticker,close`) and return their paths."""
    signals_path = directory / "S.jsonl"
    closes_path = directory / "C.csv"
    lines = [json.dumps(signal, ensure_ascii=False) for signal in signals]
    signals_path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    rows = [f"{tick['session']},{tick['ticker']},{tick['price']!r}" for tick in closes]
    closes_path.write_text(
        "".join(f"{row}\n" for row in ["date,ticker,close", *rows]), encoding="utf-8"
    )
    return signals_path, closes_path


def _close(ticker: str, label: str, price: float) -> Row:
    return {"ticker": ticker, "session": label, "price": price, "final": True}


def _between(ticker: str, first: str, last: str) -> list[Session]:
    return [session for session in sessions_of(ticker) if first <= session.label <= last]


def _closed_day(ticker: str, after: str) -> str | None:
    day = date.fromisoformat(after)
    for _ in range(7):
        day += timedelta(days=1)
        if session_named(ticker, day.isoformat()) is None:
            return day.isoformat()
    return None


def _midnight_ms(label: str) -> int:
    return round(datetime.fromisoformat(label).replace(tzinfo=UTC).timestamp() * 1000)


def _moments(ticker: str, first: str, last: str) -> list[Callable[[random.Random], int]]:
    """Return functions that each draw a time of one kind, the frequent kinds twice."""
    sessions = _between(ticker, first, last)
    half_days = [one for one in sessions if one.close_ms - one.open_ms < 5 * HOUR_MS] or sessions
    gaps = [
        (before.close_ms, after.open_ms)
        for before, after in pairwise(sessions)
        if after.open_ms - before.close_ms > DAY_MS
    ] or [(one.open_ms, one.close_ms) for one in sessions]

    def about(moment_ms: int, rng: random.Random) -> int:
        return moment_ms + rng.choice((-1, 0, 1))

    def at_close(rng: random.Random) -> int:
        return about(rng.choice(sessions).close_ms, rng)

    def at_open(rng: random.Random) -> int:
        return about(rng.choice(sessions).open_ms, rng)

    def at_half_day_close(rng: random.Random) -> int:
        return about(rng.choice(half_days).close_ms, rng)

    def at_usual_close_of_half_day(rng: random.Random) -> int:
        return about(rng.choice(half_days).close_ms + 3 * HOUR_MS, rng)

    def in_weekend_or_holiday(rng: random.Random) -> int:
        return rng.randint(*rng.choice(gaps))

    def any_time(rng: random.Random) -> int:
        return rng.randint(sessions[0].open_ms, sessions[-1].close_ms)

    def near_the_end(rng: random.Random) -> int:
        return about(rng.choice(sessions[-50:]).close_ms, rng)

    def at_the_end(rng: random.Random) -> int:
        return about(sessions[-1].close_ms, rng) + rng.choice((0, 0, DAY_MS))

    def before_the_first(rng: random.Random) -> int:
        return _midnight_ms(first) - rng.randint(1, 40 * DAY_MS)

    return [
        at_close,
        at_close,
        any_time,
        any_time,
        at_open,
        at_half_day_close,
        at_usual_close_of_half_day,
        in_weekend_or_holiday,
        near_the_end,
        at_the_end,
        before_the_first,
    ]


def _signal(rng: random.Random, ticker: str, generated_at_ms: int, number: int) -> Row:
    signal: Row = {
        "ticker": ticker,
        "action": _cased(rng, rng.choice(("BUY", "SELL", "HOLD"))),
        "confidence": rng.choice((0, 1, round(rng.random(), 3))),
        "generated_at_ms": generated_at_ms,
        "source": rng.choice(("desk", "nightly")),
        "source_kind": rng.choice(("llm", "fallback", "rule", "human")),
        "model": rng.choice(("m-1", "m-2", "Modèle-3")),
    }
    if rng.random() < 0.6:
        signal["signal_id"] = f"sig-{number:06d}"
    if rng.random() < 0.85:
        signal["horizon_sessions"] = rng.choice((5, 29, 30, 31, 45, rng.randint(5, 45)))
    if rng.random() < 0.3:
        signal["model_version"] = rng.choice(("1", "2024-05"))
    if rng.random() < 0.3:
        signal["data_kind"] = rng.choice(("live", "synthetic", "replay"))
    if rng.random() < 0.1:
        signal["reasoning"] = 'Über 200-day mean, "strong"; 買い'
        signal["entry_price"] = 100
        signal["indicators"] = {"rsi_14": 61, "sma_20": 98.5}
    return signal


def _again(rng: random.Random, signal: Row, tickers: Sequence[str]) -> Row:
    """Return the signal once more: the same, written otherwise, or a rival for its id."""
    again = dict(signal)
    again["action"] = _cased(rng, signal["action"].upper())
    if rng.random() < 0.4:
        again.setdefault("model_version", "")
        again.setdefault("data_kind", "live")
        if "signal_id" in signal:
            again.setdefault("horizon_sessions", 30)
        again["confidence"] = float(signal["confidence"])
        return again
    if "signal_id" not in signal:
        # Without an id of its own only what enters no derived id may differ.
        again["confidence"] = round(rng.random(), 3)
        return again
    again["action"] = _cased(rng, rng.choice(("BUY", "SELL", "HOLD")))
    again["horizon_sessions"] = rng.randint(5, 45)
    if rng.random() < 0.2:
        again["ticker"] = rng.choice(tickers)
    if rng.random() < 0.7:
        again["generated_at_ms"] += rng.choice((-DAY_MS, -1, 1, DAY_MS, 40 * DAY_MS))
    return again


def _cased(rng: random.Random, word: str) -> str:
    return rng.choice((word, word, word.lower(), word.capitalize(), word.swapcase()))


def _intraday_tick(
    rng: random.Random, ticker: str, session: Session, price: float, before: Sequence[Row]
) -> Row:
    close_ms = session.close_ms
    ts_ms = rng.choice(
        (
            rng.randint(session.open_ms, close_ms),
            rng.randint(session.open_ms, close_ms),
            rng.randint(session.open_ms - 2 * HOUR_MS, close_ms + 2 * HOUR_MS),
            session.open_ms + rng.choice((-1, 0, 1)),
            close_ms + rng.choice((-1, 0, 1)),
            close_ms + LATENESS_MS + rng.choice((-1, 0, 1)),
            close_ms + rng.randint(1, LATENESS_MS),
        )
    )
    if before and rng.random() < 0.2:
        ts_ms = before[-1].get("ts_event_ms", ts_ms)
    # A coarse grid, so that equal prices occur.
    tick: Row = {"ticker": ticker, "price": round(price, rng.choice((0, 2)))}
    by_label = rng.random() < 0.2
    if by_label:
        tick["session"] = session.label
    if not by_label or rng.random() < 0.5:
        tick["ts_event_ms"] = ts_ms
    if rng.random() < 0.1:
        tick["open"] = True
    if rng.random() < 0.2:
        tick["final"] = True
    if rng.random() < 0.15:
        tick["revision"] = rng.choice((0, 1, 1, 2))
    if rng.random() < 0.3:
        tick["size"] = rng.randint(1, 1000)
    return tick
