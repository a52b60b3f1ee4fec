"""PURE: decoded records to the values of SQL rows, and the SQL that stores them."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from sinks.sink import Fields
from sinks.state_reading import to_json
from sinks.states import Contender
from sinks.times import iso_utc, utc_date

Row: TypeAlias = tuple[Any, ...]

KEYS: dict[str, tuple[str, ...]] = {
    "llm_signals": ("signal_id",),
    "tickers": ("number",),
    "payloads": ("number",),
    "observed": ("ticker", "session"),
    "observation_values": ("id",),
    "bars": ("ticker", "session"),
    "decisions": ("signal_id", "decision_id"),
    "quarantined": ("signal_id", "payload_hash"),
    "validation_events": ("ticker", "signal_id", "event_id"),
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
OFFSET_COLUMNS = ("topic", "partition", "next_offset", "topic_id", "run_id", "epoch")
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
_OF_SIGNAL = ("ticker", "payload_hash", "policy_hash", "signal_id")
_OF_STATE = (
    "calendar", "periods_per_year", "window_sessions", "status", "validation_status", "policy",
    "stale_after_ms", "last_session", "entry_price", "entry_index", "horizon_session",
    "net_return", "raw_return", "hit", "annual_return", "mae", "mfe", "backdated", "epoch",
    "screen", "verdict", "transitions",
)  # fmt: skip
_OF_PAYLOAD = (
    "action", "confidence", "generated_at_ms", "source", "source_kind", "horizon_sessions",
    "model_version", "data_kind", "reasoning", "risk_level", "target_price", "stop_loss",
    "position_size", "expected_return", "latency_seconds",
)  # fmt: skip
_OF_BOTH = ("entry_session", "suspect_price", "suspect_sessions")
_DERIVED = ("signal_date", "created_at", "model_name", "published_entry_price", "indicators")
_STATE_COLUMNS = _OF_STATE + _OF_BOTH
SIGNAL_COLUMNS = _STATE_COLUMNS + _OF_PAYLOAD + _DERIVED + _OF_SIGNAL
_state_values = itemgetter(*_OF_STATE)
_payload_values = itemgetter(*_OF_PAYLOAD)
_signal_values = itemgetter(*_OF_SIGNAL)
event_row: Callable[[Fields], Row] = itemgetter(*EVENT_COLUMNS)
_bar_values = itemgetter(*BAR_COLUMNS)
_EMPTY_LIST = "[]"


def upsert_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts a row, or replaces the one of its key."""
    return f"{_insert(table, columns)} VALUES ({_marks(columns)}) {_on_conflict(table, columns)}"


def insert_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts a row, and leaves the one of its key as it is."""
    return f"{upsert_sql(table, columns).partition('DO UPDATE')[0]}DO NOTHING"


def event_sql() -> str:
    """Return the statement that stores an event; told again it keeps its greatest revision.

    So the last of a signal's verdicts is the one that holds, also where it had turned.
    """
    insert = insert_sql("validation_events", EVENT_COLUMNS).removesuffix("DO NOTHING")
    return f"{insert}DO UPDATE SET revision = max(revision, excluded.revision)"


def progress_sql() -> str:
    """Return the update of a signal whose payload and policy stay; it touches no index."""
    values = ", ".join(f"{_quoted(each)} = ?" for each in _STATE_COLUMNS)
    return f"UPDATE llm_signals SET {values} WHERE signal_id = ?"  # noqa: S608 our own names


def progress_row(state: Fields) -> Row:
    """Return what changes while the payload stays, then the signal id."""
    return (*_progress(state), state["signal_id"])


def signal_row(state: Fields) -> Row:
    """Return the row of llm_signals, in the order of SIGNAL_COLUMNS."""
    payload = state["payload"]
    indicators = payload["indicators"]
    return (
        *_progress(state),
        *_payload_values(payload),
        *_dates(payload["generated_at_ms"]),
        payload["model"],
        payload["entry_price"],
        None if indicators is None else to_json(indicators),
        *_signal_values(state),
    )


def _progress(state: Fields) -> Row:
    suspect = state["suspect_sessions"]
    return (
        *_state_values(state),
        state["first_session"],
        bool(suspect),
        to_json(suspect) if suspect else _EMPTY_LIST,
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
    row: Row = _bar_values(bar)
    return row


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


@lru_cache(maxsize=1 << 14)
def _dates(generated_at_ms: int) -> tuple[str, str]:
    return utc_date(generated_at_ms), iso_utc(generated_at_ms)


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
