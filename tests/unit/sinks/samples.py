"""Outbound records with sane defaults, and the bytes and raw records of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas import topics
from schemas.codec import encode
from schemas.records import (
    AppliedDecision,
    Check,
    DeadLetter,
    Observation,
    Observations,
    PolicyVersion,
    Quarantined,
    Record,
    Screen,
    SessionBar,
    Signal,
    SignalState,
    Transition,
    ValidationEvent,
    Verdict,
)
from sinks.decoding import decode_batch
from sinks.sink import Batch, Position

DAY_MS = 86_400_000
GENERATED_MS = 1_762_152_035_000  # 2025-11-03 06:40:35 UTC
TOPIC_OF = {
    SessionBar: topics.BARS,
    Observations: topics.OBSERVATIONS,
    SignalState: topics.SIGNAL_STATES,
    ValidationEvent: topics.VALIDATION_EVENTS,
    PolicyVersion: topics.POLICIES,
    DeadLetter: topics.DEAD_LETTERS,
}


@dataclass(frozen=True, kw_only=True)
class Raw:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def raw(value: bytes | None, *, topic: str = "bars", offset: int = 0, partition: int = 0) -> Raw:
    return Raw(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=GENERATED_MS,
        key=b"k",
        value=value,
    )


def batch_of(*records: Record, positions: dict[tuple[str, int], int] | None = None) -> Batch:
    """The records as the worker decodes them, in this order."""
    batch = decode_batch(_raws(records))
    for tp, offset in (positions or {}).items():
        batch.positions[tp] = Position(next_offset=offset, topic_id="id")
    return batch


def _raws(records: Iterable[Record]) -> list[Raw]:
    return [
        raw(encode(each), topic=TOPIC_OF[type(each)].name, offset=n)
        for n, each in enumerate(records)
    ]


def make_state(**changes: Any) -> SignalState:
    payload_names = (
        "action", "confidence", "generated_at_ms", "source", "source_kind", "model",
        "horizon_sessions", "model_version", "data_kind", "reasoning", "latency_seconds",
        "indicators", "position_size", "target_price", "stop_loss",
    )  # fmt: skip
    own = {name: changes.pop(name) for name in payload_names if name in changes}
    if "published_price" in changes:
        own["entry_price"] = changes.pop("published_price")
    signal_id, ticker = changes.pop("signal_id", "s-1"), changes.pop("ticker", "AAPL")
    payload = Signal(
        **{
            "ticker": ticker,
            "signal_id": signal_id,
            "action": "BUY",
            "confidence": 0.6,
            "generated_at_ms": GENERATED_MS,
            "source": "tests",
            "source_kind": "llm",
            "model": "m",
            "horizon_sessions": 5,
            **own,
        }
    )
    defaults: dict[str, Any] = {
        "payload_hash": "aa",
        "calendar": "XNYS",
        "periods_per_year": 252,
        "window_sessions": 30,
        "status": "awaiting_entry",
        "validation_status": "pending",
        "screen": Screen(status="insufficient", checks=[], reason="no checks yet"),
        "policy": "tracker",
        "policy_hash": "00",
        "stale_after_ms": GENERATED_MS + 60 * DAY_MS,
    }
    return SignalState(
        signal_id=signal_id, ticker=ticker, payload=payload, **{**defaults, **changes}
    )


def make_check(**changes: Any) -> Check:
    defaults: dict[str, Any] = {
        "name": "validation_period",
        "op": ">=",
        "required": 30.0,
        "actual": 30.0,
        "status": "pass",
        "reason": "observed sessions",
    }
    return Check(**{**defaults, **changes})


def make_matured(**changes: Any) -> SignalState:
    passed = changes.pop("passed", True)
    word = "passed" if passed else "failed"
    defaults: dict[str, Any] = {
        "status": word,
        "validation_status": "validated" if passed else "failed",
        "first_session": "2025-11-03",
        "last_session": "2025-12-15",
        "horizon_session": "2025-11-10",
        "entry_price": 100.0,
        "entry_index": 7,
        "net_return": 0.0321 if passed else -0.01,
        "raw_return": 0.0331 if passed else -0.009,
        "hit": "hit" if passed else "miss",
        "annual_return": 0.25 if passed else -0.2,
        "mae": -0.01,
        "mfe": 0.04,
        "verdict": Verdict(
            status=word,
            checks=[
                make_check(),
                make_check(
                    name="annual_return",
                    required=0.1,
                    actual=0.25 if passed else -0.2,
                    status="pass" if passed else "fail",
                    reason="annualised",
                ),
            ],
            session="2025-12-15",
            as_of_ms=GENERATED_MS + 42 * DAY_MS,
        ),
    }
    return make_state(**{**defaults, **changes})


def make_stage(**changes: Any) -> AppliedDecision:
    defaults: dict[str, Any] = {
        "decision_id": "d-1",
        "kind": "stage",
        "decided_at_ms": GENERATED_MS + 42 * DAY_MS,
        "by": "me",
        "reason": "ready",
        "applied": True,
    }
    return AppliedDecision(**{**defaults, **changes})


def make_transition(to_status: str, **changes: Any) -> Transition:
    defaults: dict[str, Any] = {
        "from_status": "registered",
        "as_of_ms": GENERATED_MS,
        "reason": "because",
        "event_id": f"e-{to_status}",
    }
    return Transition(to_status=to_status, **{**defaults, **changes})


def make_observation(session: str, k: int, **changes: Any) -> Observation:
    defaults: dict[str, Any] = {
        "signal_id": "s-1",
        "payload_hash": "aa",
        "close": 100.0 + k,
        "raw_return": k / 100,
        "signed_return": k / 100,
        "max_drawdown": 0.0,
        "mae": 0.0,
        "mfe": k / 100,
    }
    return Observation(session=session, k=k, **{**defaults, **changes})


def make_observations(*elements: Observation, ticker: str = "AAPL", epoch: int = 0) -> Observations:
    return Observations(
        ticker=ticker,
        session=elements[0].session,
        close_ms=GENERATED_MS,
        elements=list(elements),
        epoch=epoch,
    )


def make_bar(session: str = "2025-11-03", **changes: Any) -> SessionBar:
    defaults: dict[str, Any] = {
        "ticker": "AAPL",
        "calendar": "XNYS",
        "session_index": 7,
        "close_ms": GENERATED_MS + 52_165_000,  # 2025-11-03 21:10:00 UTC
        "open": 99.0,
        "high": 101.0,
        "low": 98.0,
        "close": 100.0,
        "final": True,
        "revision": 0,
        "conflicting_close": False,
    }
    return SessionBar(session=session, **{**defaults, **changes})


def make_event(event_id: str = "e1", **changes: Any) -> ValidationEvent:
    defaults: dict[str, Any] = {
        "signal_id": "s-1",
        "ticker": "AAPL",
        "from_status": None,
        "to_status": "registered",
        "reason": "published",
        "checks": [],
        "policy": "tracker",
        "policy_hash": "00",
        "session": None,
        "as_of_ms": GENERATED_MS,
    }
    return ValidationEvent(event_id=event_id, **{**defaults, **changes})


def make_dead_letter(**changes: Any) -> DeadLetter:
    defaults: dict[str, Any] = {
        "topic": "signals",
        "partition": 1,
        "offset": 5,
        "error_class": "BadJson",
        "message": "bad JSON",
        "timestamp_ms": GENERATED_MS,
        "value": b"{",
        "original_size": 1,
    }
    return DeadLetter(**{**defaults, **changes})


def lost(payload_hash: str, generated_at_ms: int) -> Quarantined:
    return Quarantined(payload_hash=payload_hash, generated_at_ms=generated_at_ms)
