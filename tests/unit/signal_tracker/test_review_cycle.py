"""Review, decide, judge and review again, by the worker's own path: each step is taken once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.codec import encode
from schemas.policy import PolicyVersions
from schemas.records import Decision
from schemas.topics import partition_of
from signal_tracker.review import Review, review_of
from signal_tracker.stored import read_stored
from sinks.snapshot import DATABASE
from streams.domain.tracker import Rules
from tests.oracle.bars import LATENESS_MS
from tests.oracle.examples import JAN_02_CLOSE_MS, closes, signal
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, publish
from tests.unit.signal_tracker.databases import POLICY
from tests.unit.streams.fold import BOOK

OWN = Rules(calendar_of=BOOK, policies=PolicyVersions(versions=(POLICY,)), lateness_ms=LATENESS_MS)
UP = [100.0 + n for n in range(20)]
DOWN = [*UP[:6], *(105.0 - n for n in range(1, 15))]


class Cycle:
    """A worker, its topics and a database of what it has told so far."""

    def __init__(self, folder: Path) -> None:
        self._topology = Topology(Delivery(partitions=2), rules=OWN)
        self._folder = folder
        self._looks = 0

    def publish(self, *, prices: Sequence[float] = (), **signals: dict[str, Any]) -> None:
        rows = [signal(signal_id=name, horizon_sessions=3, **e) for name, e in signals.items()]
        publish(self._topology, Events(signals=rows, ticks=closes(prices) if prices else []))

    def send(self, *decisions: Decision) -> None:
        for each in decisions:
            partition = partition_of(each.ticker, 2)
            self._topology.publish(topics.DECISIONS, partition, encode(each))

    def review(self) -> Review:
        self._topology.run()
        self._looks += 1
        folder = materialise(self._topology.log, self._folder / str(self._looks))
        return review_of(read_stored(folder / DATABASE))

    def apply(self) -> list[str]:
        """Review and apply; return the kinds of what was decided."""
        decisions = self.review().decisions
        self.send(*decisions)
        return [each.kind for each in decisions]


@pytest.fixture
def cycle(tmp_path: Path) -> Cycle:
    return Cycle(tmp_path)


def statuses(review: Review) -> dict[str, str]:
    return {each.signal.signal_id: each.signal.status for each in review.signals}


@pytest.mark.parametrize(("prices", "end"), [(UP, "promote"), (DOWN, "reject")])
def test_a_signal_goes_its_way_by_review_alone(prices: list[float], end: str, cycle: Cycle) -> None:
    cycle.publish(prices=prices[:6], one={})

    taken = [cycle.apply()]
    for count in (6, 7, 8, 10, 11, 12):
        cycle.publish(prices=prices[:count])
        taken.append(cycle.apply())

    assert taken == [["stage"], [], ["start-paper"], [], [], [end], []]
    assert statuses(cycle.review()) == {"one": {"promote": "promoted", "reject": "rejected"}[end]}


def test_what_is_applied_twice_changes_nothing(cycle: Cycle) -> None:
    cycle.publish(prices=UP[:6], one={})
    first = cycle.review()
    cycle.send(*first.decisions, *first.decisions)
    cycle.publish(prices=UP[:7])
    second = cycle.review()

    cycle.send(*first.decisions, *second.decisions, *second.decisions)

    assert statuses(cycle.review()) == {"one": "paper"}
    assert [each.kind for each in cycle.review().decisions] == []


def test_a_review_of_fewer_rows_gives_the_decision_that_was_taken(cycle: Cycle) -> None:
    """A late reader proposes what an earlier one did, and the earlier time holds."""
    cycle.publish(prices=UP[:6], one={})
    early = cycle.review().decisions
    cycle.publish(prices=UP[:9])
    late = cycle.review().decisions
    cycle.send(*late, *early)

    (reviewed,) = cycle.review().signals

    assert [each.decision_id for each in late] == [each.decision_id for each in early]
    assert reviewed.signal.status == "staged"
    assert reviewed.proposal is not None
    assert reviewed.proposal.decision is not None
    assert reviewed.proposal.decision.kind == "start-paper"


def test_a_corrected_price_takes_the_staging_back_and_forth(cycle: Cycle) -> None:
    cycle.publish(prices=UP[:6], one={})
    cycle.apply()

    seen = []
    for revision, price in enumerate((90.0, 103.0), start=1):
        tick = {**closes([price])[0], "session": "2024-01-05", "revision": revision}
        publish(cycle._topology, Events(ticks=[tick]))
        review = cycle.review()
        seen.append((statuses(review)["one"], len(review.decisions)))

    assert seen == [("failed", 0), ("staged", 0)]


def test_other_signals_of_the_ticker_stay_where_they_are(cycle: Cycle) -> None:
    later = {"generated_at_ms": JAN_02_CLOSE_MS + 86_400_000}
    cycle.publish(
        prices=UP[:6], one={}, hold={"action": "HOLD"}, later=later, sell={"action": "SELL"}
    )

    cycle.apply()

    assert statuses(cycle.review()) == {
        "one": "staged",
        "hold": "passed",
        "later": "tracking",
        "sell": "failed",
    }
