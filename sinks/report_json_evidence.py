"""PURE: cohorts, policy and paper account as plain JSON fields.

An undefined figure is null beside its reason; what is annualised says so, and
whether it is from less than a year of sessions.
"""

from dataclasses import asdict
from typing import Any

from schemas.policy import content_of
from sinks.evidence.cohort import BrierParts, CheckResult, Cohort
from sinks.evidence.figures import Figure, Interval
from sinks.evidence.rates import Rate
from sinks.report import Report

_OF_SIGNALS = (
    "base_rate", "excess_hit", "mean_net", "mean_gross", "brier", "ece", "ic", "p_value", "q_value",
    "p_strict", "q_strict", "effective_n",
)  # fmt: skip
_OF_SESSIONS = ("psr", "min_trl_more", "dsr", "max_drawdown", "profit_factor", "expectancy")
_A_YEAR = ("sharpe", "sharpe_gross")
_OF_BENCHMARK = ("alpha_t", "beta")


def policy_fields(report: Report) -> dict[str, Any] | None:
    """Return the newest policy with its hash, None where none is known."""
    policy = report.policy
    return None if policy is None else {**content_of(policy), "hash": policy.hash}


def cohort_fields(cohort: Cohort) -> dict[str, Any]:
    """Return the evidence of a cohort; the n of each figure stands beside it."""
    annual = {"annualised": True, "under_a_year": cohort.under_a_year}
    return {
        "key": {**cohort.key._asdict(), "level": cohort.key.level},
        "signals": cohort.signals,
        "matured": cohort.matured,
        "open": cohort.open,
        "cancelled": cohort.cancelled,
        "stale": cohort.stale,
        "sessions": cohort.sessions,
        "first_day": cohort.first_day,
        "last_day": cohort.last_day,
        "periods_per_year": cohort.periods_per_year,
        "hit_rate": rate_fields(cohort.hit_rate),
        **{name: _figure(getattr(cohort, name), cohort.hit_rate.n) for name in _OF_SIGNALS},
        **{name: _figure(getattr(cohort, name), cohort.sessions) for name in _OF_SESSIONS},
        **{name: {**_figure(getattr(cohort, name), cohort.sessions), **annual} for name in _A_YEAR},
        **{
            name: _figure(getattr(cohort, name), cohort.benchmark_sessions)
            for name in _OF_BENCHMARK
        },
        "alpha": {**_figure(cohort.alpha, cohort.benchmark_sessions), **annual},
        "benchmark": cohort.benchmark,
        "excess_hit_interval": _interval(cohort.excess_hit_interval),
        "mean_net_interval": _interval(cohort.mean_net_interval),
        "brier_parts": None if cohort.brier_parts is None else _shallow(cohort.brier_parts),
        "reliability": [
            {
                "low": each.low,
                "high": each.high,
                "mean_confidence": each.mean_confidence,
                "hit_rate": rate_fields(each.hit_rate),
            }
            for each in cohort.reliability
        ],
        "ic_by_horizon": [
            {"horizon": each.horizon, **_figure(each.ic, each.n)} for each in cohort.ic_by_horizon
        ],
        "trend": {
            "last_30": _figure(cohort.trend.mean_30, cohort.trend.n_30),
            "last_60": _figure(cohort.trend.mean_60, cohort.trend.n_60),
            "before": _figure(cohort.trend.mean_before, cohort.trend.n_before),
            "decayed": cohort.trend.decayed,
            "reason": cohort.trend.reason,
        },
        "checks": [_shallow(each) for each in cohort.checks],
        "ready": cohort.ready,
        "reasons": list(cohort.reasons),
        "policy": cohort.policy,
        "policy_hash": cohort.policy_hash,
    }


def paper_fields(report: Report) -> dict[str, Any] | None:
    """Return the paper account, None while no policy says how it is run."""
    found = report.paper_summary
    if found is None:
        return None
    return {
        "capital": found.capital,
        "equity": found.equity,
        "total_return": _figure(found.total_return, len(report.paper.equity)),
        "trades": found.trades,
        "wins": found.wins,
        "win_rate": rate_fields(found.win_rate),
        "profit_factor": _figure(found.profit_factor, found.trades),
        "expectancy": _figure(found.expectancy, found.trades),
        "max_drawdown": _figure(found.max_drawdown, len(report.paper.equity)),
        "costs": found.costs,
        "exit_reasons": dict(found.exit_reasons),
        "closed_trades": [asdict(each) for each in report.paper.trades],
        "positions": [asdict(each) for each in report.paper.positions],
        "equity_curve": [asdict(each) for each in report.paper.equity],
    }


def rate_fields(found: Rate) -> dict[str, Any]:
    """Return a rate with its n and interval."""
    interval = None if found.low is None or found.high is None else [found.low, found.high]
    return {"n": found.n, "value": found.value, "wilson_95": interval}


def _shallow(value: BrierParts | CheckResult) -> dict[str, Any]:
    # asdict copies each value in turn, for ten times the time.
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _figure(found: Figure, n: int) -> dict[str, Any]:
    return {"value": found.value, "n": n, "reason": found.reason}


def _interval(found: Interval) -> dict[str, Any]:
    return {
        "low": found.low,
        "high": found.high,
        "level": found.level,
        "reason": found.reason,
    }
