"""A topic is read to its end, and a broker that goes away meanwhile is told."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from signal_tracker.errors import SilentBrokerError
from signal_tracker.reading import _until

PART = TopicPartition("dead-letters", 1)
BROKER = "b:9092"


class Topic:
    """A consumer that is given records, or gaps, poll by poll; each poll takes ten seconds."""

    def __init__(self, *polls: list[int], gaps: Mapping[int, int] = {}) -> None:
        self.now = 0.0
        self.polls = 0
        self._answers = list(polls)
        self._gaps = gaps
        self._at = 0

    def position(self, _: TopicPartition) -> int:
        return self._at

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms
        self.now += 10
        self.polls += 1
        offsets = self._answers.pop(0) if self._answers else []
        self._at = self._gaps.get(self.polls, offsets[-1] + 1 if offsets else self._at)
        return {PART: [SimpleNamespace(offset=each) for each in offsets]} if offsets else {}

    def read(self, end: int) -> list[int]:
        found: Any = self
        return [each.offset for each in _until(found, BROKER, {PART: end}, lambda: self.now)]


def test_it_ends_at_the_end_that_was_taken() -> None:
    assert Topic([0, 1], [2, 3, 4]).read(4) == [0, 1, 2, 3]


def test_slow_answers_are_waited_for() -> None:
    slow: list[list[int]] = [[], [], [], [], [], [0], [], [], [], [], [], [1]]

    assert Topic(*slow).read(2) == [0, 1]


def test_offsets_without_records_are_progress() -> None:
    assert Topic([0], gaps={6: 3, 12: 7}).read(7) == [0]


def test_a_broker_that_goes_away_is_told_after_a_minute() -> None:
    topic = Topic([0, 1])

    with pytest.raises(
        SilentBrokerError,
        match=r"^no record of dead-letters\[1\]@2 from b:9092 for 60 s, though it goes to @9$",
    ):
        topic.read(9)
    assert topic.polls == 8
