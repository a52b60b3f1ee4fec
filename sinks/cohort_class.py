"""PURE: the figures of a cohort that rest on all cohorts of its class, and what a policy says.

Cheap beside the rest, so they are computed anew for all whenever one has changed.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from schemas.policy import Policy
from sinks.cohort_checks import cohort_checks, judged
from sinks.cohort_drafts import Draft
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import mean
from sinks.evidence.sharpe_inference import deflated_benchmark, probabilistic_sharpe
from sinks.evidence.significance import benjamini_hochberg

LEAST_TESTED = 30
_LEAST_TRIALS = 2


class _OfClass(NamedTuple):
    """What a cohort's own figures are not enough for."""

    stale: int
    q_value: Figure
    q_strict: Figure
    dsr: Figure


class _Held(NamedTuple):
    """A finished draft, and the Sharpe ratio that its class was held to."""

    draft: Draft
    bar: Figure
    beside: _OfClass
    cohort: Cohort


class Finished:
    """Finishes drafts under a policy, and keeps what it has finished."""

    def __init__(self, policy: Policy, *, replay_counts: bool) -> None:
        self._policy = policy
        self._replay_counts = replay_counts
        # By the identity of the draft, which is kept alive here.
        self._kept: dict[int, _Held] = {}
        self._order: list[CohortKey] = []
        self._bars: dict[str, Figure] = {}

    def of(self, found: Mapping[CohortKey, Draft], stale: Mapping[CohortKey, int]) -> list[Cohort]:
        """Return the cohorts of these drafts by their keys in order."""
        if found.keys() != set(self._order):
            self._order = sorted(found)
        drafts = [found[key] for key in self._order]
        q_values = _q_values(drafts, "p_value")
        q_strict = _q_values(drafts, "p_strict")
        bars = self._sharpe_bars(drafts)
        kept, self._kept = self._kept, {}
        for draft, q_value, strict in zip(drafts, q_values, q_strict, strict=True):
            bar, held = bars[draft.key.data_class], kept.get(id(draft))
            beside = _OfClass(
                stale.get(draft.key, 0) if stale else 0,
                q_value,
                strict,
                held.beside.dsr if held is not None and held.bar is bar else _dsr(draft, bar),
            )
            if held is None or held.beside != beside:
                held = _Held(draft, bar, beside, self._finished(draft, beside))
            elif held.bar is not bar:
                held = held._replace(bar=bar)
            self._kept[id(draft)] = held
        return [each.cohort for each in self._kept.values()]

    def _sharpe_bars(self, drafts: Iterable[Draft]) -> dict[str, Figure]:
        # The same object where it is the same: what rests on it stays.
        before = self._bars
        self._bars = {
            name: before[name] if before.get(name) == bar else bar
            for name, bar in _sharpe_bars(drafts).items()
        }
        return self._bars

    def _finished(self, draft: Draft, beside: _OfClass) -> Cohort:
        policy = self._policy
        cohort = Cohort(
            **draft.figures,
            stale=beside.stale,
            q_value=beside.q_value,
            q_strict=beside.q_strict,
            dsr=beside.dsr,
            checks=(),
            ready=None,
            reasons=(),
        )
        if draft.level != "cohort":
            return cohort
        checks = cohort_checks(cohort, policy)
        ready, reasons = judged(cohort, checks, policy, replay_counts=self._replay_counts)
        told = (*reasons, *_other_policies(draft.policy_hashes, policy))
        return replace(cohort, checks=checks, ready=ready, reasons=told)


def _q_values(drafts: Sequence[Draft], name: str) -> list[Figure]:
    """Return q-values: the finest cohorts of a class together, and each level of roll-ups."""
    families: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    found: list[Figure] = []
    for at, each in enumerate(drafts):
        p_value: Figure = each.figures[name]
        if p_value.value is not None and each.trades >= LEAST_TESTED:
            families[each.key.data_class, each.level].append(at)
        elif p_value.value is not None:
            p_value = _too_few(each.trades)
        found.append(p_value)
    for family in families.values():
        adjusted = benjamini_hochberg([found[at].value or 0.0 for at in family])
        for at, q_value in zip(family, adjusted, strict=True):
            found[at] = known(q_value)
    return found


@lru_cache
def _too_few(trades: int) -> Figure:
    return undefined(f"{trades} of {LEAST_TESTED} matured signals")


def _sharpe_bars(drafts: Iterable[Draft]) -> dict[str, Figure]:
    """Return the Sharpe ratio, of a session, that the best of a class would show by luck."""
    trials: dict[str, list[float]] = {}
    for each in drafts:
        sharpe = each.measured.session_sharpe
        tried = trials.setdefault(each.key.data_class, [])
        if each.level == "cohort" and sharpe.value is not None:
            tried.append(sharpe.value)
    return {data_class: _sharpe_bar(tried) for data_class, tried in trials.items()}


def _sharpe_bar(trials: Sequence[float]) -> Figure:
    n = len(trials)
    if n < _LEAST_TRIALS:
        return undefined(f"expected at least {_LEAST_TRIALS} cohorts with a Sharpe ratio, was {n}")
    middle = mean(trials)
    variance = math.fsum((each - middle) ** 2 for each in trials) / (n - 1)
    return deflated_benchmark(variance, n)


def _dsr(draft: Draft, bar: Figure) -> Figure:
    measured = draft.measured
    return probabilistic_sharpe(
        measured.session_sharpe, measured.sessions, measured.skewness, measured.kurtosis, bar
    )


def _other_policies(hashes: frozenset[str], policy: Policy) -> tuple[str, ...]:
    """Return what a reader should know of who judged the signals; it is against nothing."""
    if len(hashes) > 1:
        return ("judged by several policies",)
    return () if hashes <= {policy.hash} else ("judged by another policy",)
