"""PURE: Report -> signals.csv, one row a signal, and cohorts.csv, one row a cohort.

UTF-8 and LF; null is empty, booleans are true and false, floats are the
shortest text that reads back the same, negative zero is 0.0. Texts that a
spreadsheet would compute have a quote before them (`sinks.report_cells`).
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import Figure
from sinks.report import Report
from sinks.report_book import ReportBook
from sinks.report_cells import csv_line, safe_cell, safe_column
from sinks.report_entries import Entry
from sinks.report_kept import Kept
from sinks.report_lines import csv_lines
from sinks.report_marks import Mark

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
    "annualised_from_sessions", "annualised_under_a_year",
)  # fmt: skip
COHORT_KEYS = (
    "data_class", "source", "model", "model_version", "action", "horizon_sessions", "ticker",
)  # fmt: skip
# Those after `reasons` say what the others rest on: the n of the series, the mark of what is
# annualised (sharpe, sharpe_gross, alpha) from less than a year of sessions.
COHORT_COLUMNS = (
    *COHORT_KEYS,
    "signals", "matured", "hit_rate", "hit_low", "hit_high", "mean_net", "sharpe", "psr",
    "min_trl_more", "dsr", "max_drawdown", "profit_factor", "expectancy", "alpha", "alpha_t",
    "beta", "brier", "ece", "ic", "p_value", "q_value", "ready", "reasons",
    "level", "open", "cancelled", "stale", "sessions", "first_day", "last_day",
    "periods_per_year", "annualised_under_a_year", "base_rate", "excess_hit", "excess_hit_low",
    "excess_hit_high", "p_strict", "q_strict", "effective_n", "mean_net_low", "mean_net_high",
    "mean_gross", "sharpe_gross",
    "benchmark", "benchmark_sessions", "decayed", "policy", "policy_hash", "undefined",
)  # fmt: skip


# The columns of signals.csv that are stored as they are, in its order; `model` as model_name.
# Those that an entry has are not read again.
_DERIVED = frozenset(
    {
        "observations", "max_drawdown", "data_class", "screen", "verdict", "stale",
        "ready_for_trading", "reasons",
        "annualised_from_sessions", "annualised_under_a_year",
    }
)  # fmt: skip
_AS_STORED = tuple(
    "model_name" if name == "model" else name for name in COLUMNS if name not in _DERIVED
)
STORED_COLUMNS = (
    "signal_id",
    "ticker",
    *(name for name in _AS_STORED if name not in Entry._fields),
)
_BOOLS = frozenset({"suspect_price", "backdated"})
_FLOATS = frozenset(
    {
        "entry_price", "net_return", "raw_return", "annual_return", "max_drawdown", "mae", "mfe",
        "confidence", "published_entry_price", "target_price", "stop_loss", "position_size",
        "expected_return", "latency_seconds",
    }
)  # fmt: skip
_TEXTS = (
    "signal_id", "ticker", "model", "model_version", "source", "calendar", "policy", "risk_level",
)  # fmt: skip
_REASONS = COLUMNS.index("reasons")
_WORDS = {None: None, 0: "false", 1: "true"}


def signals_header() -> str:
    """Return the first line of signals.csv."""
    return ",".join(COLUMNS) + "\n"


def signals_lines(
    rows: Sequence[Sequence[Any]],
    known: Sequence[tuple[Entry, Mark]],
    book: ReportBook,
    as_of_ms: int | None,
) -> bytes:
    """Return the lines of signals: the values of STORED_COLUMNS, and what the book has of each."""
    entries = zip(*(entry for entry, _ in known), strict=True)
    held = dict(zip(Entry._fields, entries, strict=True))
    held |= dict(zip(STORED_COLUMNS, zip(*rows, strict=True), strict=True))
    columns: dict[str, Sequence[Any]] = {name: _stored(name, held[name]) for name in _AS_STORED}
    against = [book.against(mark) for _, mark in known]
    kinds = [mark.kind for _, mark in known]
    now = -inf if as_of_ms is None else as_of_ms
    annualised = list(
        zip(
            columns["annual_return"], columns["horizon_sessions"], columns["periods_per_year"],
            strict=True,
        )
    )  # fmt: skip
    columns |= {
        "model": columns["model_name"],
        "observations": held["observations"],
        "max_drawdown": _stored("max_drawdown", held["max_drawdown"]),
        "data_class": [each.data_class for each in kinds],
        "screen": [each.screen for each in kinds],
        "verdict": [None if each.verdict == "none" else each.verdict for each in kinds],
        "stale": [
            "true" if now > after and not kind.matured else "false"
            for after, kind in zip(columns["stale_after_ms"], kinds, strict=True)
        ],
        "ready_for_trading": ["false" if each else "true" for each in against],
        "reasons": against,
        "annualised_from_sessions": [
            None if found is None else horizon for found, horizon, _ in annualised
        ],
        "annualised_under_a_year": [
            None if found is None else _WORDS[horizon < year] for found, horizon, year in annualised
        ],
    }
    columns |= {name: safe_column(columns[name]) for name in _TEXTS}
    return csv_lines([columns[name] for name in COLUMNS], _REASONS)


def _stored(name: str, values: Sequence[Any]) -> Sequence[Any]:
    if name in _FLOATS:
        return [None if each is None else each + 0.0 for each in values]
    return [_WORDS[each] for each in values] if name in _BOOLS else values


def cohort_lines() -> Kept[Cohort, str]:
    """Return a keeper of the line that cohorts.csv has of each cohort."""
    return Kept(_cohort_line)


def cohorts_csv(report: Report, kept: Kept[Cohort, str] | None = None) -> str:
    """Return cohorts.csv; `undefined` says why cells are empty."""
    cohorts = sorted(report.cohorts, key=lambda each: each.key)
    return _line(COHORT_COLUMNS) + "".join((kept or cohort_lines()).of(cohorts))


def _cohort_line(cohort: Cohort) -> str:
    row = _cohort(cohort)
    return _line(row[name] for name in COHORT_COLUMNS)


def _line(values: Iterable[Any]) -> str:
    return csv_line(map(cell, values))


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
        case str():
            return safe_cell(value)
    return str(value)


def _cohort(cohort: Cohort) -> dict[str, Any]:
    figures = {
        name: value
        for name in COHORT_COLUMNS
        if isinstance(value := getattr(cohort, name, None), Figure)
    }
    undefined: dict[str | None, list[str]] = {}
    for name, each in figures.items():
        if each.value is None:
            undefined.setdefault(each.reason, []).append(name)
    return {
        **{name: getattr(cohort, name, None) for name in COHORT_COLUMNS},
        **{name: getattr(cohort.key, name) for name in (*COHORT_KEYS, "level")},
        **{name: each.value for name, each in figures.items()},
        "hit_rate": cohort.hit_rate.value,
        "hit_low": cohort.hit_rate.low,
        "hit_high": cohort.hit_rate.high,
        "excess_hit_low": cohort.excess_hit_interval.low,
        "excess_hit_high": cohort.excess_hit_interval.high,
        "mean_net_low": cohort.mean_net_interval.low,
        "mean_net_high": cohort.mean_net_interval.high,
        "annualised_under_a_year": cohort.under_a_year,
        "decayed": cohort.trend.decayed,
        "reasons": "; ".join(cohort.reasons),
        "undefined": "; ".join(f"{', '.join(names)}: {why}" for why, names in undefined.items()),
    }
