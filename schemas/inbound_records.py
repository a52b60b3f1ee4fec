"""The records that come in, on the four inbound topics: what producers publish.

Times are UTC, integer milliseconds, with the unit in the name; sessions are
YYYY-MM-DD labels. Field meanings stand in the `.avsc` file of each record.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ACTIONS = ("BUY", "SELL", "HOLD")
SOURCE_KINDS = ("llm", "fallback", "rule", "human")
DATA_KINDS = ("live", "synthetic", "replay")
ACTION_KINDS = ("split", "dividend")
DECISION_KINDS = ("cancel", "stage", "start-paper", "promote", "reject", "archive", "accept-price")

FLAG_OPEN = 1
FLAG_FINAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A dated claim of a model about one ticker."""

    ticker: str
    action: str
    confidence: float
    generated_at_ms: int
    source: str
    source_kind: str
    model: str
    signal_id: str | None = None
    horizon_sessions: int | None = None
    model_version: str = ""
    data_kind: str = "live"
    reasoning: str | None = None
    risk_level: str | None = None
    entry_price: float | None = None
    target_price: float | None = None
    stop_loss: float | None = None
    position_size: float | None = None
    expected_return: float | None = None
    latency_seconds: float | None = None
    indicators: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One price of a ticker; with `session` it belongs to that session."""

    ticker: str
    price: float
    ts_event_ms: int | None = None
    session: str | None = None
    size: float | None = None
    open: bool = False
    final: bool = False
    revision: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickBatch:
    """Ticks as little-endian columns of equal length."""

    tickers: list[str]
    ticker_index: bytes
    ts_event_ms: bytes
    session: bytes
    price: bytes
    size: bytes
    flags: bytes
    revision: bytes
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """A split (ratio, new shares per old) or a dividend (amount per share)."""

    ticker: str
    ex_date: str
    kind: str
    ratio: float | None = None
    amount: float | None = None
    revision: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision of a person or rule about one signal."""

    decision_id: str
    signal_id: str
    ticker: str
    kind: str
    decided_at_ms: int
    session: str | None = None
    by: str = ""
    reason: str = ""
