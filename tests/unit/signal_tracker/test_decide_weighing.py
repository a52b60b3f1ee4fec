"""What is said of a decision beforehand is what the worker's own fold makes of it."""

import random
from pathlib import Path

import pytest

from producers.memory import MemoryPublisher
from schemas.codec import encode
from schemas.records import DECISION_KINDS, Decision
from schemas.rules import MAX_REASON
from schemas.topics import DECISIONS
from signal_tracker.deciding import decision_of, read_subject, refusal_of
from signal_tracker.decisions import DecisionError, send
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import read_decisions, read_signals, reading
from tests.builders import make_decision
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import publish, random_events


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_refusal_is_foretold_word_by_word(seed: int, tmp_path: Path) -> None:
    """One decision of any kind on each signal of a random market, at times before and after."""
    topology, rng = Topology(Delivery()), random.Random(seed)
    publish(topology, random_events(seed, intraday=False))
    topology.run()
    before = materialise(topology.log, tmp_path / "before") / DATABASE
    with reading(before) as connection:
        signals = read_signals(connection)
    foretold = {}
    for signal in signals:
        subject = read_subject(before, signal.signal_id)
        kind = rng.choice((*DECISION_KINDS, "cancel", "archive", "accept-price"))
        late = signal.generated_at_ms + rng.choice((-1, 0, 3_600_000, 90_000_000, 8_640_000_000))
        session = rng.choice((*subject.suspect_sessions, signal.entry_session or "2000-01-03"))
        decision = decision_of(
            subject, kind, reason="x", by="y", session=session, decided_at_ms=late
        )
        foretold[decision.decision_id] = refusal_of(subject, decision)
        topology.publish(DECISIONS, 0, encode(decision))

    topology.run()
    with reading(materialise(topology.log, tmp_path / "after") / DATABASE) as connection:
        held = [each for some in read_decisions(connection).values() for each in some]

    told = {each["decision_id"]: each["refusal"] for each in held}
    assert {name: told[name] for name in foretold} == foretold
    assert {None} < set(foretold.values())


def test_a_decision_that_no_broker_takes_is_an_error() -> None:
    decisions = [make_decision(), make_decision(decision_id="d-2", reason="x" * MAX_REASON)]
    publisher = MemoryPublisher(max_bytes=500)

    with pytest.raises(DecisionError, match="1 of 2 decisions published; line 2: too large"):
        send(publisher, decisions, "")

    assert len(publisher.published) == 1


def test_sending_says_how_many_went() -> None:
    assert send(MemoryPublisher(), [make_decision()], "x.") == 1
    assert send(MemoryPublisher(), list[Decision](), "x.") == 0
