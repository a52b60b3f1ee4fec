"""PURE: decoded records to the values of SQL rows, and the SQL that stores them."""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from sinks.sink import Fields
from sinks.states import Contender
from sinks.times import iso_utc, utc_date

Row: TypeAlias = tuple[Any, ...]
ToRows: TypeAlias = Callable[[Fields], Iterator[Row]]

KEYS: dict[str, tuple[str, ...]] = {
    "llm_signals": ("signal_id",),
    "tickers": ("number",),
    "payloads": ("number",),
    "observed": ("ticker", "session"),
    "observation_values": ("id",),
    "bars": ("ticker", "session"),
    "transitions": ("signal_id", "position"),
    "decisions": ("signal_id", "decision_id"),
    "quarantined": ("signal_id", "payload_hash"),
    "validation_events": ("event_id",),
    "policies": ("policy_hash",),
    "dead_letters": ("topic", "partition", "offset", "index_"),
    "sink_offsets": ("topic", "partition"),
    "paper_positions": ("signal_id",),
    "paper_trades": ("signal_id",),
    "paper_equity": ("close_ms",),
    "ticker_changes": ("ticker",),
    "row_counts": ("table_name",),
}

BAR_COLUMNS = (
    "ticker", "session", "calendar", "session_index", "close_ms", "open", "high", "low", "close",
    "final", "revision", "conflicting_close", "epoch", "split_ratio", "dividend",
)  # fmt: skip
TICKER_COLUMNS = ("number", "ticker")
PAYLOAD_COLUMNS = ("number", "signal_id", "payload_hash")
OBSERVED_COLUMNS = ("ticker", "session", "day")
VALUE_COLUMNS = (
    "id", "k", "close", "raw_return", "signed_return", "max_drawdown", "mae", "mfe", "epoch",
)  # fmt: skip
TRANSITION_COLUMNS = (
    "signal_id", "position", "from_status", "to_status", "as_of_ms", "session", "reason",
    "decision_id", "event_id",
)  # fmt: skip
DECISION_COLUMNS = (
    "signal_id", "decision_id", "kind", "session", "decided_at_ms", "decided_by", "reason",
    "applied", "refusal",
)  # fmt: skip
EVENT_COLUMNS = (
    "event_id", "signal_id", "ticker", "from_status", "to_status", "reason", "checks", "policy",
    "policy_hash", "session", "as_of_ms", "revision", "epoch",
)  # fmt: skip
POLICY_COLUMNS = ("policy_hash", "name", "effective_from_ms", "content")
DEAD_LETTER_COLUMNS = (
    "topic", "partition", "offset", "index_", "error_class", "message", "timestamp_ms", "key",
    "value", "original_size",
)  # fmt: skip
QUARANTINED_COLUMNS = ("signal_id", "payload_hash", "generated_at_ms", "ticker")
COUNT_COLUMNS = ("table_name", "count")
CHANGE_COLUMNS = ("ticker", "change")
OFFSET_COLUMNS = ("topic", "partition", "next_offset", "topic_id", "run_id")
# Named alike in the paper account.
POSITION_COLUMNS = (
    "signal_id", "ticker", "action", "status", "staged_session", "entry_session", "entry_price",
    "quantity", "stop_price", "target_price", "last_session", "last_price", "unrealised_pnl",
    "sessions_held", "reason",
)  # fmt: skip
TRADE_COLUMNS = (
    "signal_id", "ticker", "action", "entry_session", "entry_price", "exit_session", "exit_price",
    "quantity", "exit_reason", "gross_pnl", "costs", "net_pnl", "net_return", "sessions_held",
    "mae", "mfe",
)  # fmt: skip
EQUITY_COLUMNS = ("close_ms", "session", "cash", "exposure", "equity", "drawdown")

# Named alike in the state, or in its payload, and in llm_signals.
_OF_STATE = (
    "signal_id", "ticker", "payload_hash", "calendar", "periods_per_year", "window_sessions",
    "status", "validation_status", "policy", "policy_hash", "stale_after_ms", "last_session",
    "entry_price", "entry_index", "horizon_session", "net_return", "raw_return", "hit",
    "annual_return", "mae", "mfe", "backdated", "epoch",
)  # fmt: skip
_OF_PAYLOAD = (
    "action", "confidence", "generated_at_ms", "source", "source_kind", "horizon_sessions",
    "model_version", "data_kind", "reasoning", "risk_level", "target_price", "stop_loss",
    "position_size", "expected_return", "latency_seconds",
)  # fmt: skip
_DERIVED = (
    "signal_date", "created_at", "model_name", "entry_session", "published_entry_price", "screen",
    "verdict", "suspect_price", "suspect_sessions", "indicators",
)  # fmt: skip
SIGNAL_COLUMNS = _OF_STATE + _OF_PAYLOAD + _DERIVED


def upsert_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts a row, or replaces the one of its key."""
    return f"{_insert(table, columns)} VALUES ({_marks(columns)}) {_on_conflict(table, columns)}"


def event_sql() -> str:
    """Return the statement that stores an event; told again it keeps its greatest revision.

    So the last of a signal's verdicts is the one that holds, also where it had turned.
    """
    table, columns = "validation_events", EVENT_COLUMNS
    return (
        f"{_insert(table, columns)} VALUES ({_marks(columns)}) "
        "ON CONFLICT (event_id) DO UPDATE SET revision = max(revision, excluded.revision)"
    )


def signal_row(state: Fields) -> Row:
    """Return the row of llm_signals, in the order of SIGNAL_COLUMNS."""
    payload = state["payload"]
    generated_at_ms = payload["generated_at_ms"]
    indicators, verdict = payload["indicators"], state["verdict"]
    suspect = state["suspect_sessions"]
    return (
        *(state[name] for name in _OF_STATE),
        *(payload[name] for name in _OF_PAYLOAD),
        utc_date(generated_at_ms),
        iso_utc(generated_at_ms),
        payload["model"],
        state["first_session"],
        payload["entry_price"],
        _json(state["screen"]),
        None if verdict is None else _json(verdict),
        bool(suspect),
        _json(suspect),
        None if indicators is None else _json(indicators),
    )


def transition_rows(state: Fields) -> Iterator[Row]:
    """Yield the rows of a signal's transitions, in their order."""
    for position, each in enumerate(state["transitions"]):
        yield (
            state["signal_id"],
            position,
            *(each[name] for name in TRANSITION_COLUMNS[2:]),
        )


def decision_rows(state: Fields) -> Iterator[Row]:
    """Yield the rows of a signal's decisions."""
    for each in state["decisions"]:
        yield (
            state["signal_id"],
            each["decision_id"],
            each["kind"],
            each["session"],
            each["decided_at_ms"],
            each["by"],
            each["reason"],
            each["applied"],
            each["refusal"],
        )


def bar_row(bar: Fields) -> Row:
    """Return the row of a session's bar."""
    return tuple(bar[name] for name in BAR_COLUMNS)


def event_row(event: Fields) -> Row:
    """Return the row of a validation event."""
    row = {**event, "checks": _json(event["checks"])}
    return tuple(row[name] for name in EVENT_COLUMNS)


def policy_row(policy: Fields) -> Row:
    """Return the row of a policy's version."""
    return tuple(policy[name] for name in POLICY_COLUMNS)


def dead_letter_row(letter: Fields) -> Row:
    """Return the row of a dead letter."""
    index = letter["index"]
    row = {**letter, "index_": -1 if index is None else index}
    return tuple(row[name] for name in DEAD_LETTER_COLUMNS)


def quarantined_row(signal_id: str, contender: Contender) -> Row:
    """Return the row of a payload that lost its id."""
    return signal_id, contender.payload_hash, contender.generated_at_ms, contender.ticker


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(map(_quoted, columns))})"


def _marks(columns: tuple[str, ...]) -> str:
    return ", ".join(f"?{number}" for number in range(1, len(columns) + 1))


def _on_conflict(table: str, columns: tuple[str, ...]) -> str:
    keys = KEYS[table]
    key = ", ".join(map(_quoted, keys))
    values = ", ".join(
        f"{_quoted(each)} = excluded.{_quoted(each)}" for each in columns if each not in keys
    )
    return f"ON CONFLICT ({key}) DO UPDATE SET {values}"


def _quoted(name: str) -> str:
    return f'"{name}"'
