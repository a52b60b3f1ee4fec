"""PURE: signals and bars -> the evidence of every cohort and roll-up.

A cohort's own figures come first, then those that rest on all cohorts of its
data class (q-value, DSR), then the checks of the policy.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from schemas.policy import Policy
from sinks.cohort_checks import HOLD_REASON, cohort_checks, judged
from sinks.cohort_market import Market
from sinks.cohort_members import Member, grouped, members_of
from sinks.cohort_outcomes import Calibration, Outcomes, calibration, no_outcomes, outcomes
from sinks.cohort_series import SeriesFigures, series_figures, untraded_figures
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import mean
from sinks.evidence.sharpe_inference import deflated_benchmark, probabilistic_sharpe
from sinks.evidence.significance import benjamini_hochberg
from sinks.prices import PriceHistory
from sinks.rows import SignalRow

LEAST_TESTED = 30
_LEAST_TRIALS = 2
_LATER = undefined("rests on the other cohorts")
_CANCELLED = "cancelled"
_SHOWN = frozenset(each.name for each in fields(Cohort))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A cohort before it is seen beside the others; `trades` are its matured BUY and SELL."""

    cohort: Cohort
    measured: SeriesFigures
    trades: int
    policy_hashes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfClass:
    """The figures of a cohort that rest on all cohorts of its class."""

    q_value: Figure
    q_strict: Figure
    dsr: Figure


def build_cohorts(
    signals: Sequence[SignalRow],
    prices: Mapping[str, PriceHistory],
    policy: Policy,
    as_of_ms: int | None,
    *,
    replay_counts: bool = False,
) -> list[Cohort]:
    """Return the evidence of these signals by cohort and roll-up, sorted by key.

    `prices` are of every ticker and of the benchmark, up to `as_of_ms`, by which a
    signal without prices is called stale. Only in `replay` does replayed evidence
    count towards readiness.
    """
    market = Market(prices, policy)
    groups = grouped(members_of(signals, market))
    drafts = [_draft(key, group, market, as_of_ms) for key, group in groups.items()]
    q_values = _q_values(drafts, lambda each: each.p_value)
    q_strict = _q_values(drafts, lambda each: each.p_strict)
    bars = _sharpe_bars(drafts)
    return [
        _finished(
            each,
            policy,
            _OfClass(
                q_value=q_values[each.cohort.key],
                q_strict=q_strict[each.cohort.key],
                dsr=_dsr(each, bars[each.cohort.key.data_class]),
            ),
            replay_counts=replay_counts,
        )
        for each in drafts
    ]


def _draft(
    key: CohortKey, members: Sequence[Member], market: Market, as_of_ms: int | None
) -> _Draft:
    entered = [each for each in members if each.row.status != _CANCELLED]
    holds = not any(each.trades for each in entered or members)
    matured = [each for each in entered if each.row.matured]
    counted = [each for each in matured if holds or each.trades]
    measured = untraded_figures(members, HOLD_REASON) if holds else series_figures(members, market)
    parts = measured, calibration(counted), _outcomes(key, counted, holds=holds)
    days = measured.series.days
    cohort = Cohort(
        key=key,
        signals=len(entered),
        matured=len(matured),
        open=len(entered) - len(matured),
        cancelled=len(members) - len(entered),
        stale=sum(each.row.stale(as_of_ms) for each in entered),
        sessions=len(days),
        under_a_year=len(days) < measured.periods_per_year,
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        benchmark=market.policy.benchmark,
        dsr=_LATER,
        q_value=_LATER,
        q_strict=_LATER,
        checks=(),
        ready=None,
        reasons=(),
        policy=market.policy.name,
        policy_hash=market.policy.hash,
        **_figures(parts),
    )
    return _Draft(
        cohort=cohort,
        measured=measured,
        trades=0 if holds else len(counted),
        policy_hashes=frozenset(each.row.policy_hash for each in matured),
    )


def _outcomes(key: CohortKey, counted: Sequence[Member], *, holds: bool) -> Outcomes:
    return no_outcomes(HOLD_REASON) if holds else outcomes(key, counted)


def _figures(parts: Iterable[SeriesFigures | Calibration | Outcomes]) -> dict[str, Any]:
    """Return what the parts measured by name, as far as a cohort shows it."""
    return {
        each.name: getattr(part, each.name)
        for part in parts
        for each in fields(part)
        if each.name in _SHOWN
    }


def _q_values(
    drafts: Iterable[_Draft], p_of: Callable[[Cohort], Figure]
) -> dict[CohortKey, Figure]:
    """Return q-values: the finest cohorts of a class together, and each level of roll-ups."""
    families: defaultdict[tuple[str, str], dict[CohortKey, float]] = defaultdict(dict)
    found: dict[CohortKey, Figure] = {}
    for each in drafts:
        key, p_value = each.cohort.key, p_of(each.cohort)
        if p_value.value is None:
            found[key] = p_value
        elif each.trades < LEAST_TESTED:
            found[key] = undefined(f"{each.trades} of {LEAST_TESTED} matured signals")
        else:
            families[key.data_class, key.level][key] = p_value.value
    for family in families.values():
        adjusted = benjamini_hochberg(list(family.values()))
        found.update(zip(family, map(known, adjusted), strict=True))
    return found


def _sharpe_bars(drafts: Iterable[_Draft]) -> dict[str, Figure]:
    """Return the Sharpe ratio, of a session, that the best of a class would show by luck."""
    trials: dict[str, list[float]] = {}
    for each in drafts:
        key, sharpe = each.cohort.key, each.measured.session_sharpe
        tried = trials.setdefault(key.data_class, [])
        if key.level == "cohort" and sharpe.value is not None:
            tried.append(sharpe.value)
    return {data_class: _sharpe_bar(tried) for data_class, tried in trials.items()}


def _sharpe_bar(trials: Sequence[float]) -> Figure:
    n = len(trials)
    if n < _LEAST_TRIALS:
        return undefined(f"expected at least {_LEAST_TRIALS} cohorts with a Sharpe ratio, was {n}")
    middle = mean(trials)
    variance = math.fsum((each - middle) ** 2 for each in trials) / (n - 1)
    return deflated_benchmark(variance, n)


def _dsr(draft: _Draft, bar: Figure) -> Figure:
    measured = draft.measured
    return probabilistic_sharpe(
        measured.session_sharpe, measured.sessions, measured.skewness, measured.kurtosis, bar
    )


def _finished(draft: _Draft, policy: Policy, beside: _OfClass, *, replay_counts: bool) -> Cohort:
    cohort = replace(draft.cohort, q_value=beside.q_value, q_strict=beside.q_strict, dsr=beside.dsr)
    if cohort.key.level != "cohort":
        return cohort
    checks = cohort_checks(cohort, policy)
    ready, reasons = judged(cohort, checks, policy, replay_counts=replay_counts)
    told = (*reasons, *_other_policies(draft.policy_hashes, policy))
    return replace(cohort, checks=checks, ready=ready, reasons=told)


def _other_policies(hashes: frozenset[str], policy: Policy) -> tuple[str, ...]:
    """Return what a reader should know of who judged the signals; it is against nothing."""
    if len(hashes) > 1:
        return ("judged by several policies",)
    return () if hashes <= {policy.hash} else ("judged by another policy",)
