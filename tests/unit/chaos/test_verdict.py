"""What counts as lost and as doubled."""

import pytest

from chaos.load import longest_gap
from chaos.verdict import doubled, lost
from tests.topology.events import random_events


def test_a_signal_without_a_row_is_lost() -> None:
    events = random_events(3, intraday=False)
    ids = set(events.judged())

    assert lost(events, ids) == 0
    assert lost(events, set(sorted(ids)[2:])) == 2


def test_a_row_that_should_not_be_there_is_doubled_and_no_other_difference_is() -> None:
    extra = {"column": None, "expected": None, "was": {"signal_id": "a"}}
    missing = {"column": None, "expected": {"signal_id": "a"}, "was": None}
    wrong = {"column": "status", "expected": None, "was": "passed"}

    assert doubled([extra, missing, wrong, extra]) == 2


@pytest.mark.parametrize(
    ("times", "until", "gap"),
    [([], 9.0, 0.0), ([1.0], 9.0, 0.0), ([1.0, 2.0, 5.0, 9.0], 6.0, 3.0)],
)
def test_the_longest_gap_is_between_two_events(
    times: list[float], until: float, gap: float
) -> None:
    assert longest_gap(times, until) == gap
