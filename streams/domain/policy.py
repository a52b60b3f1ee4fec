"""Policies: what a signal has to show. A check is passed, failed or insufficient.

To add a check: write a function of `Judged` below, name it in `METRICS`, and in
`_ONLY_FOR` where only some actions are asked it; then a policy file can ask it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schemas.records import Check
from streams.domain.observations import Facts

PASS, FAIL, INSUFFICIENT = "pass", "fail", "insufficient"

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda actual, required: actual >= required,
    "<=": lambda actual, required: actual <= required,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One check that a policy asks for."""

    name: str
    op: str
    required: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy; its hash is stamped on every verdict.

    `cost_bps_per_side` is in hundredths of a percent of the price, `hold_band`
    and `jump_guard` are returns (0.02 is 2 %).
    """

    name: str
    effective_from_ms: int
    min_sessions: int
    cost_bps_per_side: float
    hold_band: float
    jump_guard: float
    checks: tuple[CheckRule, ...]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersions:
    """The versions of one policy, by the time from which they hold."""

    versions: tuple[Policy, ...]

    def at(self, generated_at_ms: int) -> Policy:
        """Return the last version effective at a time, or the first."""
        starts = [each.effective_from_ms for each in self.versions]
        return self.versions[max(bisect_right(starts, generated_at_ms) - 1, 0)]

    def knows(self, policy_hash: str) -> bool:
        """Say whether a version with this hash is here."""
        return any(each.hash == policy_hash for each in self.versions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the checks of one matured signal look at."""

    action: str
    observations: int
    facts: Facts


Metric: TypeAlias = Callable[[Judged], tuple[float | None, str]]


def _validation_period(judged: Judged) -> tuple[float | None, str]:
    return float(judged.observations), "observed sessions"


def _annual_return(judged: Judged) -> tuple[float | None, str]:
    if judged.facts.annual_return is None:
        return None, "the annualised return is not a finite number"
    return judged.facts.annual_return, "annualised from the horizon's net return"


def _max_drawdown(judged: Judged) -> tuple[float | None, str]:
    return judged.facts.max_drawdown, "over the window"


def _stayed_flat(judged: Judged) -> tuple[float | None, str]:
    if judged.facts.raw_return is None:
        return None, "no return at the horizon"
    return abs(judged.facts.raw_return), "absolute return at the horizon"


METRICS: dict[str, Metric] = {
    "validation_period": _validation_period,
    "annual_return": _annual_return,
    "max_drawdown": _max_drawdown,
    "stayed_flat": _stayed_flat,
}

_ONLY_FOR = {"annual_return": ("BUY", "SELL"), "stayed_flat": ("HOLD",)}


def applies(rule: CheckRule, action: str) -> bool:
    """Say whether a check is asked of an action."""
    return action in _ONLY_FOR.get(rule.name, ("BUY", "SELL", "HOLD"))


def judge(policy: Policy, judged: Judged) -> list[Check]:
    """Return the policy's checks of a matured signal."""
    return [
        _check(rule, *METRICS[rule.name](judged))
        for rule in policy.checks
        if applies(rule, judged.action)
    ]


def verdict_of(checks: Sequence[Check]) -> str:
    """Return failed if any check failed, else insufficient if any is, else passed."""
    statuses = {each.status for each in checks}
    if FAIL in statuses:
        return "failed"
    return "insufficient" if INSUFFICIENT in statuses else "passed"


def _check(rule: CheckRule, actual: float | None, reason: str) -> Check:
    if actual is None:
        status = INSUFFICIENT
    else:
        status = PASS if _OPERATORS[rule.op](actual, rule.required) else FAIL
    return Check(
        name=rule.name,
        op=rule.op,
        required=rule.required,
        actual=actual,
        status=status,
        reason=reason,
    )
