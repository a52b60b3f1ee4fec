"""Status is the fold of facts in the order of their event time."""

from itertools import permutations

import pytest

from schemas.records import DECISION_KINDS
from streams.domain.lifecycle import (
    DECISION_RANK,
    RANKS,
    TRANSITIONS,
    VALIDATION_STATUS,
    Fact,
    fold_facts,
)

STATUSES = {
    "registered", "awaiting_entry", "tracking", "matured", "passed", "failed", "insufficient",
    "staged", "paper", "promoted", "rejected", "cancelled", "archived",
}  # fmt: skip


def market(kind: str, as_of_ms: int) -> Fact:
    return Fact(as_of_ms, RANKS[kind], "", kind, None, kind)


def decision(as_of_ms: int, kind: str = "cancel", decision_id: str = "d") -> Fact:
    return Fact(as_of_ms, DECISION_RANK, decision_id, kind, None, "because", "me")


BORN = [market("register", 10), market("await-entry", 10)]
ENTERED = [*BORN, market("enter", 20)]
PASSED = [*ENTERED, market("mature", 30), market("passed", 30)]


@pytest.mark.parametrize(
    ("facts", "statuses"),
    [
        ([], []),
        (BORN, ["registered", "awaiting_entry"]),
        (ENTERED, ["registered", "awaiting_entry", "tracking"]),
        (PASSED, ["registered", "awaiting_entry", "tracking", "matured", "passed"]),
        ([*BORN, decision(15)], ["registered", "awaiting_entry", "cancelled"]),
        ([*ENTERED, decision(15)], ["registered", "awaiting_entry", "cancelled"]),
        ([*PASSED, decision(19)], ["registered", "awaiting_entry", "cancelled"]),
    ],
)
def test_a_signal_steps_through_the_table(facts: list[Fact], statuses: list[str]) -> None:
    folded = fold_facts(facts)

    assert [step.to_status for step in folded.steps] == statuses
    assert [step.from_status for step in folded.steps] == [None, *statuses][: len(statuses)]
    assert folded.status == (statuses or ["registered"])[-1]


@pytest.mark.parametrize(
    ("decided_at_ms", "status"),
    [(9, "tracking"), (10, "cancelled"), (19, "cancelled"), (20, "tracking"), (21, "tracking")],
)
def test_a_cancel_counts_from_the_signal_to_before_the_entry(
    decided_at_ms: int, status: str
) -> None:
    """What the market said goes before what a person decided at the same moment."""
    folded = fold_facts([*ENTERED, decision(decided_at_ms)])

    assert folded.status == status
    assert folded.decisions[0].applied is (status == "cancelled")
    assert (folded.decisions[0].refusal is None) is (status == "cancelled")


def test_the_order_of_arrival_is_no_matter() -> None:
    facts = [*PASSED, decision(25), decision(40, "stage", "e")]

    expected = fold_facts(facts)

    assert all(fold_facts(order) == expected for order in permutations(facts))


def test_of_two_cancels_the_first_is_applied_and_the_second_refused() -> None:
    folded = fold_facts([*BORN, decision(15, decision_id="b"), decision(15, decision_id="a")])

    assert [(each.decision_id, each.applied) for each in folded.decisions] == [
        ("a", True),
        ("b", False),
    ]
    assert folded.decisions[1].refusal == "`cancel` is not possible for a signal that is cancelled"


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (["stage"], "staged"),
        (["stage", "start-paper"], "paper"),
        (["stage", "start-paper", "promote"], "promoted"),
        (["stage", "start-paper", "reject"], "rejected"),
        (["stage", "reject"], "rejected"),
        (["archive"], "archived"),
        (["stage", "archive"], "archived"),
        (["stage", "start-paper", "promote", "archive"], "archived"),
    ],
)
def test_decisions_carry_a_passed_signal_on(kinds: list[str], status: str) -> None:
    facts = [decision(40 + at, kind, f"d-{at}") for at, kind in enumerate(kinds)]

    folded = fold_facts([*PASSED, *facts])

    assert folded.status == status
    assert [each.applied for each in folded.decisions] == [True] * len(kinds)


@pytest.mark.parametrize("kind", ["cancel", "start-paper", "promote", "reject", "accept-price"])
def test_a_decision_that_is_illegal_at_its_place_is_recorded_as_refused(kind: str) -> None:
    folded = fold_facts([*PASSED, decision(40, kind)])

    assert folded.status == "passed"
    [refused] = folded.decisions
    assert (refused.kind, refused.by, refused.reason, refused.decided_at_ms) == (
        kind,
        "me",
        "because",
        40,
    )
    assert not refused.applied
    assert refused.refusal


@pytest.mark.parametrize("decided_at_ms", [20, 29])
def test_a_signal_is_not_staged_before_its_verdict(decided_at_ms: int) -> None:
    folded = fold_facts([*PASSED, decision(decided_at_ms, "stage")])

    assert folded.status == "passed"
    assert folded.decisions[0].refusal == "`stage` is not possible for a signal that is tracking"


def test_a_stage_is_weighed_again_when_the_verdict_is_revised() -> None:
    failed = [*ENTERED, market("mature", 30), market("failed", 30)]

    folded = fold_facts([*failed, decision(40, "stage"), decision(41, "start-paper", "e")])

    assert folded.status == "failed"
    assert [each.applied for each in folded.decisions] == [False, False]


@pytest.mark.parametrize(("session", "applied"), [("2024-01-05", True), ("2024-01-08", False)])
def test_a_price_is_accepted_where_it_is_suspect(session: str, *, applied: bool) -> None:
    accept = Fact(9, DECISION_RANK, "d", "accept-price", session, "because", "me")

    folded = fold_facts([*ENTERED, accept], ["2024-01-05"])

    assert folded.status == "tracking"
    assert folded.decisions[0].applied is applied
    assert (folded.decisions[0].refusal is None) is applied


def test_every_status_of_the_table_has_a_word_for_old_readers() -> None:
    reached = set(TRANSITIONS.values())

    assert reached == STATUSES
    assert VALIDATION_STATUS.keys() == STATUSES
    assert set(VALIDATION_STATUS.values()) == {
        "pending",
        "validated",
        "failed",
        "executed",
        "archived",
    }
    assert VALIDATION_STATUS["insufficient"] == "pending"


def test_nothing_leaves_the_table_but_by_it() -> None:
    for status, kind in TRANSITIONS:
        assert status is None or status in STATUSES
        assert kind in RANKS or kind in set(DECISION_KINDS) - {"accept-price"}


def test_a_refusal_names_a_status_even_before_the_signal() -> None:
    """A decision of before the signal meets no status at all."""
    folded = fold_facts([*BORN, decision(9)])

    assert "None" not in str(folded.decisions[0].refusal)
