"""PURE: Report -> summary.json, and the original tracker's llm_signal_tracking.json."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from sinks.report import Group, Report
from sinks.report_json_evidence import (
    cohort_fields,
    paper_fields,
    policy_fields,
    rate_fields,
)
from sinks.rows import ObservationRow, SignalRow
from sinks.times import iso_utc

# Of the file's shape, not of this program.
TRACKING_VERSION = "1.0"


def summary_json(report: Report) -> str:
    """Return summary.json; only its `as_of` object depends on how the records came."""
    all_ = report.everything
    return _text(
        {
            "total_signals": all_.total,
            "validated_signals": all_.validated,
            "validation_rate": all_.validation_rate.value,
            "all": _group(all_),
            "by_ticker": _named(report.by_ticker),
            "by_action": _named(report.by_action),
            "by_model": _named(report.by_model),
            "by_data_class": _named(report.by_data_class),
            "by_status": dict(report.by_status),
            "by_verdict": dict(report.by_verdict),
            "ready_for_trading": report.ready,
            "not_ready_reasons": report.not_ready_reasons(),
            "policy": policy_fields(report),
            "replay_counts_towards_readiness": report.replay_counts,
            "cohorts": [cohort_fields(each) for each in report.cohorts],
            "paper": paper_fields(report),
            "stale": report.stale,
            "suspect_price": report.suspect,
            "unpriced_tickers": report.unpriced_tickers,
            "conflicting_closes": report.conflicting_closes,
            "as_of": asdict(report.as_of),
        }
    )


def tracking_json(report: Report, observations: Mapping[str, Sequence[ObservationRow]]) -> str:
    """Return the file that readers of the original tracker know, derived from rows."""
    as_of_ms = report.as_of.as_of_ms
    history = sorted(
        (
            _history(report, each, each.verdict)
            for each in report.signals
            if each.verdict is not None
        ),
        key=lambda each: (each["timestamp"], each["signal_id"]),
    )
    return _text(
        {
            "metadata": {
                "created": None if as_of_ms is None else iso_utc(as_of_ms),
                "version": TRACKING_VERSION,
                "total_signals": report.everything.total,
                "validated_signals": report.everything.validated,
            },
            "signals": {
                each.signal_id: _record(report, each, observations.get(each.signal_id, ()))
                for each in report.signals
            },
            "performance": {},
            "validation_history": history,
        }
    )


def _record(
    report: Report, signal: SignalRow, observations: Sequence[ObservationRow]
) -> dict[str, Any]:
    return {
        "id": signal.signal_id,
        "ticker": signal.ticker,
        "date": signal.signal_date,
        "action": signal.action,
        "confidence": signal.confidence,
        "reasoning": signal.reasoning,
        "registered_at": signal.created_at,
        "validation_status": signal.validation_status,
        "performance": _performance(signal, observations),
        "validation_results": _results(report, signal),
    }


def _performance(signal: SignalRow, observations: Sequence[ObservationRow]) -> dict[str, Any]:
    if signal.entry_session is None:
        return {}
    seen = [
        {
            "date": each.session,
            "price": each.close,
            "timestamp": None if each.close_ms is None else iso_utc(each.close_ms),
        }
        for each in observations
    ]
    return {
        "entry_price": signal.entry_price,
        "entry_date": signal.entry_session,
        "observations": seen,
        "current_return": observations[-1].signed_return + 0.0 if observations else None,
        "last_update": seen[-1]["timestamp"] if seen else None,
    }


def _results(report: Report, signal: SignalRow) -> dict[str, Any]:
    verdict = signal.verdict
    if verdict is None:
        return {}
    passed = {"pass": True, "fail": False}
    return {
        "signal_id": signal.signal_id,
        "validated_at": iso_utc(verdict["as_of_ms"]),
        "checks": {
            each["name"]: {
                "required": each["required"],
                "actual": None if each["actual"] is None else each["actual"] + 0.0,
                "passed": passed.get(each["status"]),
                **_mark(signal, each["name"]),
            }
            for each in verdict["checks"]
        },
        "passed": signal.validated,
        "ready_for_trading": report.readiness[signal.signal_id].ready,
    }


def _mark(signal: SignalRow, check: str) -> dict[str, Any]:
    if check != "annual_return":
        return {}
    under = signal.horizon_sessions < signal.periods_per_year
    return {"annualised_from_sessions": signal.horizon_sessions, "under_a_year": under}


def _history(report: Report, signal: SignalRow, verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "signal_id": signal.signal_id,
        "timestamp": iso_utc(verdict["as_of_ms"]),
        "passed": signal.validated,
        "ready_for_trading": report.readiness[signal.signal_id].ready,
    }


def _named(groups: Sequence[Group]) -> dict[str, Any]:
    return {each.name: _group(each) for each in groups}


def _group(group: Group) -> dict[str, Any]:
    return {
        "total": group.total,
        "validated": group.validated,
        "validation_rate": rate_fields(group.validation_rate),
        "matured": group.matured,
        "hits": group.hits,
        "misses": group.misses,
        "open": group.open,
        "hit_rate": rate_fields(group.hit_rate),
        "avg_return": None if group.avg_return is None else group.avg_return + 0.0,
        "avg_return_n": group.matured,
    }


def _text(value: Any) -> str:
    # json's own indented form is written by Python, ten times slower
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options).decode()
