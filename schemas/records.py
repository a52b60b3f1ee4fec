"""The records of every topic: frozen, typed, and nothing else.

Times are UTC, integer milliseconds, with the unit in the name; sessions are
YYYY-MM-DD labels. Field meanings stand in the `.avsc` file of each record.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.inbound_records import (
    ACTION_KINDS,
    ACTIONS,
    DATA_KINDS,
    DECISION_KINDS,
    FLAG_FINAL,
    FLAG_OPEN,
    SOURCE_KINDS,
    CorporateAction,
    Decision,
    Signal,
    Tick,
    TickBatch,
)

__all__ = [
    "ACTIONS",
    "ACTION_KINDS",
    "DATA_KINDS",
    "DECISION_KINDS",
    "FLAG_FINAL",
    "FLAG_OPEN",
    "SOURCE_KINDS",
    "AppliedDecision",
    "Check",
    "CorporateAction",
    "DeadLetter",
    "Decision",
    "Observation",
    "Observations",
    "PolicyVersion",
    "Quarantined",
    "Record",
    "RecordHeader",
    "Screen",
    "SessionBar",
    "Signal",
    "SignalState",
    "Tick",
    "TickBatch",
    "Transition",
    "ValidationEvent",
    "Verdict",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBar:
    """A completed session of a ticker.

    `split_ratio` and `dividend` are of the corporate actions with an ex-date after the
    ticker's bar before and up to this one: new shares per old, and cash for one
    share of the bar before.
    """

    ticker: str
    session: str
    calendar: str
    session_index: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    final: bool
    revision: int
    conflicting_close: bool
    epoch: int = 0
    split_ratio: float = 1.0
    dividend: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one session says about one signal."""

    signal_id: str
    payload_hash: str
    session: str
    k: int
    close: float
    raw_return: float
    signed_return: float
    max_drawdown: float
    mae: float
    mfe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """Upserts of one ticker and session; never the whole list."""

    ticker: str
    session: str
    close_ms: int
    elements: list[Observation]
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a policy; `actual` is None where it cannot be known, with the reason."""

    name: str
    op: str
    required: float
    actual: float | None
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The look before trading, from data up to the signal's time."""

    status: str
    checks: list[Check]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The evidence after the window: passed, failed or insufficient."""

    status: str
    checks: list[Check]
    session: str
    as_of_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of status that holds now."""

    to_status: str
    as_of_ms: int
    reason: str
    event_id: str
    from_status: str | None = None
    session: str | None = None
    decision_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedDecision:
    """A decision and what became of it."""

    decision_id: str
    kind: str
    decided_at_ms: int
    by: str
    reason: str
    applied: bool
    session: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A payload that lost its signal id to a lesser one."""

    payload_hash: str
    generated_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The whole projection of one signal."""

    signal_id: str
    ticker: str
    payload_hash: str
    payload: Signal
    calendar: str
    periods_per_year: int
    window_sessions: int
    status: str
    validation_status: str
    screen: Screen
    policy: str
    policy_hash: str
    stale_after_ms: int
    first_session: str | None = None
    last_session: str | None = None
    entry_price: float | None = None
    entry_index: int | None = None
    horizon_session: str | None = None
    net_return: float | None = None
    raw_return: float | None = None
    hit: str | None = None
    annual_return: float | None = None
    mae: float | None = None
    mfe: float | None = None
    verdict: Verdict | None = None
    transitions: list[Transition] = field(default_factory=list)
    decisions: list[AppliedDecision] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    suspect_sessions: list[str] = field(default_factory=list)
    backdated: bool | None = None
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationEvent:
    """A transition, as it was believed when it was published."""

    event_id: str
    signal_id: str
    ticker: str
    from_status: str | None
    to_status: str
    reason: str
    checks: list[Check]
    policy: str
    policy_hash: str
    session: str | None
    as_of_ms: int
    revision: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A version of a policy in use: `content` is the JSON that its hash is of."""

    policy_hash: str
    name: str
    effective_from_ms: int
    content: str
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHeader:
    """A Kafka header of a record."""

    name: str
    value: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record, or an element of one, that was refused."""

    topic: str
    partition: int
    offset: int
    error_class: str
    message: str
    timestamp_ms: int
    value: bytes
    original_size: int
    index: int | None = None
    key: bytes | None = None
    headers: list[RecordHeader] = field(default_factory=list)


Record: TypeAlias = (
    Signal
    | Tick
    | TickBatch
    | CorporateAction
    | Decision
    | SessionBar
    | Observations
    | SignalState
    | ValidationEvent
    | PolicyVersion
    | DeadLetter
)
