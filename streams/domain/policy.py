"""What a signal has to show at the end of its window: passed, failed or insufficient.

To add a check: write a function of `Judged` below, name it in `METRICS`, and in
`_ONLY_FOR` where only some actions are asked it; then a policy file can ask it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from schemas.policy import CheckRule, Policy, status_of
from schemas.records import Check
from streams.domain.observations import Facts


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
        check_of(rule, *METRICS[rule.name](judged))
        for rule in policy.checks
        if applies(rule, judged.action)
    ]


def check_of(rule: CheckRule, actual: float | None, reason: str) -> Check:
    """Return a rule's check of a figure; None is insufficient, with the reason."""
    return Check(
        name=rule.name,
        op=rule.op,
        required=rule.required,
        actual=actual,
        status=status_of(rule.op, rule.required, actual),
        reason=reason,
    )
