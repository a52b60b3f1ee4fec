"""What speaks for and against trading a signal."""

from typing import Any

import pytest

from schemas.policy import Policy
from sinks.readiness import Readiness, readiness_of
from tests.builders import make_policy
from tests.unit.sinks.cohort_samples import make_cohort
from tests.unit.sinks.cohort_worlds import make_row

SCREEN = {"status": "passed", "checks": [], "reason": "the policy asks nothing"}
POLICY = make_policy()
READY = make_cohort()


def check(name: str, op: str, required: float, actual: float | None, reason: str = "") -> dict:
    passed = actual is not None and (actual >= required if op == ">=" else actual <= required)
    status = "insufficient" if actual is None else "pass" if passed else "fail"
    return {
        "name": name, "op": op, "required": required, "actual": actual, "status": status,
        "reason": reason,
    }  # fmt: skip


def passed_row(**changes: Any):
    defaults: dict[str, Any] = {
        "status": "passed",
        "last_session": "2024-02-01",
        "verdict": {"status": "passed", "checks": [check("annual_return", ">=", 0.1, 0.2)]},
    }
    return make_row(**{**defaults, **changes})


def looked_at(
    policy: Policy = POLICY,
    *,
    cohort: Any = READY,
    screen: Any = SCREEN,
    replay_counts: bool = False,
    **changes: Any,
) -> Readiness:
    return readiness_of(passed_row(**changes), cohort, screen, policy, replay_counts)


def test_a_signal_with_nothing_against_it_is_ready() -> None:
    found = looked_at()

    assert found == Readiness(
        signal_id="s-1",
        ready=True,
        for_=(
            "screen passed", "verdict passed", "not staged yet", "BUY is a trade",
            "no suspect price", "cohort ready", "live evidence",
        ),
        against=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        (
            {"screen": {"status": "failed", "checks": [check("confidence", ">=", 0.55, 0.4)]}},
            "screen failed: confidence: expected >= 0.55, was 0.4",
        ),
        (
            {
                "screen": {
                    "status": "insufficient",
                    "checks": [check("data_age", "<=", 5, None, "no bar"), check("a", ">=", 1, 2)],
                }
            },
            "screen insufficient: data_age: no bar",
        ),
        (
            {"screen": {"status": "insufficient", "checks": [], "reason": "no screen then"}},
            "screen insufficient: no screen then",
        ),
        (
            {
                "verdict": {
                    "status": "failed",
                    "checks": [check("annual_return", ">=", 0.1, -0.2, "annualised from it")],
                },
                "status": "failed",
            },
            "verdict failed: annual_return: expected >= 0.1, was -0.2 "
            "(annualised from it)",
        ),
        (
            {"verdict": None, "status": "tracking", "observations": 3, "window_sessions": 30},
            "no verdict yet: 3 of 30 sessions",
        ),
        ({"action": "HOLD"}, "HOLD is no trade"),
        (
            {"suspect_price": True, "suspect_sessions": ["2024-01-04", "2024-01-09"]},
            "suspect price: a jump that nothing explains in 2024-01-04, 2024-01-09",
        ),
        ({"cohort": None}, "no evidence of its cohort"),
        (
            {"cohort": make_cohort(ready=False, reasons=("q_value 0.34 > 0.1", "trades 12 of 30"))},
            "cohort not ready: q_value 0.34 > 0.1; trades 12 of 30",
        ),
        ({"cohort": make_cohort(ready=None)}, "cohort not ready"),
        ({"source_kind": "fallback"}, "fallback is not live evidence"),
        ({"data_kind": "synthetic"}, "synthetic is not live evidence"),
        ({"data_kind": "replay"}, "replay is not live evidence"),
        ({"backdated": True}, "backdated is not live evidence"),
        ({"status": "staged"}, "already staged"),
        ({"status": "promoted"}, "already promoted"),
        ({"status": "archived"}, "already archived"),
    ],
)  # fmt: skip
def test_one_thing_against_it_is_said_and_enough(changes: dict[str, Any], against: str) -> None:
    found = looked_at(**changes)

    assert (found.ready, found.against) == (False, (against,))


def test_a_cancelled_signal_is_not_ready() -> None:
    found = looked_at(status="cancelled", verdict=None, last_session=None)

    assert "already cancelled" in found.against


def test_everything_against_it_is_said() -> None:
    found = looked_at(
        action="HOLD",
        source_kind="fallback",
        data_kind="synthetic",
        suspect_price=True,
        cohort=None,
    )

    assert len(found.against) == 5


def test_a_policy_can_let_other_evidence_count_and_says_so() -> None:
    policy = make_policy(also_ready=("fallback",))
    found = looked_at(policy, source_kind="fallback")

    assert found.ready
    assert "fallback counts by the policy" in found.for_


def test_a_signal_that_is_two_things_needs_the_leave_of_both() -> None:
    policy = make_policy(also_ready=("synthetic",))
    found = looked_at(policy, source_kind="fallback", data_kind="synthetic")

    assert found.against == ("fallback is not live evidence",)


def test_a_replayed_signal_is_ready_inside_a_replay_alone() -> None:
    inside = looked_at(data_kind="replay", replay_counts=True)

    assert (inside.ready, inside.for_[-1]) == (True, "replay counts here")
    assert not looked_at(data_kind="replay").ready


def test_a_replay_lets_no_other_evidence_count() -> None:
    assert not looked_at(data_kind="synthetic", replay_counts=True).ready


def test_a_signal_of_which_nobody_knows_when_it_was_published_is_not_called_backdated() -> None:
    assert looked_at(backdated=None).ready
