"""The rules every inbound record keeps, whatever client sent it.

Each function takes a decoded record, folds the case of its enumerated words
and returns it, or raises `DecodeError` naming the field.
"""

import math
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from schemas import records
from schemas.errors import DecodeError

MIN_EVENT_MS = 315_532_800_000
MAX_EVENT_MS = 4_102_444_800_000
MAX_HORIZON = 400
MAX_REVISION = 255
# Far beyond any price, and near enough that no ratio of two of them leaves the floats.
MIN_PRICE, MAX_PRICE = 1e-100, 1e100
MIN_RATIO, MAX_RATIO = 1e-6, 1e6
MAX_SHORT = 200
MAX_REASONING = 20_000
MAX_REASON = 1_000
MAX_INDICATORS = 200

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TICKER = re.compile(r"[^\s|\x00-\x20\x7f]{1,64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


def check_signal(signal: records.Signal) -> records.Signal:
    """Return the signal with folded case; raise DecodeError where a rule is broken."""
    _ticker(signal.ticker)
    _event_time("generated_at_ms", signal.generated_at_ms)
    _within("confidence", signal.confidence, 0.0, 1.0)
    for name in ("source", "model"):
        _name(name, getattr(signal, name))
    if signal.signal_id is not None:
        _name("signal_id", signal.signal_id)
    if signal.horizon_sessions is not None:
        _within("horizon_sessions", signal.horizon_sessions, 1, MAX_HORIZON)
    for name in ("model_version", "risk_level"):
        _short(name, getattr(signal, name))
    _short("reasoning", signal.reasoning, MAX_REASONING)
    for name in _SIGNAL_FLOATS:
        _finite(name, getattr(signal, name))
    _within("the number of indicators", len(signal.indicators or {}), 0, MAX_INDICATORS)
    for key, value in (signal.indicators or {}).items():
        _short("a name of indicators", key)
        _finite(f"indicators.{key:.80}", value)
    return replace(
        signal,
        action=_one_of("action", signal.action.upper(), records.ACTIONS),
        source_kind=_one_of("source_kind", signal.source_kind.lower(), records.SOURCE_KINDS),
        data_kind=_one_of("data_kind", signal.data_kind.lower(), records.DATA_KINDS),
    )


def check_tick(tick: records.Tick) -> records.Tick:
    """Return the tick; raise DecodeError where a rule is broken."""
    _ticker(tick.ticker)
    if not MIN_PRICE <= tick.price <= MAX_PRICE:
        msg = f"price: expected a number > 0 ({MIN_PRICE} to {MAX_PRICE}), was {tick.price}"
        raise DecodeError(msg)
    if tick.ts_event_ms is None and tick.session is None:
        msg = "ts_event_ms: expected a time, or a session, was neither"
        raise DecodeError(msg)
    if tick.ts_event_ms is not None:
        _event_time("ts_event_ms", tick.ts_event_ms)
    if tick.session is not None:
        session_days("session", tick.session)
    _finite("size", tick.size)
    _within("revision", tick.revision, 0, MAX_REVISION)
    _short("source", tick.source)
    return tick


def check_action(action: records.CorporateAction) -> records.CorporateAction:
    """Return the corporate action; raise DecodeError where a rule is broken."""
    _ticker(action.ticker)
    session_days("ex_date", action.ex_date)
    kind = _one_of("kind", action.kind.lower(), records.ACTION_KINDS)
    _within("revision", action.revision, 0, 2**31 - 1)
    _short("source", action.source)
    if kind == "split" and not (action.ratio and MIN_RATIO <= action.ratio <= MAX_RATIO):
        msg = f"ratio: expected {MIN_RATIO} to {MAX_RATIO} for a split, was {action.ratio}"
        raise DecodeError(msg)
    if kind == "dividend" and not (
        action.amount is not None and action.amount >= 0 and math.isfinite(action.amount)
    ):
        msg = f"amount: expected a finite number >= 0 for a dividend, was {action.amount}"
        raise DecodeError(msg)
    return replace(action, kind=kind)


def check_decision(decision: records.Decision) -> records.Decision:
    """Return the decision; raise DecodeError where a rule is broken."""
    _ticker(decision.ticker)
    _name("decision_id", decision.decision_id)
    _name("signal_id", decision.signal_id)
    _event_time("decided_at_ms", decision.decided_at_ms)
    kind = _one_of("kind", decision.kind.lower(), records.DECISION_KINDS)
    _short("by", decision.by)
    _short("reason", decision.reason, MAX_REASON)
    if decision.session is not None:
        session_days("session", decision.session)
    elif kind == "accept-price":
        msg = "session: expected the session whose price is accepted, was null"
        raise DecodeError(msg)
    return replace(decision, kind=kind)


def session_days(field: str, label: str) -> int:
    """Return the days since 1970 of a YYYY-MM-DD label within the valid event times."""
    try:
        # fromisoformat alone takes 20240102 and 2024-W01-2 too: several keys for one session.
        if not _DATE.fullmatch(label):
            raise ValueError
        days = (date.fromisoformat(label) - _EPOCH).days
    except ValueError:
        msg = f"{field}: expected a date YYYY-MM-DD, was {label!r:.80}"
        raise DecodeError(msg) from None
    if not MIN_EVENT_MS <= days * 86_400_000 < MAX_EVENT_MS:
        msg = f"{field}: expected a date from 1980 to 2099, was {label}"
        raise DecodeError(msg)
    return days


_EPOCH = date(1970, 1, 1)
_SIGNAL_FLOATS = (
    "entry_price",
    "target_price",
    "stop_loss",
    "position_size",
    "expected_return",
    "latency_seconds",
)

CHECKS: dict[type, Callable[[Any], Any]] = {
    records.Signal: check_signal,
    records.Tick: check_tick,
    records.CorporateAction: check_action,
    records.Decision: check_decision,
}


@lru_cache(maxsize=1 << 16)
def is_ticker(value: str) -> bool:
    """Say whether a text can be a ticker."""
    return _TICKER.fullmatch(value) is not None


@lru_cache(maxsize=1 << 13)
def is_name(value: str) -> bool:
    """Say whether a text can be the name of a source or a model."""
    return _NAME.fullmatch(value) is not None


def _ticker(value: str) -> None:
    if not is_ticker(value):
        msg = f"ticker: expected 1 to 64 characters without space or '|', was {value!r:.80}"
        raise DecodeError(msg)


def _name(field: str, value: str) -> None:
    if not _NAME.fullmatch(value):
        msg = f"{field}: expected 1 to 200 printable characters, was {value!r:.80}"
        raise DecodeError(msg)


def _short(field: str, value: str | None, limit: int = MAX_SHORT) -> None:
    if value is not None and len(value) > limit:
        msg = f"{field}: expected at most {limit} characters, was {len(value)}"
        raise DecodeError(msg)


def _event_time(field: str, value: int) -> None:
    if not MIN_EVENT_MS <= value < MAX_EVENT_MS:
        msg = f"{field}: expected a time from 1980 to 2099 in ms, was {value}"
        raise DecodeError(msg)


def _within(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        msg = f"{field}: expected {low} to {high}, was {value}"
        raise DecodeError(msg)


def _finite(field: str, value: float | None) -> None:
    if value is not None and not math.isfinite(value):
        msg = f"{field}: expected a finite number, was {value}"
        raise DecodeError(msg)


def _one_of(field: str, value: str, allowed: Collection[str]) -> str:
    if value not in allowed:
        msg = f"{field}: expected one of {', '.join(allowed)}, was {value!r:.80}"
        raise DecodeError(msg)
    return value
