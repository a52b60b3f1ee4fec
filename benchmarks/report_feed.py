"""A signals.db of as many signals as asked for, as the sink would have left it.

    python -m benchmarks.report_feed FILE [SIGNALS [TICKERS [SESSIONS]]]

Prices are a seeded random walk; each ticker's signals enter on one of its first sessions and
are judged by the preset `tracker`. Of 20: one waits for its entry, four are still tracked, the
rest is matured: passed, failed, insufficient, a few cancelled.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.identity import canonical_json
from schemas.policy import Policy, content_of
from sinks.sqlite import SqliteSink, connect
from sinks.sqlite_changes import POLICIES, write_changes
from sinks.sqlite_rows import BAR_COLUMNS, SIGNAL_COLUMNS, upsert_sql
from streams.policy_files import load_policy

SEED = 20_200_102
MODELS = 50
ENTRIES = 12
HORIZONS = (5, 10, 21, 30)
BENCHMARK = "^GSPC"

_DAY_MS = 86_400_000
_CLOSE_MS = 21 * 3_600_000
_FIRST_DAY = 18_263
# Of one ticker in 50; the others' signals are live.
_KINDS = ("live", "live", "replay", "synthetic")
_LOOK = 40

Row = tuple[Any, ...]

# The window's sessions are those of the bars; k counts from the entry. How the rows lie says
# sinks/sqlite_tables_4.py.
_OBSERVATIONS = """
INSERT INTO tickers (ticker) SELECT DISTINCT ticker FROM llm_signals ORDER BY ticker;

INSERT INTO payloads
SELECT (t.number << 27) + row_number() OVER (PARTITION BY t.number ORDER BY s.signal_id),
       s.signal_id, s.payload_hash
FROM llm_signals AS s JOIN tickers AS t ON t.ticker = s.ticker;

INSERT INTO observed
SELECT t.number, b.session, CAST(julianday(b.session) - 2440587.5 AS INTEGER)
FROM bars AS b JOIN tickers AS t ON t.ticker = b.ticker;

INSERT INTO observation_values
SELECT (d.day << 47) + p.number, b.session_index - s.entry_index, b.close,
       b.close / s.entry_price - 1,
       CASE s.action WHEN 'BUY' THEN b.close / s.entry_price - 1
                     WHEN 'SELL' THEN 1 - b.close / s.entry_price ELSE 0.0 END,
       abs(b.close / s.entry_price - 1), 0.0, 0.0, 0
FROM llm_signals AS s
JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
JOIN bars AS b ON b.ticker = s.ticker AND b.session > s.entry_session
              AND b.session <= coalesce(s.last_session, '9999')
JOIN observed AS d ON d.ticker = p.number >> 27 AND d.session = b.session
ORDER BY 1;

UPDATE row_counts SET count = (SELECT count(*) FROM observation_values)
WHERE table_name = 'observations';
"""
_BAR_COUNT = "UPDATE row_counts SET count = (SELECT count(*) FROM bars) WHERE table_name = 'bars'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """One ticker's bars: labels, days since 1970 and closes."""

    ticker: str
    sessions: list[str]
    days: npt.NDArray[np.int64]
    close: npt.NDArray[np.float64]


def make_database(
    path: Path, *, signals: int, tickers: int = 5_000, sessions: int = 30, observed: bool = True
) -> None:
    """Write a new signals.db; `sessions` is how many each signal could have observed by now.

    Without `observed` the observations, `signals` x `sessions` rows, are left out.
    """
    path.unlink(missing_ok=True)
    sink = SqliteSink(path)
    sink.open()
    sink.close()
    random = np.random.default_rng(SEED)
    policy = load_policy("tracker").versions[-1]
    names = [f"T{n:05d}" for n in range(tickers)]
    db = connect(path)
    try:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        db.execute(
            "INSERT INTO policies (policy_hash, name, effective_from_ms, content) "
            "VALUES (?, ?, ?, ?)",
            (
                policy.hash,
                policy.name,
                policy.effective_from_ms,
                canonical_json(content_of(policy)).decode(),
            ),
        )
        bar_sql, signal_sql = (
            upsert_sql("bars", BAR_COLUMNS),
            upsert_sql("llm_signals", SIGNAL_COLUMNS),
        )
        db.executemany(bar_sql, _bar_rows(_bars(BENCHMARK, sessions, random)))
        for at, ticker in enumerate(names):
            bars = _bars(ticker, sessions, random)
            db.executemany(bar_sql, _bar_rows(bars))
            share = range(at, signals, tickers)
            db.executemany(signal_sql, _signal_rows(bars, share, sessions, policy, random))
        if observed:
            for statement in _OBSERVATIONS.split(";"):
                db.execute(statement)
        db.execute(_BAR_COUNT)
        write_changes(db, [BENCHMARK, *names, POLICIES])
        db.executemany(
            "INSERT INTO sink_offsets VALUES (?, ?, ?, 'feed', '', 0)",
            [("signal-states", n, signals) for n in range(4)],
        )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()


def _bars(ticker: str, sessions: int, random: np.random.Generator) -> _Bars:
    count = _LOOK + ENTRIES + sessions
    first = np.datetime64(_FIRST_DAY, "D")
    days = np.busday_offset(first, np.arange(count), roll="forward")
    walk = np.cumsum(random.normal(0.0005, 0.02, count))
    return _Bars(
        ticker=ticker,
        sessions=days.astype(str).tolist(),
        days=days.astype(np.int64),
        close=np.round(random.uniform(20.0, 400.0) * np.exp(walk), 4),
    )


def _bar_rows(bars: _Bars) -> Iterator[Row]:
    for at, (session, day, close) in enumerate(
        zip(bars.sessions, bars.days.tolist(), bars.close.tolist(), strict=True)
    ):
        row = {
            "ticker": bars.ticker, "session": session, "calendar": "XNYS", "session_index": at,
            "close_ms": day * _DAY_MS + _CLOSE_MS, "open": close, "high": close * 1.01,
            "low": close * 0.99, "close": close, "final": True, "revision": 0,
            "conflicting_close": False, "epoch": 0, "split_ratio": 1.0, "dividend": 0.0,
        }  # fmt: skip
        yield tuple(row[name] for name in BAR_COLUMNS)


def _signal_rows(
    bars: _Bars, numbers: range, sessions: int, policy: Policy, random: np.random.Generator
) -> Iterator[Row]:
    draws = random.random((len(numbers), 3))
    for number, draw in zip(numbers, draws.tolist(), strict=True):
        row = _signal(bars, number, sessions, policy, draw)
        yield tuple(row[name] for name in SIGNAL_COLUMNS)


def _signal(
    bars: _Bars, number: int, sessions: int, policy: Policy, draw: list[float]
) -> dict[str, Any]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    mixed = int(bars.ticker[1:]) % 50 == 0
    kind, horizon = _KINDS[number % 4 * mixed], HORIZONS[number // 3 % len(HORIZONS)]
    action = ("BUY", "SELL", "HOLD")[0 if draw[0] < 0.5 else 1 if draw[0] < 0.85 else 2]
    entry = _LOOK + int(draw[1] * ENTRIES)
    generated_at_ms = int(bars.days[entry]) * _DAY_MS + 15 * 3_600_000
    waits, long = number % 20 == 0, number % 20 in (1, 2, 3, 4)
    row: dict[str, Any] = dict.fromkeys(SIGNAL_COLUMNS)
    row |= {
        "signal_id": f"s-{digest[:24]}", "ticker": bars.ticker, "payload_hash": digest,
        "calendar": "XNYS", "periods_per_year": 252, "window_sessions": 30,
        "status": "awaiting_entry", "validation_status": "pending", "policy": policy.name,
        "policy_hash": policy.hash,
        "stale_after_ms": generated_at_ms + (90 if draw[2] < 0.9 else 20) * _DAY_MS,
        "backdated": mixed and number % 7 == 0, "epoch": 0, "action": action,
        "confidence": round(0.5 + 0.5 * draw[2], 3), "generated_at_ms": generated_at_ms,
        "source": "desk", "source_kind": "fallback" if mixed and number % 5 == 3 else "llm",
        "horizon_sessions": horizon, "model_version": "2024-06", "data_kind": kind,
        "reasoning": f"momentum of {bars.ticker}, \"{number}\"", "risk_level": "medium",
        "signal_date": bars.sessions[entry], "created_at": f"{bars.sessions[entry]}T15:00:00.000Z",
        "model_name": f"model-{number // 7 % MODELS:02d}", "screen": _screen(draw[2]),
        "suspect_price": number % 200 == 11, "suspect_sessions": "[]",
        "transitions": "[]",
    }  # fmt: skip
    if waits:
        row["generated_at_ms"] = int(bars.days[-1]) * _DAY_MS + 22 * 3_600_000
        return row
    row["window_sessions"] = sessions + ENTRIES + 30 if long else max(horizon, min(30, sessions))
    row |= _outcome(bars, entry, row, policy)
    if number % 100 == 9:
        row |= {"status": "cancelled", "validation_status": "archived"}
    return row


def _outcome(bars: _Bars, entry: int, row: dict[str, Any], policy: Policy) -> dict[str, Any]:
    price, horizon, window = (
        float(bars.close[entry]),
        row["horizon_sessions"],
        row["window_sessions"],
    )
    found: dict[str, Any] = {
        "status": "tracking", "entry_session": bars.sessions[entry], "entry_index": entry,
        "entry_price": price,
    }  # fmt: skip
    if entry + horizon < len(bars.sessions):
        raw = float(bars.close[entry + horizon]) / price - 1
        signed = {"BUY": raw, "SELL": -raw, "HOLD": 0.0}[row["action"]]
        net = signed - 0.001 if row["action"] != "HOLD" else 0.0
        hit = net > 0 if row["action"] != "HOLD" else abs(raw) <= policy.hold_band
        found |= {
            "horizon_session": bars.sessions[entry + horizon], "raw_return": raw,
            "net_return": net + 0.0, "hit": "hit" if hit else "miss",
            "annual_return": (1 + net) ** (252 / horizon) - 1, "mae": min(0.0, signed),
            "mfe": max(0.0, signed),
        }  # fmt: skip
    if entry + window < len(bars.sessions):
        found |= _verdict(bars, entry, window, found, row["action"])
    return found


def _verdict(
    bars: _Bars, entry: int, window: int, found: dict[str, Any], action: str
) -> dict[str, Any]:
    session = bars.sessions[entry + window]
    value = found["annual_return"]
    checks = [
        _check("validation_period", ">=", 30.0, float(window), "observed sessions"),
        _check("annual_return", ">=", 0.1, value, "annualised")
        if action != "HOLD"
        else _check("stayed_flat", "<=", 0.02, abs(found["raw_return"]), "at the horizon"),
    ]
    status = "passed" if all(each["status"] == "pass" for each in checks) else "failed"
    as_of_ms = int(bars.days[entry + window]) * _DAY_MS + _CLOSE_MS
    verdict = {"as_of_ms": as_of_ms, "checks": checks, "session": session, "status": status}
    return {
        "verdict": json.dumps(verdict, sort_keys=True), "last_session": session, "status": status,
        "validation_status": "validated" if status == "passed" else "failed",
    }  # fmt: skip


def _screen(draw: float) -> str:
    checks = [
        _check("confidence", ">=", 0.55, round(0.5 + 0.5 * draw, 3), "as published"),
        _check("against_trend", "<=", 1.0, float(int(draw * 10) % 3), "of two warnings"),
        _check("volatility_percentile", "<=", 0.95, round(draw, 2), "of 40 sessions"),
    ]
    failed = [each["name"] for each in checks if each["status"] == "fail"]
    status, reason = (
        ("failed", f"fail: {', '.join(failed)}") if failed else ("passed", "every layer passed")
    )
    return json.dumps({"checks": checks, "reason": reason, "status": status}, sort_keys=True)


def _check(name: str, op: str, required: float, actual: float, reason: str) -> dict[str, Any]:
    held = actual >= required if op == ">=" else actual <= required
    status = "pass" if held else "fail"
    return {
        "actual": actual, "name": name, "op": op, "reason": reason, "required": required,
        "status": status,
    }  # fmt: skip


def main() -> None:
    """Write the database that the arguments ask for."""
    path, *sizes = sys.argv[1:]
    signals, tickers, sessions = (*map(int, sizes), *(10_000, 5_000, 30)[len(sizes) :])
    make_database(Path(path), signals=signals, tickers=tickers, sessions=sessions)


if __name__ == "__main__":
    main()
