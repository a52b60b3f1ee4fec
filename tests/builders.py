"""Inbound records with sane defaults around one fixed moment, and policies.

The moment is 2024-01-02, in New York's session.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from schemas.policy import CheckRule, PaperRules, Policy, content_of, hashed
from schemas.records import (
    FLAG_FINAL,
    FLAG_OPEN,
    CorporateAction,
    Decision,
    Signal,
    Tick,
    TickBatch,
)
from schemas.rules import MIN_EVENT_MS, session_days

EPOCH_MS = 1_704_207_600_000  # 2024-01-02 15:00 UTC
OPEN_MS = 1_704_205_800_000  # 14:30 UTC, the open of that session
CLOSE_MS = 1_704_229_200_000  # 21:00 UTC, its close
SESSION = "2024-01-02"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def make_signal(**changes: Any) -> Signal:
    defaults: dict[str, Any] = {
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": EPOCH_MS,
        "source": "tests",
        "source_kind": "rule",
        "model": "m",
        "signal_id": "s-1",
        "horizon_sessions": 5,
    }
    return Signal(**{**defaults, **changes})


def make_tick(**changes: Any) -> Tick:
    """A tick at the fixed moment; with a `session`, at that session's close."""
    defaults: dict[str, Any] = {"ticker": "AAPL", "price": 100.0}
    if changes.get("session") is None:
        defaults["ts_event_ms"] = EPOCH_MS
    return Tick(**{**defaults, **changes})


def make_batch(*, ticks: Sequence[Tick] = (make_tick(),), **changes: Any) -> TickBatch:
    """The ticks as columns, in their order."""
    tickers = list(dict.fromkeys(each.ticker for each in ticks))
    days = [-1 if e.session is None else session_days("session", e.session) for e in ticks]
    times = [-1 if each.ts_event_ms is None else each.ts_event_ms for each in ticks]
    sizes = [np.nan if each.size is None else each.size for each in ticks]
    flags = [FLAG_OPEN * each.open + FLAG_FINAL * each.final for each in ticks]
    columns: dict[str, Any] = {
        "ticker_index": _column([tickers.index(each.ticker) for each in ticks], "<i4"),
        "ts_event_ms": _column(times, "<i8"),
        "session": _column(days, "<i4"),
        "price": _column([each.price for each in ticks], "<f8"),
        "size": _column(sizes, "<f8"),
        "flags": _column(flags, "u1"),
        "revision": _column([each.revision for each in ticks], "u1"),
    }
    return TickBatch(**{"tickers": tickers, **columns, **changes})


def make_action(**changes: Any) -> CorporateAction:
    """A 2:1 split on 2024-01-04; with kind="dividend", one of 0.24 a share."""
    kind = changes.get("kind", "split")
    size = {"amount": 0.24} if kind == "dividend" else {"ratio": 2.0}
    return CorporateAction(
        **{"ticker": "AAPL", "ex_date": "2024-01-04", "kind": kind, **size, **changes}
    )


def make_decision(**changes: Any) -> Decision:
    defaults: dict[str, Any] = {
        "decision_id": "d-1",
        "signal_id": "s-1",
        "ticker": "AAPL",
        "kind": "cancel",
        "decided_at_ms": EPOCH_MS + HOUR_MS,
    }
    return Decision(**{**defaults, **changes})


def make_policy(**changes: Any) -> Policy:
    """A policy of 30 sessions that asks little of signals and cohorts, with its hash."""
    defaults: dict[str, Any] = {
        "name": "tests",
        "effective_from_ms": MIN_EVENT_MS,
        "min_sessions": 30,
        "cost_bps_per_side": 5.0,
        "hold_band": 0.02,
        "jump_guard": 0.4,
        "total_return": False,
        "benchmark": "^GSPC",
        "risk_free_rate": 0.04,
        "also_ready": (),
        "screen": (make_rule("confidence", 0.55), make_rule("data_age", 5.0, "<=")),
        "checks": (make_rule("annual_return", 0.1), make_rule("stayed_flat", 0.02, "<=")),
        "cohort": (make_rule("trades", 30.0), make_rule("q_value", 0.1, "<=")),
        "paper": make_paper_rules(),
    }
    return hashed(Policy(**{**defaults, **changes}))


def make_rule(name: str = "annual_return", required: float = 0.1, op: str = ">=") -> CheckRule:
    return CheckRule(name=name, op=op, required=required)


def make_paper_rules(**changes: Any) -> PaperRules:
    defaults: dict[str, Any] = {
        "capital": 10_000.0,
        "max_position": 0.02,
        "max_short_position": 0.01,
        "max_ticker": 0.2,
        "max_gross": 1.0,
        "slippage_bps": 5.0,
        "impact_bps_per_10k": 1.0,
        "cost_bps": 1.5,
    }
    return PaperRules(**{**defaults, **changes})


def policy_toml(*versions: Policy) -> str:
    """The file that these versions are read from; without any, that of `make_policy()`."""
    versions = versions or (make_policy(),)
    blocks = [f"name = {json.dumps(versions[0].name, ensure_ascii=False)}"]
    for each in versions:
        fields = content_of(each)
        _, starts, paper = (fields.pop(key) for key in ("name", "effective_from_ms", "paper"))
        fields["effective_from"] = datetime.fromtimestamp(starts / 1000, UTC).isoformat()
        fields["check"] = fields.pop("checks")
        rules = {key: fields.pop(key) for key in ("screen", "check", "cohort") if fields[key]}
        blocks.append("\n".join(["[[version]]", *_pairs(fields)]))
        for key, table in ((key, rule) for key, some in rules.items() for rule in some):
            blocks.append("\n".join([f"[[version.{key}]]", *_pairs(table)]))
        blocks.append("\n".join(["[version.paper]", *_pairs(paper)]))
    return "\n\n".join(blocks) + "\n"


def _pairs(fields: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]


def _column(values: Sequence[float], kind: str) -> bytes:
    return np.array(values, dtype=kind).tobytes()
