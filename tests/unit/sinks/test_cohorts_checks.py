"""What a policy asks of cohorts, who is ready, and what is said where one is not."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from schemas.policy import COHORT_METRICS, Policy
from sinks.cohort_checks import METRICS, unmet
from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import Figure
from sinks.rows import SignalRow
from tests.builders import make_policy, make_rule
from tests.unit.sinks.cohort_samples import make_cohort_check
from tests.unit.sinks.cohort_worlds import close_ms_of, random_bars, row_on

BARS = random_bars(random.Random(5), "AAPL", "XNYS", 200, gaps=0.0)
POLICY = make_policy(
    min_sessions=3,
    cohort=(
        make_rule("trades", 30.0),
        make_rule("mean_net", 0.0, ">"),
        make_rule("q_value", 0.1, "<="),
    ),
)


def seer(count: int = 40, **changes: Any) -> list[SignalRow]:
    """BUYs where the price will have risen, nine times out of ten: skill as it never was."""
    rows = [
        row_on(BARS, at, POLICY, horizon_sessions=3, signal_id=f"s-{at:03}", **changes)
        for at in range(190)
    ]
    hits, misses = ([row for row in rows if row.hit == hit] for hit in ("hit", "miss"))
    return [*hits[: count - count // 10], *misses[: count // 10]]


def guesser(count: int = 40, **changes: Any) -> list[SignalRow]:
    """BUYs on every fourth day."""
    return [
        row_on(BARS, 4 * at, POLICY, horizon_sessions=3, signal_id=f"g-{at:03}", **changes)
        for at in range(count)
    ]


def finest(rows: Sequence[SignalRow], policy: Policy = POLICY, **options: Any) -> list[Cohort]:
    found = build_cohorts(
        rows, {"AAPL": BARS.history()}, policy, close_ms_of("2024-12-01"), **options
    )
    return [each for each in found if each.key.level == "cohort"]


def test_a_cohort_that_knows_is_ready_and_one_that_guesses_is_not() -> None:
    ready, guessing = finest([*seer(model_name="a"), *guesser(model_name="b")])

    assert (ready.ready, ready.reasons) == (True, ())
    assert [each.status for each in ready.checks] == ["pass"] * 3
    assert guessing.ready is False
    assert any(each.startswith("q_value ") for each in guessing.reasons)


def test_a_cohort_that_never_missed_on_one_ticker_cannot_be_tested() -> None:
    (cohort,) = finest([row for row in seer() if row.hit == "hit"])

    assert cohort.q_value == Figure(None, "the estimated variance is not positive")
    assert cohort.ready is False


def test_a_roll_up_is_not_judged() -> None:
    found = build_cohorts(seer(), {"AAPL": BARS.history()}, POLICY, None)

    levels = {each.key.level: (each.ready, each.checks, each.reasons) for each in found}
    assert levels["model"] == levels["ticker"] == levels["all"] == (None, (), ())


def test_too_few_trades_are_said_in_numbers_and_have_no_q_value() -> None:
    (cohort,) = finest(seer(12))

    assert cohort.q_value == Figure(None, "12 of 30 matured signals")
    assert cohort.reasons == ("trades 12 of 30", "q_value: 12 of 30 matured signals")
    assert [each.status for each in cohort.checks] == ["fail", "pass", "insufficient"]


def test_cohorts_too_small_to_be_tested_do_not_weigh_on_the_others() -> None:
    alone = finest(guesser())
    small = [row for n in range(20) for row in guesser(29, model_name=f"x{n}")]
    small = [replace(row, signal_id=f"{row.model_name}-{row.signal_id}") for row in small]
    beside = finest([*guesser(), *small])

    assert beside[0].q_value == alone[0].q_value
    assert beside[0].q_value.value == alone[0].p_value.value


def test_many_cohorts_make_the_q_value_of_one_greater() -> None:
    others = [row for n in range(9) for row in guesser(model_name=f"x{n}")]
    others = [replace(row, signal_id=f"{row.model_name}-{row.signal_id}") for row in others]
    alone, *_ = finest(seer())
    beside, *_ = finest([*seer(), *others])

    assert alone.q_value.value is not None
    assert beside.q_value.value == pytest.approx(10 * alone.q_value.value)


def test_q_values_of_one_class_do_not_depend_on_another() -> None:
    synthetic = [
        replace(row, signal_id=f"x{row.signal_id}", data_kind="synthetic") for row in guesser()
    ]

    assert finest([*guesser(), *synthetic])[0] == finest(guesser())[0]


@pytest.mark.parametrize("data_kind", ["synthetic", "replay"])
def test_other_evidence_than_live_is_not_ready_and_says_so(data_kind: str) -> None:
    (cohort,) = finest(seer(data_kind=data_kind))

    assert (cohort.ready, cohort.reasons) == (False, (f"{data_kind} is not live evidence",))


def test_replayed_evidence_counts_inside_a_replay() -> None:
    (cohort,) = finest(seer(data_kind="replay"), replay_counts=True)

    assert (cohort.ready, cohort.reasons) == (True, ())


def test_a_policy_can_let_other_evidence_count() -> None:
    (cohort,) = finest(seer(backdated=True), replace(POLICY, also_ready=("backdated",)))

    assert cohort.ready


def test_a_hold_cohort_is_never_ready() -> None:
    (cohort,) = finest(seer(action="HOLD"), make_policy(min_sessions=3, cohort=()))

    assert cohort.ready is False
    assert cohort.reasons[0] == "HOLD: hit rate and calibration only"


def test_a_policy_that_asks_nothing_of_cohorts_lets_them_be() -> None:
    (cohort,) = finest(seer(2), replace(POLICY, cohort=()))

    assert (cohort.checks, cohort.ready, cohort.reasons) == ((), True, ())


def test_signals_judged_by_several_policies_are_said_to_be_and_count() -> None:
    first, *rest = seer()
    (several,) = finest([replace(first, policy_hash="other"), *rest])
    (another,) = finest([replace(row, policy_hash="other") for row in seer()])

    assert (several.ready, several.reasons) == (True, ("judged by several policies",))
    assert (another.ready, another.reasons) == (True, ("judged by another policy",))


def test_a_policy_can_ask_every_metric_of_a_cohort() -> None:
    assert sorted(METRICS) == sorted(COHORT_METRICS)
    policy = replace(POLICY, cohort=tuple(make_rule(each, -9.0) for each in COHORT_METRICS))
    (cohort,) = finest(seer(), policy)
    found = {each.name: each for each in cohort.checks}

    assert tuple(found) == COHORT_METRICS
    assert all(each.reason for each in cohort.checks)
    rate = cohort.hit_rate
    counts = [found[name].actual for name in ("trades", "sessions", "hit_rate", "hit_low")]
    assert counts == [40.0, float(cohort.sessions), rate.value, rate.low]
    for name in COHORT_METRICS[6:]:
        if name != "hit_low":
            assert found[name].actual == getattr(cohort, name).value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"op": "<=", "required": 0.1, "actual": 0.34}, "q_value 0.34 > 0.1 (of 40)"),
        (
            {"op": ">", "required": 0.0, "actual": 0.0, "name": "mean_net"},
            "mean_net 0.0 <= 0 (of 40)",
        ),
        (
            {"op": ">=", "required": 0.1, "actual": 0.0999999, "name": "ic"},
            "ic 0.0999999 < 0.1 (of 40)",
        ),
        ({"op": "<", "required": 0.2, "actual": 0.25, "name": "ece"}, "ece 0.25 >= 0.2 (of 40)"),
        ({"op": ">=", "required": 30.0, "actual": 12.0, "name": "trades"}, "trades 12 of 30"),
        ({"actual": None, "reason": "no window", "name": "sharpe"}, "sharpe: no window"),
    ],
)
def test_what_is_missing_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    assert unmet(make_cohort_check(**{"reason": "of 40", **changes})) == words


def test_intervals_hold_the_mean_and_do_not_depend_on_what_else_is_there() -> None:
    alone = finest(guesser())[0]
    beside = finest([*guesser(), *seer(model_name="z")])[0]

    interval = alone.mean_net_interval
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < (alone.mean_net.value or 0.0) < interval.high
    assert (beside.mean_net_interval, beside.excess_hit_interval) == (
        interval,
        alone.excess_hit_interval,
    )


def test_two_models_that_said_the_same_have_draws_of_their_own() -> None:
    first, second = finest(
        [
            *guesser(),
            *(replace(row, signal_id=f"y{row.signal_id}", model_name="y") for row in guesser()),
        ]
    )

    assert first.mean_net == second.mean_net
    assert first.mean_net_interval != second.mean_net_interval
