"""A check is passed, failed or insufficient; a verdict is the worst of its checks."""

from typing import Any

import pytest

from schemas.records import Check
from streams.domain.observations import NOT_ENTERED
from streams.domain.policy import (
    METRICS,
    CheckRule,
    Judged,
    Policy,
    PolicyVersions,
    applies,
    judge,
    verdict_of,
)

FACTS = NOT_ENTERED._replace(annual_return=0.1, raw_return=-0.015, max_drawdown=0.3)


def policy(*checks: CheckRule, **changes: Any) -> Policy:
    defaults: dict[str, Any] = {
        "name": "p",
        "effective_from_ms": 0,
        "min_sessions": 30,
        "cost_bps_per_side": 5.0,
        "hold_band": 0.02,
        "jump_guard": 0.4,
        "hash": "h",
    }
    return Policy(checks=checks, **{**defaults, **changes})


def rule(name: str, op: str, required: float) -> CheckRule:
    return CheckRule(name=name, op=op, required=required)


def check(status: str) -> Check:
    return Check(name="n", op=">=", required=0.0, actual=0.0, status=status, reason="r")


@pytest.mark.parametrize(
    ("op", "required", "status"),
    [
        (">=", 0.1, "pass"),
        (">=", 0.1000001, "fail"),
        ("<=", 0.1, "pass"),
        ("<=", 0.0999999, "fail"),
    ],
)
def test_operators_take_their_bound(op: str, required: float, status: str) -> None:
    judged = Judged(action="BUY", observations=30, facts=FACTS)

    [found] = judge(policy(rule("annual_return", op, required)), judged)

    assert (found.status, found.actual, found.required, found.op) == (status, 0.1, required, op)


@pytest.mark.parametrize("name", ["annual_return", "max_drawdown"])
def test_a_missing_metric_is_insufficient_and_never_a_pass(name: str) -> None:
    judged = Judged(action="BUY", observations=30, facts=NOT_ENTERED)

    [found] = judge(policy(rule(name, "<=", 1e9)), judged)

    assert (found.status, found.actual) == ("insufficient", None)
    assert found.reason


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "passed"),
        (["pass"], "passed"),
        (["pass", "insufficient"], "insufficient"),
        (["insufficient", "fail"], "failed"),
        (["fail", "pass"], "failed"),
    ],
)
def test_the_verdict_is_the_worst_check(statuses: list[str], verdict: str) -> None:
    assert verdict_of([check(each) for each in statuses]) == verdict


def test_a_hold_is_asked_whether_it_stayed_flat_and_others_what_they_earned() -> None:
    every = policy(*(rule(name, ">=", 0.0) for name in METRICS))

    asked = {
        action: {
            each.name for each in judge(every, Judged(action=action, observations=30, facts=FACTS))
        }
        for action in ("BUY", "SELL", "HOLD")
    }

    assert asked["BUY"] == asked["SELL"] == METRICS.keys() - {"stayed_flat"}
    assert asked["HOLD"] == METRICS.keys() - {"annual_return"}
    assert not applies(rule("stayed_flat", "<=", 0.02), "BUY")


def test_metrics_are_the_facts() -> None:
    hold = Judged(action="HOLD", observations=31, facts=FACTS)

    found = {name: metric(hold)[0] for name, metric in METRICS.items()}

    assert found == {
        "validation_period": 31.0,
        "annual_return": 0.1,
        "max_drawdown": 0.3,
        "stayed_flat": 0.015,
    }


def test_a_signal_is_judged_by_the_last_version_of_its_time_or_the_first() -> None:
    first, second = policy(effective_from_ms=100), policy(effective_from_ms=200, hash="i")
    versions = PolicyVersions(versions=(first, second))

    found = [versions.at(time) for time in (0, 100, 199, 200, 300)]

    assert found == [first, first, first, second, second]
    assert versions.knows("i")
    assert not versions.knows("j")
