"""What the evidence promises, and whether a study bears it out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sinks.evidence.rates import Rate
from studies.design import APART
from studies.measures import called, error_of, estimate, false_discoveries, share, wilson_covers
from studies.sharpe import NORMAL, TAIL, pooled
from studies.study import Study

_LEVEL = 0.95
_COMPARED = ("p_value", "q_value", "p_strict", "q_strict")
SIZE = 0.05
# A replay and the same sums without one may differ in the order of a sum, and in no more.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise: `value` with its Monte Carlo error of two standard errors, beside a bound."""

    name: str
    value: float
    error: float
    relation: str
    bound: float
    n: int

    @property
    def holds(self) -> bool:
        """Return whether the value keeps to the bound, as far as its error can tell."""
        if self.relation == "=":
            return abs(self.value - self.bound) <= self.error
        return self.value - self.error <= self.bound


def promises(study: Study) -> list[Promise]:
    """Return every promise, measured."""
    return [
        *_of_readiness(study),
        *_of_coverage(study),
        Promise(
            name="largest difference of a replayed p or q from that computed directly",
            value=_difference(study),
            error=0.0,
            relation="<=",
            bound=_SAME,
            n=len(study.replays()),
        ),
    ]


def _of_readiness(study: Study) -> Iterable[Promise]:
    nulls = [each for each in study.replays() if each.null]
    most = max(
        called(rows, null=True) / sum(each.null for each in rows)
        for rows in study.replayed.values()
    )
    yield Promise(
        name="share of null cohorts called ready, the worst replayed seed",
        value=most,
        error=0.0,
        relation="<=",
        bound=study.fdr,
        n=len(nulls),
    )
    wrong = estimate([false_discoveries(each) for each in study.direct.values()])
    yield Promise(
        name="share of null cohorts among those called ready, mean of the panels",
        value=wrong.value,
        error=wrong.error or 0.0,
        relation="<=",
        bound=study.fdr,
        n=wrong.n,
    )
    small = share(each.p_strict < SIZE for each in study.directs() if each.model.design == APART)
    yield _of_rate("null cohorts with strict p < .05, signals drawn apart", small, "<=", SIZE)


def _of_coverage(study: Study) -> Iterable[Promise]:
    covered = share(
        wilson_covers(each, study.world) for each in study.replays() if each.model.design == APART
    )
    yield _of_rate("Wilson 95 % holds the true chance, signals drawn apart", covered, "=", _LEVEL)
    low, high = pooled(study.psr, NORMAL)
    yield _of_rate("PSR of the true Sharpe ratio <= .05, normal returns", low, "=", TAIL)
    yield _of_rate("PSR of the true Sharpe ratio >= .95, normal returns", high, "=", TAIL)


def _of_rate(name: str, found: Rate, relation: str, bound: float) -> Promise:
    value = found.value
    if value is None:
        msg = f"{name}: expected cases, was none"
        raise ValueError(msg)
    return Promise(
        name=name, value=value, error=error_of(found), relation=relation, bound=bound, n=found.n
    )


def _difference(study: Study) -> float:
    return max(
        max(abs(float(getattr(ours, name)) - float(getattr(theirs, name))) for name in _COMPARED)
        for seed, rows in study.replayed.items()
        for ours, theirs in zip(rows, study.direct[seed], strict=True)
    )
