"""PURE: Report -> summary.json."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from sinks.report import Report
from sinks.report_figures import Group
from sinks.report_json_evidence import (
    cohort_fields,
    paper_fields,
    policy_fields,
    rate_fields,
)
from sinks.report_kept import Kept


def cohort_texts() -> Kept[bytes]:
    """Return a keeper of what summary.json says of each cohort."""
    return Kept(lambda each: _dumped(cohort_fields(each)).replace(b"\n", b"\n    "))


def summary_json(report: Report, kept: Kept[bytes] | None = None) -> bytes:
    """Return summary.json; only its `as_of` object depends on how the records came."""
    cohorts = (kept or cohort_texts()).of(report.cohorts)
    all_ = report.counted.everything
    return _dumped(
        {
            "total_signals": all_.total,
            "validated_signals": all_.validated,
            "validation_rate": all_.validation_rate.value,
            "all": _group(all_),
            "by_ticker": _named(report.counted.by_ticker),
            "by_action": _named(report.counted.by_action),
            "by_model": _named(report.counted.by_model),
            "by_data_class": _named(report.counted.by_data_class),
            "by_status": dict(report.counted.by_status),
            "by_verdict": dict(report.counted.by_verdict),
            "ready_for_trading": report.counted.ready,
            "not_ready_reasons": report.counted.not_ready_reasons(),
            "policy": policy_fields(report),
            "replay_counts_towards_readiness": report.replay_counts,
            "cohorts": [orjson.Fragment(each) for each in cohorts],
            "paper": paper_fields(report),
            "stale": report.counted.stale,
            "suspect_price": report.counted.suspect,
            "unpriced_tickers": report.counted.unpriced_tickers,
            "conflicting_closes": report.counted.conflicting_closes,
            "as_of": asdict(report.as_of),
        },
        orjson.OPT_APPEND_NEWLINE,
    )


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


def _dumped(value: Any, more: int = 0) -> bytes:
    # json's own indented form is written by Python, ten times slower
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | more)
