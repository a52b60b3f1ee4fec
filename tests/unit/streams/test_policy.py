"""The checks of a matured signal look at its facts."""

import pytest

from schemas.codec import to_fields
from streams.domain.observations import NOT_ENTERED
from streams.domain.policy import METRICS, Judged, applies, check_of, judge
from tests.builders import make_policy, make_rule

FACTS = NOT_ENTERED._replace(annual_return=0.1, raw_return=-0.015, max_drawdown=0.3)


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

    [found] = judge(make_policy(checks=(make_rule("annual_return", required, op),)), judged)

    assert (found.status, found.actual, found.required, found.op) == (status, 0.1, required, op)


@pytest.mark.parametrize("name", ["annual_return", "max_drawdown"])
def test_a_missing_metric_is_insufficient_and_never_a_pass(name: str) -> None:
    judged = Judged(action="BUY", observations=30, facts=NOT_ENTERED)

    [found] = judge(make_policy(checks=(make_rule(name, 1e9, "<="),)), judged)

    assert (found.status, found.actual) == ("insufficient", None)
    assert found.reason


def test_a_hold_is_asked_whether_it_stayed_flat_and_others_what_they_earned() -> None:
    every = make_policy(checks=tuple(make_rule(name, 0.0) for name in METRICS))

    asked = {
        action: {
            each.name for each in judge(every, Judged(action=action, observations=30, facts=FACTS))
        }
        for action in ("BUY", "SELL", "HOLD")
    }

    assert asked["BUY"] == asked["SELL"] == METRICS.keys() - {"stayed_flat"}
    assert asked["HOLD"] == METRICS.keys() - {"annual_return"}
    assert not applies(make_rule("stayed_flat", 0.02, "<="), "BUY")


def test_metrics_are_the_facts() -> None:
    hold = Judged(action="HOLD", observations=31, facts=FACTS)

    found = {name: metric(hold)[0] for name, metric in METRICS.items()}

    assert found == {
        "validation_period": 31.0,
        "annual_return": 0.1,
        "max_drawdown": 0.3,
        "stayed_flat": 0.015,
    }


def test_a_check_says_what_was_asked_and_what_was_found() -> None:
    found = check_of(make_rule("psr", 0.9, ">"), 0.9, "of 30 sessions")

    assert to_fields(found) == {
        "name": "psr",
        "op": ">",
        "required": 0.9,
        "actual": 0.9,
        "status": "fail",
        "reason": "of 30 sessions",
    }
