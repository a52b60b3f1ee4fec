"""PURE: Report -> summary.json."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from sinks.evidence.cohort import Cohort
from sinks.report import Report
from sinks.report_figures import Group
from sinks.report_json_evidence import (
    cohort_fields,
    paper_fields,
    policy_fields,
    rate_fields,
)
from sinks.report_kept import Kept


class SummaryTexts:
    """What summary.json says of each cohort and ticker, kept from one to the next."""

    def __init__(self) -> None:
        self.cohorts: Kept[Cohort, bytes] = Kept(lambda each: _inner(cohort_fields(each)))
        self.tickers: Kept[Group, bytes] = Kept(lambda each: _inner(_group(each)))


def summary_json(report: Report, kept: SummaryTexts | None = None) -> bytes:
    """Return summary.json; only its `as_of` object depends on how the records came."""
    kept = kept or SummaryTexts()
    all_, by_ticker = report.counted.everything, report.counted.by_ticker
    tickers = zip(by_ticker, kept.tickers.of(by_ticker), strict=True)
    return _dumped(
        {
            "total_signals": all_.total,
            "validated_signals": all_.validated,
            "validation_rate": all_.validation_rate.value,
            "all": _group(all_),
            "by_ticker": {each.name: orjson.Fragment(text) for each, text in tickers},
            "by_action": _named(report.counted.by_action),
            "by_model": _named(report.counted.by_model),
            "by_data_class": _named(report.counted.by_data_class),
            "by_status": dict(report.counted.by_status),
            "by_verdict": dict(report.counted.by_verdict),
            "ready_for_trading": report.counted.ready,
            "not_ready_reasons": report.counted.not_ready_reasons(),
            "policy": policy_fields(report),
            "replay_counts_towards_readiness": report.replay_counts,
            "cohorts": [orjson.Fragment(each) for each in kept.cohorts.of(report.cohorts)],
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


def _inner(value: Any) -> bytes:
    return _dumped(value).replace(b"\n", b"\n    ")


def _dumped(value: Any, more: int = 0) -> bytes:
    # json's own indented form is written by Python, ten times slower
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | more)
