"""PURE: Report -> signals.csv, one row a signal, sorted by signal id.

UTF-8 and LF; null is empty, booleans are true and false, floats are the
shortest text that reads back the same, negative zero is 0.0.
"""

import csv
import io
from typing import Any

from sinks.report import Report, ready_reasons
from sinks.rows import SignalRow

COLUMNS = (
    "signal_id", "ticker", "action", "horizon_sessions", "status", "validation_status",
    "entry_session", "entry_price", "observations", "net_return", "raw_return", "hit",
    "annual_return", "max_drawdown", "mae", "mfe",
    "model", "model_version", "source", "source_kind", "data_kind", "data_class", "confidence",
    "generated_at_ms", "signal_date", "calendar", "periods_per_year", "window_sessions",
    "entry_index", "horizon_session", "last_session", "screen", "verdict", "policy",
    "policy_hash", "payload_hash", "suspect_price", "backdated", "stale_after_ms", "stale",
    "published_entry_price", "target_price", "stop_loss", "position_size", "expected_return",
    "risk_level", "latency_seconds", "ready_for_trading", "reasons",
)  # fmt: skip


def signals_csv(report: Report) -> str:
    """Return signals.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    as_of_ms = report.as_of.as_of_ms
    for signal in report.signals:
        derived = _derived(signal, as_of_ms)
        writer.writerow(
            cell(derived[name] if name in derived else getattr(signal, name)) for name in COLUMNS
        )
    return out.getvalue()


def cell(value: Any) -> str:
    """Return a value as the CSV writes it.

    >>> cell(None), cell(True), cell(-0.0), cell(0.1), cell(3)
    ('', 'true', '0.0', '0.1', '3')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value + 0.0)
    return str(value)


def _derived(signal: SignalRow, as_of_ms: int | None) -> dict[str, Any]:
    reasons = ready_reasons(signal)
    return {
        "model": signal.model_name,
        "screen": signal.screen["status"],
        "verdict": signal.verdict_status,
        "stale": signal.stale(as_of_ms),
        "ready_for_trading": not reasons,
        "reasons": "; ".join(reasons),
    }
