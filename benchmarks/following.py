"""A running `sink reports`: how soon its files follow one session of one ticker."""

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.contest import Process, wait_for
from signal_tracker import children
from sinks.observation_blocks import blocks_of
from sinks.sink import Batch
from sinks.sqlite import SqliteSink

QUICK_FILES = ("llm_performance.txt", "summary.json", "cohorts.csv")
SLOW_FILES = ("signals.csv", "llm_signal_tracking.json")

# What has been left alone for so long is not being written any more.
_QUIET_SECONDS = 1.5
_START_SECONDS = 1_800.0
_FOLLOW_SECONDS = 300.0
_SATURDAY = 5

State = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Seconds from the commit until the three quick files, and all, were replaced."""

    quick: float
    all: float


@contextmanager
def following(data: Path) -> Iterator[Process]:
    """Yield a running `sink reports`, when it has written everything once."""
    argv = [sys.executable, "-m", "signal_tracker", "sink", "reports", "--data", str(data)]
    process = children.start(argv, log=data / "follow.log")
    try:
        _wait_quiet(data, process, _START_SECONDS)
        yield process
    finally:
        children.stop(process, timeout=60.0)


def follow_one(data: Path, process: Process, ticker: str, session: str) -> Followed:
    """Store one session of one ticker, and watch the files."""
    _wait_quiet(data, process, _FOLLOW_SECONDS)
    batch = next_session(data / "signals.db", ticker, session)
    before = _files(data)
    sink = SqliteSink(data / "signals.db")
    sink.open()
    try:
        sink.write(batch)
        began = time.monotonic()
    finally:
        sink.close()
    replaced: dict[str, float] = {}
    while not _is_over(replaced, time.monotonic() - began):
        now = _files(data)
        at = time.monotonic() - began
        for name in (*QUICK_FILES, *SLOW_FILES):
            if name not in replaced and now.get(name) != before.get(name):
                replaced[name] = at
        time.sleep(0.002)
    wait_for(
        lambda: bool(replaced), [process], what="the reports", log=data / "follow.log", seconds=1
    )
    return Followed(
        quick=max(replaced[each] for each in QUICK_FILES if each in replaced),
        all=max(replaced.values()),
    )


def _is_over(replaced: dict[str, float], now: float) -> bool:
    # a file whose bytes stay the same may be left alone: then the others tell
    if len(replaced) == len(QUICK_FILES) + len(SLOW_FILES):
        return True
    if not set(QUICK_FILES[:2]) <= set(replaced):
        return now > _FOLLOW_SECONDS
    waits = [each for each in SLOW_FILES if each not in replaced]
    return now > max(replaced.values()) + (30.0 if waits else 2.0)


def next_session(database: Path, ticker: str, session: str) -> Batch:
    """Return one more session of a ticker: its bar, and an observation of each open signal."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        bar = dict(
            connection.execute(
                "SELECT * FROM bars WHERE ticker = ? ORDER BY session DESC LIMIT 1", (ticker,)
            ).fetchone()
        )
        signals = connection.execute(
            "SELECT signal_id, payload_hash, entry_index, entry_price, action FROM llm_signals"
            " WHERE ticker = ? AND status = 'tracking'",
            (ticker,),
        ).fetchall()
    finally:
        connection.close()
    days = (date.fromisoformat(session) - date.fromisoformat(bar["session"])).days
    close_ms = bar["close_ms"] + days * 86_400_000
    bar |= {"session": session, "session_index": bar["session_index"] + 1, "close_ms": close_ms}
    elements = [_observation(each, bar) for each in signals]
    record = {
        "ticker": ticker,
        "session": session,
        "close_ms": close_ms,
        "elements": elements,
        "epoch": 0,
    }
    return Batch(bars=[bar], observations=blocks_of(record))


def sessions_after(database: Path) -> Iterator[str]:
    """Yield the weekdays after the last session of the database."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        (last,) = connection.execute("SELECT max(session) FROM bars").fetchone()
    finally:
        connection.close()
    day = date.fromisoformat(last)
    while True:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            yield day.isoformat()


def _observation(signal: sqlite3.Row, bar: dict[str, Any]) -> dict[str, Any]:
    raw = bar["close"] / signal["entry_price"] - 1
    signed = {"BUY": raw, "SELL": -raw}.get(signal["action"], 0.0)
    return {
        "signal_id": signal["signal_id"],
        "payload_hash": signal["payload_hash"],
        "session": bar["session"],
        "k": bar["session_index"] - signal["entry_index"],
        "close": bar["close"],
        "raw_return": raw,
        "signed_return": signed,
        "max_drawdown": max(0.0, -signed),
        "mae": min(0.0, signed),
        "mfe": max(0.0, signed),
    }


def _files(data: Path) -> State:
    return {
        each.name: each.stat().st_mtime_ns
        for name in (*QUICK_FILES, *SLOW_FILES)
        if (each := data / name).exists()
    }


def _wait_quiet(data: Path, process: Process, seconds: float) -> None:
    seen: State = {}
    since = time.monotonic()

    def is_quiet() -> bool:
        nonlocal seen, since
        now = _files(data)
        if now != seen or any(data.glob(".*.tmp")):
            seen, since = now, time.monotonic()
        there = len(now) == len(QUICK_FILES) + len(SLOW_FILES)
        return there and time.monotonic() - since > _QUIET_SECONDS

    wait_for(
        is_quiet,
        [process],
        what="the reports to be written",
        log=data / "follow.log",
        seconds=seconds,
        poll=0.05,
    )
