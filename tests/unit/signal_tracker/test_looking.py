"""One look at the rows beside the ends of the topics, and the wait for it."""

from pathlib import Path
from typing import Any

import pytest

from schemas.topics import OUTBOUND
from signal_tracker import admin, looking
from signal_tracker.errors import BrokerError
from signal_tracker.looking import Place, wait
from sinks.sink import Batch, Position
from sinks.snapshot import DATABASE
from sinks.sqlite import SqliteSink

IDS = {each.name: "a1" for each in OUTBOUND}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A database whose sink has read two bars of partition 0."""
    return stored(tmp_path, "a1")


def stored(folder: Path, topic_id: str) -> Place:
    sink = SqliteSink(folder / DATABASE)
    sink.open()
    sink.write(Batch(positions={("bars", 0): Position(next_offset=2, topic_id=topic_id)}))
    sink.close()
    return Place(broker="h:1", prefix="", group="g", path=folder / DATABASE)


class Broker:
    """What a broker answers, one after the other; the last answer stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
        self.asked = 0
        self._answers = {
            "committed_offsets": [{("ticks", 0): 1}],
            "end_offsets": [{("ticks", 0): 1, ("bars", 0): 2}],
            "topic_ids": [IDS],
            **answers,
        }
        for name in self._answers:
            monkeypatch.setattr(admin, name, self._answer(name))
        monkeypatch.setattr(looking, "_POLL_S", 0.0)

    def _answer(self, name: str) -> Any:
        def answer(_broker: str, asked: Any) -> Any:
            self.asked += name == "committed_offsets"
            held = self._answers[name]
            found = held.pop(0) if len(held) > 1 else held[0]
            if name != "end_offsets":
                return found
            return {tp: end for tp, end in found.items() if tp[0] in asked}

        return answer


def test_a_look_knows_how_far_everything_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    Broker(monkeypatch)

    with looking.looking(place) as (connection, as_of, look):
        assert connection.execute("SELECT count(*) FROM bars").fetchone() == (0,)
        assert not as_of.is_replay
    assert (look.committed, look.stored) == ({("ticks", 0): 1}, {("bars", 0): 2})
    assert (look.input_ends, look.output_ends) == ({("ticks", 0): 1}, {("bars", 0): 2})


def test_of_topics_of_before_a_journals_last_start_nothing_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = (f"signal-tracker-journal-5f-{each}/a" for each in (1, 2))
    place = stored(tmp_path, before)
    Broker(monkeypatch, topic_ids=[dict.fromkeys(IDS, now)])

    with looking.looking(place) as (_, _, look):
        assert look.stored == {}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"committed_offsets": [{("ticks", 0): 9}]}, r"ticks\[0\] .* go on to 9, was 1: .* anew"),
        ({"committed_offsets": [{}]}, "the group g has committed nothing: name the --app-id"),
        ({"topic_ids": [dict.fromkeys(IDS, "other")]}, "expected the topic bars with id a1"),
    ],
    ids=["topics made anew", "another group", "another broker"],
)
def test_what_makes_no_sense_is_said(
    answers: dict[str, Any], said: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    Broker(monkeypatch, **answers)

    with pytest.raises(BrokerError, match=said), looking.looking(place):
        pass


def test_the_wait_ends_when_worker_and_sink_have_caught_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    broker = Broker(monkeypatch, committed_offsets=[{}, {("ticks", 0): 0}, {("ticks", 0): 1}])

    wait(place, 60.0, said.append)

    assert broker.asked == 3
    assert said == ["waiting until worker and sink have caught up"]


def test_the_wait_ends_when_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    place = Place(broker="h:1", prefix="", group="g", path=tmp_path / "none.db")

    wait(place, 0.02, lambda _: None)

    assert broker.asked >= 1
