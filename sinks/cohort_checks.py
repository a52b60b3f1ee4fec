"""PURE: what a policy asks of a cohort, what is found, and whether that makes it ready.

To add a check: name its metric in `schemas.policy.COHORT_METRICS` and say in
`METRICS` where it stands in a cohort; then a policy file can ask it.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from schemas.policy import PASS, CheckRule, Policy, status_of, verdict_of
from sinks.evidence.cohort import CheckResult, Cohort
from sinks.evidence.figures import Figure, known, undefined
from sinks.readiness import allowed

HOLD_REASON = "HOLD: hit rate and calibration only"

Metric: TypeAlias = Callable[[Cohort], tuple[Figure, str]]

_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "<": ">="}
_COUNTS = ("trades", "sessions")


def _of_matured(name: str) -> Metric:
    return lambda cohort: (getattr(cohort, name), f"of {cohort.matured} matured signals")


def _of_sessions(name: str, unit: str = "of") -> Metric:
    return lambda cohort: (getattr(cohort, name), f"{unit} {cohort.sessions} sessions")


def _of_rate(part: str) -> Metric:
    def metric(cohort: Cohort) -> tuple[Figure, str]:
        value = getattr(cohort.hit_rate, part)
        figure = undefined("no matured signal") if value is None else known(value)
        return figure, f"of {cohort.matured} matured signals"

    return metric


METRICS: dict[str, Metric] = {
    "trades": lambda cohort: (known(float(cohort.matured)), "matured signals"),
    "effective_n": _of_matured("effective_n"),
    "sessions": lambda cohort: (known(float(cohort.sessions)), "sessions of the series"),
    "mean_net": _of_matured("mean_net"),
    "hit_rate": _of_rate("value"),
    "hit_low": _of_rate("low"),
    "q_value": _of_matured("q_value"),
    "q_strict": _of_matured("q_strict"),
    "sharpe": _of_sessions("sharpe", "a year, from"),
    "psr": _of_sessions("psr"),
    "dsr": _of_sessions("dsr"),
    "max_drawdown": _of_sessions("max_drawdown"),
    "profit_factor": _of_sessions("profit_factor"),
    "expectancy": _of_sessions("expectancy"),
    "alpha": _of_sessions("alpha", "a year, from"),
    "alpha_t": _of_sessions("alpha_t"),
    "brier": _of_matured("brier"),
    "ece": _of_matured("ece"),
    "ic": _of_matured("ic"),
}


def cohort_checks(cohort: Cohort, policy: Policy) -> tuple[CheckResult, ...]:
    """Return the policy's checks of a cohort; none of HOLD signals, which are not traded."""
    if cohort.key.action == "HOLD":
        return ()
    return tuple(_check(rule, cohort) for rule in policy.cohort)


def judged(
    cohort: Cohort, checks: Sequence[CheckResult], policy: Policy, *, replay_counts: bool
) -> tuple[bool, tuple[str, ...]]:
    """Return whether a cohort is ready, and every reason why it is not."""
    reasons = [unmet(each) for each in checks if each.status != PASS]
    data_class = cohort.key.data_class
    if cohort.key.action == "HOLD":
        reasons.append(HOLD_REASON)
    if not allowed(data_class, policy, replay_counts=replay_counts):
        reasons.append(f"{data_class} is not live evidence")
    ready = not reasons and verdict_of([each.status for each in checks]) == "passed"
    return ready, tuple(reasons)


def unmet(check: CheckResult) -> str:
    """Return in words why a check is not passed.

    >>> check = CheckResult(
    ...     name="q_value", op="<=", required=0.1, actual=0.34, status="fail", reason=""
    ... )
    >>> unmet(check)
    'q_value 0.34 > 0.1'
    """
    if check.actual is None:
        return f"{check.name}: {check.reason}"
    if check.name in _COUNTS and check.op == ">=":
        return f"{check.name} {check.actual:g} of {check.required:g}"
    actual, required = f"{check.actual:.4g}", f"{check.required:.4g}"
    if actual == required:
        actual = repr(check.actual)
    rests_on = f" ({check.reason})" if check.reason else ""
    return f"{check.name} {actual} {_OPPOSITE[check.op]} {required}{rests_on}"


def _check(rule: CheckRule, cohort: Cohort) -> CheckResult:
    figure, words = METRICS[rule.name](cohort)
    return CheckResult(
        name=rule.name,
        op=rule.op,
        required=rule.required,
        actual=figure.value,
        status=status_of(rule.op, rule.required, figure.value),
        reason=words if figure.reason is None else figure.reason,
    )
