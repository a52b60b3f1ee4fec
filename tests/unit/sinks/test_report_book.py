"""The pieces that a report's book is kept by: exact sums, sorted lists, one ticker's share."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sinks.report_entries import EntryMaker
from sinks.report_lists import SortedIds
from sinks.report_marks import Marker
from sinks.report_tally import Tally, group_of, tally_of
from tests.unit.sinks.page_samples import make_row

RETURNS = st.floats(-1e60, 1e60) | st.sampled_from([5e-324, -5e-324, -0.0, 0.1])
STEPS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sets(st.integers(0, 30))), min_size=1, max_size=12
)


def tally(values: list[float]) -> Tally:
    maker, marker = EntryMaker(), Marker(None, replay_counts=False)
    entries = [maker.of_signal(make_row(net_return=each)) for each in values]
    return tally_of(entries, [marker.mark(each, {}) for each in entries])


@given(st.lists(RETURNS, min_size=1), st.lists(RETURNS))
def test_a_mean_is_that_of_what_is_there_whatever_came_and_went(
    there: list[float], gone: list[float]
) -> None:
    maker, marker = EntryMaker(), Marker(None, replay_counts=False)
    held = Tally()
    for sign, values in ((1, gone), (1, there), (-1, gone)):
        entries = [maker.of_signal(make_row(net_return=each)) for each in values]
        held.add(tally_of(entries, [marker.mark(each, {}) for each in entries]), sign)

    found = group_of("all", held.totals.items())

    assert found.avg_return == math.fsum(there) / len(there)
    assert found.matured == found.hits == len(there)


@given(STEPS)
def test_sorted_ids_are_those_of_the_latest_lists(steps: list[tuple[str, set[int]]]) -> None:
    ids, held = SortedIds(), dict[str, set[int]]()
    for ticker, wanted in steps:
        # an id that another ticker holds moves to this one
        for other in held:
            held[other] -= wanted
        held[ticker] = set(wanted)
        for name, numbers in held.items():
            ids.put(name, [f"{each:03}" for each in sorted(numbers)])

        assert ids.ids() == sorted(f"{each:03}" for found in held.values() for each in found)


def test_many_changes_at_once_are_sorted_as_well() -> None:
    ids = SortedIds()
    names = [f"{each:06}" for each in range(5_000)]

    ids.put("B", names[1::2])
    ids.put("A", names[::2])

    assert ids.ids() == names


def test_signals_that_share_their_texts_share_the_objects() -> None:
    maker = EntryMaker()
    row: list[Any] = [
        "s-1", "AA" + "PL", "BUY", "passed", "desk", "llm", "live", 0, "m", "1", 5, 30, "00",
        "XNYS", 252, "2025-11-03", 7, None, None, None, None, None, 0.5, 1, 2, None, 0, 3, 0.0,
        "2025-11-06", 101.0, 0.01, "[]",
        '{"checks": [], "reason": "none", "status": "passed"}', None,
    ]  # fmt: skip

    first, second = maker.of_values(row), maker.of_values(["s-2", "A" + "APL", *row[2:]])

    assert first.ticker is second.ticker
    assert first.verdict_words == "no verdict yet: 3 of 30 sessions"
    assert first.verdict_words is second.verdict_words
