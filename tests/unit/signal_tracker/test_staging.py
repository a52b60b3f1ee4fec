"""What follows for a signal from the rows: stage, start-paper, promote, reject, or nothing yet."""

from pathlib import Path
from typing import Any

import pytest

from schemas.records import Decision, Record, Verdict
from schemas.rules import MAX_REASON, check_decision
from signal_tracker.review import review_of
from signal_tracker.staging import Proposal
from tests.unit.signal_tracker.databases import (
    LABELS,
    LAST,
    RISING,
    bars,
    close_ms,
    on_paper,
    passed,
    staged,
    stored,
)
from tests.unit.sinks.samples import make_stage

# Of the staged session and the five after it.
UP = [*RISING, 106.0, 107.0, 108.0, 109.0, 110.0]
DOWN = [*RISING, 104.0, 103.0, 102.0, 101.0, 100.0]


def proposed(folder: Path, *records: Record) -> Proposal | None:
    (reviewed,) = review_of(stored(folder, *records)).signals
    return reviewed.proposal


def decided(folder: Path, *records: Record) -> Decision:
    proposal = proposed(folder, *records)
    assert proposal is not None
    assert proposal.decision is not None
    return proposal.decision


def waiting(folder: Path, *records: Record) -> str:
    proposal = proposed(folder, *records)
    assert proposal is not None
    assert proposal.decision is None
    return proposal.reason


def test_a_ready_signal_is_staged_at_its_tickers_last_session(tmp_path: Path) -> None:
    later_elsewhere = bars([1.0] * 9, ticker="MSFT")

    decision = decided(tmp_path, passed(), *bars([*RISING, 106.0]), *later_elsewhere)

    assert (decision.kind, decision.by, decision.session) == ("stage", "review", LABELS[6])
    assert decision.decided_at_ms == close_ms(8)
    assert decision.reason.startswith("ready: screen passed; verdict passed")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "failed"},
        {"action": "HOLD"},
        {"suspect_sessions": [LABELS[3]]},
        {"data_kind": "synthetic"},
        {"backdated": True},
        {"policy_hash": "00"},
    ],
    ids=str,
)
def test_nothing_follows_for_what_is_not_ready(changes: dict[str, Any], tmp_path: Path) -> None:
    assert proposed(tmp_path, passed(**changes), *bars(RISING)) is None


@pytest.mark.parametrize("status", ["tracking", "promoted", "rejected", "archived"])
def test_nothing_follows_for_another_status(status: str, tmp_path: Path) -> None:
    assert proposed(tmp_path, passed(status=status), *bars(RISING)) is None


def test_the_same_rows_give_the_same_decision_and_later_ones_the_same_id(tmp_path: Path) -> None:
    records = passed(), *bars(RISING)

    first, again = (decided(tmp_path / name, *records) for name in "ab")
    later = decided(tmp_path / "c", passed(), *bars(UP))

    assert first == again
    assert later.decision_id == first.decision_id
    assert later.decided_at_ms > first.decided_at_ms
    assert first.decision_id.startswith("r-")
    assert len(first.decision_id) == 26


@pytest.mark.parametrize(
    "changes",
    [
        {"signal_id": "s-2"},
        {"payload_hash": "bb"},
        {"verdict": Verdict(status="passed", checks=[], session=LABELS[4], as_of_ms=close_ms(4))},
    ],
    ids=str,
)
def test_another_signal_payload_or_verdict_is_another_decision(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    first = decided(tmp_path / "a", passed(), *bars(RISING))

    other = decided(tmp_path / "b", passed(**changes), *bars(RISING))

    assert other.decision_id != first.decision_id


def test_a_filled_order_starts_paper(tmp_path: Path) -> None:
    decision = decided(tmp_path, staged(), *bars([*RISING, 106.0]))

    assert (decision.kind, decision.session) == ("start-paper", LABELS[6])
    assert decision.decided_at_ms == close_ms(6)


def test_a_trade_that_is_over_starts_paper_too(tmp_path: Path) -> None:
    assert decided(tmp_path, staged(), *bars([*UP, 111.0])).kind == "start-paper"


def test_an_order_without_a_session_after_it_waits(tmp_path: Path) -> None:
    assert "no session after" in waiting(tmp_path, staged(), *bars(RISING))


def test_a_rejected_order_says_why_and_nothing_follows(tmp_path: Path) -> None:
    told = waiting(tmp_path, staged(position_size=0.0), *bars([*RISING, 106.0]))

    assert told.startswith("the paper order was rejected: ")


def test_a_staged_hold_has_no_order(tmp_path: Path) -> None:
    assert "HOLD is no trade" in waiting(tmp_path, staged(action="HOLD"), *bars(UP))


@pytest.mark.parametrize("count", [7, 10])
def test_on_paper_the_window_has_to_be_over(count: int, tmp_path: Path) -> None:
    told = waiting(tmp_path, on_paper(), *bars(UP[:count]))

    assert told == f"on paper: {count - 6} of 5 sessions since {LABELS[LAST]}"


def test_what_comes_true_again_is_promoted(tmp_path: Path) -> None:
    decision = decided(tmp_path, on_paper(), *bars(UP))

    assert (decision.kind, decision.session) == ("promote", LABELS[10])
    assert decision.reason == f"every check passed again over 5 sessions since {LABELS[LAST]}"


def test_what_does_not_is_rejected_with_the_checks_that_failed(tmp_path: Path) -> None:
    decision = decided(tmp_path, on_paper(), *bars(DOWN))

    assert decision.kind == "reject"
    assert "annual_return: expected >= 0.1, was -0.9" in decision.reason
    assert "validation_period" not in decision.reason


def test_sessions_after_the_window_change_nothing(tmp_path: Path) -> None:
    first = decided(tmp_path / "a", on_paper(), *bars(UP))

    later = decided(tmp_path / "b", on_paper(), *bars([*UP, 1.0]))

    assert (later.kind, later.decision_id, later.session) == (
        first.kind,
        first.decision_id,
        first.session,
    )


def test_promotion_and_rejection_are_two_decisions(tmp_path: Path) -> None:
    promoted, rejected = (
        decided(tmp_path / str(prices[-1]), on_paper(), *bars(prices)) for prices in (UP, DOWN)
    )

    assert promoted.decision_id != rejected.decision_id


def test_a_stage_without_a_session_took_the_last_one_of_its_time(tmp_path: Path) -> None:
    assert decided(tmp_path, on_paper(session=None), *bars(UP)).session == LABELS[10]


@pytest.mark.parametrize("action", ["BUY", "HOLD"])
def test_what_was_seen_before_the_decision_proves_nothing(action: str, tmp_path: Path) -> None:
    """Staged at a session of long ago, a signal would have its window behind it already."""
    told = waiting(tmp_path, on_paper(session=LABELS[0], action=action), *bars(UP[:9]))

    assert told == f"on paper: 3 of 5 sessions since {LABELS[LAST]}"


def test_a_hold_that_was_staged_before_any_price_leads_nowhere(tmp_path: Path) -> None:
    stages = [make_stage(decided_at_ms=close_ms(0) - 1, session=None)]

    told = waiting(tmp_path, on_paper(decisions=stages, action="HOLD"), *bars(UP))

    assert told == "no session of AAPL had closed when it was staged"


def test_the_first_stage_that_was_applied_counts(tmp_path: Path) -> None:
    stages = [
        make_stage(decision_id="a", decided_at_ms=1, session=LABELS[0], applied=False),
        make_stage(decision_id="b", decided_at_ms=close_ms(LAST), session=LABELS[LAST]),
        make_stage(decision_id="c", decided_at_ms=close_ms(9), session=LABELS[9]),
    ]

    assert decided(tmp_path, on_paper(decisions=stages), *bars(UP)).kind == "promote"


def test_a_jump_on_paper_that_nothing_explains_decides_nothing(tmp_path: Path) -> None:
    halved = [*RISING, 53.0, 54.0, 55.0, 56.0, 57.0]

    told = waiting(tmp_path, on_paper(), *bars(halved))

    assert told == f"suspect price on paper: a jump that nothing explains in {LABELS[6]}"


def test_an_accepted_price_on_paper_explains_it(tmp_path: Path) -> None:
    halved = [*RISING, 53.0, 54.0, 55.0, 56.0, 57.0]
    accepted = make_stage(decision_id="p", kind="accept-price", session=LABELS[6])
    state = on_paper(decisions=[*on_paper().decisions, accepted])

    assert decided(tmp_path, state, *bars(halved)).kind == "reject"


def test_a_figure_that_is_not_there_decides_nothing(tmp_path: Path) -> None:
    """Doubling every session is no year's return that a number could hold."""
    prices = [*RISING, *(105.0 * 10.0 ** (90 * n / 5) for n in range(1, 6))]
    state = on_paper(decisions=[*on_paper().decisions, *_accepted(6, 10)])

    assert waiting(tmp_path, state, *bars(prices)) == (
        "insufficient on paper: annual_return: the annualised return is not a finite number"
    )


def _accepted(first: int, last: int) -> list[Any]:
    return [
        make_stage(decision_id=f"p-{at}", kind="accept-price", session=LABELS[at])
        for at in range(first, last + 1)
    ]


def test_without_its_policy_a_signal_on_paper_waits(tmp_path: Path) -> None:
    told = waiting(tmp_path, on_paper(policy_hash="00"), *bars(UP))

    assert told.startswith("its policy is not known")


def test_a_decision_that_was_refused_is_not_proposed_again(tmp_path: Path) -> None:
    first = decided(tmp_path / "a", passed(), *bars(RISING))
    refused = make_stage(decision_id=first.decision_id, applied=False, refusal="too early")

    told = waiting(tmp_path / "b", passed(decisions=[refused]), *bars(RISING))

    assert told == "`stage` was decided and refused: too early"


@pytest.mark.parametrize("state", [passed(), staged(), on_paper()], ids=lambda e: e.status)
def test_every_proposal_is_a_decision_that_the_worker_takes(state: Any, tmp_path: Path) -> None:
    decision = decided(tmp_path, state, *bars(UP))

    assert check_decision(decision) == decision
    assert len(decision.reason) <= MAX_REASON
