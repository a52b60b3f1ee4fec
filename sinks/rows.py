"""PURE: the rows that reports are made of, as they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.policy import Policy
from sinks.bar_columns import BarColumns

# How the run id begins of a run that publishes the past.
REPLAY_RUN = "replay-"
DATA_CLASSES = ("live", "replay", "backdated", "fallback", "synthetic")


def data_class_of(data_kind: str, source_kind: str, backdated: bool | None) -> str:
    """Return which evidence such a signal counts as: synthetic, else fallback, else ..."""
    if data_kind == "synthetic":
        return "synthetic"
    if source_kind == "fallback":
        return "fallback"
    return "backdated" if backdated else data_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One row of the view signal_rows."""

    signal_id: str
    ticker: str
    signal_date: str
    action: str
    validation_status: str
    created_at: str
    confidence: float
    model_name: str
    source_kind: str
    data_kind: str
    entry_price: float | None
    latency_seconds: float | None
    status: str
    payload_hash: str
    generated_at_ms: int
    source: str
    model_version: str
    horizon_sessions: int
    window_sessions: int
    calendar: str
    periods_per_year: int
    entry_session: str | None
    entry_index: int | None
    last_session: str | None
    horizon_session: str | None
    net_return: float | None
    raw_return: float | None
    hit: str | None
    annual_return: float | None
    mae: float | None
    mfe: float | None
    screen: Mapping[str, Any]
    verdict: Mapping[str, Any] | None
    policy: str
    policy_hash: str
    suspect_price: bool
    suspect_sessions: list[str]
    backdated: bool | None
    stale_after_ms: int
    reasoning: str | None
    risk_level: str | None
    published_entry_price: float | None
    target_price: float | None
    stop_loss: float | None
    position_size: float | None
    expected_return: float | None
    indicators: Mapping[str, float] | None
    epoch: int
    observations: int
    max_drawdown: float | None

    @property
    def matured(self) -> bool:
        """Return whether the window is over."""
        return self.last_session is not None

    @property
    def verdict_status(self) -> str | None:
        """Return passed, failed or insufficient; None before maturity."""
        return None if self.verdict is None else str(self.verdict["status"])

    @property
    def validated(self) -> bool:
        """Return whether the verdict is passed, whatever came after."""
        return self.verdict_status == "passed"

    @property
    def data_class(self) -> str:
        """Return which evidence the signal counts as: synthetic, else fallback, else ..."""
        return data_class_of(self.data_kind, self.source_kind, self.backdated)

    def stale(self, as_of_ms: int | None) -> bool:
        """Return whether prices ended long before the window did."""
        return not self.matured and as_of_ms is not None and as_of_ms > self.stale_after_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow:
    """One row of the view signal_observations, with its session's close time."""

    signal_id: str
    session: str
    k: int
    close: float
    raw_return: float
    signed_return: float
    max_drawdown: float
    mae: float
    mfe: float
    close_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """How far the rows go, and every number that depends on how they came."""

    as_of_ms: int | None
    run_id: str | None
    offsets: Mapping[str, Mapping[str, int]]
    topic_ids: Mapping[str, str]
    bars: int
    observations: int
    validation_events: int
    quarantined: int
    dead_letters: Mapping[str, int]

    def at(self, as_of_ms: int | None) -> "AsOf":
        """Return the same with another time."""
        return replace(self, as_of_ms=as_of_ms)

    @property
    def is_replay(self) -> bool:
        """Return whether the rows are of a `replay` or `demo`, where the past is judged."""
        return (self.run_id or "").startswith(REPLAY_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All that a report is made of: one consistent look at the database.

    `policy` is the newest that judged a signal; `paper` the rows of the paper
    account: positions, trades and equity.
    """

    signals: list[SignalRow]
    bars: Mapping[str, BarColumns]
    conflicting_closes: int
    as_of: AsOf
    policy: Policy | None = None
    paper: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
