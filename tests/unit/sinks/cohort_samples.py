"""Cohorts with sane figures: one well observed, one too young to say, one of HOLD signals.

The figures go together as far as a reader of a report would check them; they are
samples to render and to write, not what the evidence of these series would be.
"""

import math
from datetime import date, timedelta
from typing import Any

from sinks.evidence.cohort import (
    BrierParts,
    CheckResult,
    Cohort,
    CohortKey,
    DailySeries,
    HorizonIC,
    ReliabilityBin,
    Trend,
)
from sinks.evidence.figures import Figure, Interval, known, undefined
from sinks.evidence.rates import rate

FIRST_DAY = date(2024, 1, 2)
KEY_FIELDS = CohortKey._fields
# (lower end of the bin in tenths, matured signals in it, hits among them, their mean confidence)
BINS = ((5, 21, 10, 0.55), (6, 48, 29, 0.648), (7, 37, 25, 0.742), (8, 14, 11, 0.829))


def make_key(**changes: str) -> CohortKey:
    defaults = {
        "data_class": "live",
        "source": "tests",
        "model": "momentum",
        "model_version": "2",
        "action": "BUY",
        "horizon_sessions": "5",
    }
    return CohortKey(**{**defaults, **changes})


def roll_up(level: str, **changes: str) -> CohortKey:
    """The key of a roll-up: `model`, `ticker` or `all`."""
    kept = {"model": {"model": "momentum"}, "ticker": {"ticker": "AAPL"}, "all": {}}[level]
    return CohortKey(**{"data_class": "live", **kept, **changes})


def make_series(
    days: int = 180, *, seed: int = 1, drift: float = 0.0009, swing: float = 0.011
) -> DailySeries:
    """Returns of weekdays from FIRST_DAY on, out of a congruential generator."""
    state, gross, labels, opened = seed * 2_654_435_761 + 1, [], [], []
    day = FIRST_DAY
    for _ in range(days):
        total = 0.0
        for _ in range(4):
            state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
            total += (state >> 11) / 2**53 - 0.5
        gross.append(drift + swing * total * math.sqrt(3))
        opened.append(1 + (state >> 40) % 9)
        labels.append(day.isoformat())
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    net = tuple(each - 0.0002 for each in gross)
    return DailySeries(days=tuple(labels), gross=tuple(gross), net=net, open_signals=tuple(opened))


EMPTY_SERIES = DailySeries(days=(), gross=(), net=(), open_signals=())


def make_reliability(
    bins: tuple[tuple[int, int, int, float], ...] = BINS,
) -> tuple[ReliabilityBin, ...]:
    """Ten bins of confidence; those that are not named are empty."""
    held = {tenth: (n, hits, confidence) for tenth, n, hits, confidence in bins}
    found = []
    for tenth in range(10):
        n, hits, confidence = held.get(tenth, (0, 0, 0.0))
        found.append(
            ReliabilityBin(
                low=tenth / 10,
                high=(tenth + 1) / 10,
                mean_confidence=confidence if n else None,
                hit_rate=rate(hits, n),
            )
        )
    return tuple(found)


def make_cohort_check(**changes: Any) -> CheckResult:
    defaults: dict[str, Any] = {
        "name": "q_value",
        "op": "<=",
        "required": 0.1,
        "actual": 0.0312,
        "status": "pass",
        "reason": "Benjamini-Hochberg over 6 cohorts",
    }
    return CheckResult(**{**defaults, **changes})


def make_trend(**changes: Any) -> Trend:
    defaults: dict[str, Any] = {
        "mean_30": known(0.00021),
        "n_30": 30,
        "mean_60": known(0.00063),
        "n_60": 60,
        "mean_before": known(0.00088),
        "n_before": 120,
        "decayed": False,
        "reason": "the last 30 sessions are within two standard errors of the 120 before",
    }
    return Trend(**{**defaults, **changes})


def make_cohort(**changes: Any) -> Cohort:
    """A cohort with 126 signals over 180 sessions; fields of its key may be changed too."""
    named = {name: changes.pop(name) for name in KEY_FIELDS if name in changes}
    series = changes.get("series", make_series())
    defaults: dict[str, Any] = {
        "key": make_key(**named),
        "signals": 126,
        "matured": 120,
        "open": 6,
        "cancelled": 2,
        "stale": 1,
        "sessions": len(series.days),
        "periods_per_year": 252,
        "under_a_year": len(series.days) < 252,
        "first_day": series.days[0] if series.days else None,
        "last_day": series.days[-1] if series.days else None,
        "hit_rate": rate(75, 120),
        "base_rate": known(0.5312),
        "excess_hit": known(0.0938),
        "excess_hit_interval": Interval(low=0.0091, high=0.1742),
        "mean_net": known(0.00714),
        "mean_gross": known(0.00814),
        "mean_net_interval": Interval(low=0.00102, high=0.01331),
        "sharpe": known(1.374),
        "sharpe_gross": known(1.682),
        "psr": known(0.8761),
        "min_trl_more": known(183.0),
        "dsr": known(0.5407),
        "max_drawdown": known(0.0913),
        "profit_factor": known(1.46),
        "expectancy": known(0.00714),
        "alpha": known(0.1127),
        "alpha_t": known(1.61),
        "beta": known(0.34),
        "benchmark": "^GSPC",
        "benchmark_sessions": len(series.days),
        "brier": known(0.2307),
        "brier_parts": BrierParts(
            reliability=0.0016, resolution=0.0058, uncertainty=0.2344, rest=0.0005
        ),
        "ece": known(0.0387),
        "reliability": make_reliability(),
        "ic": known(0.118),
        "ic_by_horizon": make_ic_by_horizon(),
        "effective_n": known(41.7),
        "p_value": known(0.0156),
        "q_value": known(0.0312),
        "p_strict": known(0.0184),
        "q_strict": known(0.0368),
        "trend": make_trend(),
        "series": series,
        "checks": (
            make_cohort_check(
                name="trades", op=">=", required=30.0, actual=120.0, reason="matured signals"
            ),
            make_cohort_check(
                name="mean_net", op=">", required=0.0, actual=0.00714, reason="of 120 signals"
            ),
            make_cohort_check(),
        ),
        "ready": True,
        "reasons": (),
        "policy": "tracker",
        "policy_hash": "4f2b9c01d7aa63e5",
    }
    return Cohort(**{**defaults, **changes})


def make_ic_by_horizon() -> tuple[HorizonIC, ...]:
    found = ((1, 126, 0.041), (5, 120, 0.118), (10, 114, 0.096), (21, 101, 0.052))
    short = HorizonIC(horizon=30, n=2, ic=undefined("needs at least 3 signals, was 2"))
    return (*(HorizonIC(horizon=h, n=n, ic=known(ic)) for h, n, ic in found), short)


def make_roll_up(level: str = "all", **changes: Any) -> Cohort:
    """A roll-up: it is judged by no check and is neither ready nor not."""
    named = {name: changes.pop(name) for name in KEY_FIELDS if name in changes}
    defaults = {"key": roll_up(level, **named), "ready": None, "checks": ()}
    return make_cohort(**{**defaults, **changes})


def make_young_cohort(**changes: Any) -> Cohort:
    """A cohort of three open signals: nothing matured, every figure undefined."""
    reason = "needs at least 1 matured signal, was 0"
    nothing = Interval(low=None, high=None, reason=reason)
    defaults: dict[str, Any] = {
        **dict.fromkeys(_FIGURES, undefined(reason)),
        "signals": 3, "matured": 0, "open": 3, "cancelled": 0, "stale": 0,
        "hit_rate": rate(0, 0),
        "excess_hit_interval": nothing,
        "mean_net_interval": nothing,
        "benchmark_sessions": 0,
        "brier_parts": None,
        "reliability": make_reliability(()),
        "ic_by_horizon": tuple(
            HorizonIC(horizon=each, n=0, ic=undefined(reason)) for each in (1, 5, 10, 21, 30)
        ),
        "trend": make_trend(
            **dict.fromkeys(("mean_30", "mean_60", "mean_before"), undefined("no session")),
            n_30=0, n_60=0, n_before=0, decayed=None, reason="needs 60 sessions, was 0",
        ),
        "series": EMPTY_SERIES,
        "checks": (
            make_cohort_check(
                name="trades", op=">=", required=30.0, actual=0.0, status="fail",
                reason="matured signals",
            ),
            make_cohort_check(actual=None, status="insufficient", reason=reason),
        ),
        "ready": False,
        "reasons": ("trades: expected >= 30, was 0", f"q_value: {reason}"),
    }  # fmt: skip
    return make_cohort(**{**defaults, **changes})


def make_hold_cohort(**changes: Any) -> Cohort:
    """A cohort of HOLD signals: hit rate and calibration only."""
    reason = "a HOLD cohort has a hit rate and calibration only"
    kept = ("base_rate", "brier", "ece")
    defaults: dict[str, Any] = {
        **{name: undefined(reason) for name in _FIGURES if name not in kept},
        "action": "HOLD",
        "mean_net_interval": Interval(low=None, high=None, reason=reason),
        "ic_by_horizon": (),
        "series": EMPTY_SERIES,
        "checks": (),
        "ready": False,
        "reasons": ("HOLD is not traded",),
    }
    return make_cohort(**{**defaults, **changes})


def figures_of(cohort: Cohort) -> dict[str, Figure]:
    """Every figure of a cohort by its name."""
    return {name: getattr(cohort, name) for name in _FIGURES}


_FIGURES = (
    "base_rate", "excess_hit", "mean_net", "mean_gross", "sharpe", "sharpe_gross", "psr",
    "min_trl_more", "dsr", "max_drawdown", "profit_factor", "expectancy", "alpha", "alpha_t",
    "beta", "brier", "ece", "ic", "effective_n",
    "p_value", "q_value", "p_strict", "q_strict",
)  # fmt: skip
