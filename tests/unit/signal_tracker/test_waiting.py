"""Words while a broker is away, and the worker's return when it is back."""

from typing import NoReturn

import pytest

from signal_tracker import waiting
from signal_tracker.doors import RefusedError
from signal_tracker.errors import MissingTopicError, SilentBrokerError
from signal_tracker.waiting import Waiting, wait_for_topics

BROKER = "127.0.0.1:1"


def test_a_line_is_said_at_most_every_ten_seconds_and_one_at_the_end() -> None:
    now = [0.0]
    said: list[str] = []
    told = Waiting(BROKER, said.append, lambda: now[0])

    told.is_over()
    for second in range(0, 25, 2):
        now[0] = second
        told.goes_on()
    now[0] = 26
    told.is_over()
    told.is_over()

    assert said == [
        f"no Kafka broker answers at {BROKER}; waiting for it",
        f"no Kafka broker answers at {BROKER} for 10 s; waiting for it",
        f"no Kafka broker answers at {BROKER} for 20 s; waiting for it",
        f"the broker at {BROKER} answers again, after 26 s",
    ]


def test_a_broker_that_refuses_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_broker: object) -> NoReturn:
        raise RefusedError("the password")  # noqa: EM101

    monkeypatch.setattr(waiting, "check_door", refuse)

    with pytest.raises(RefusedError):
        Waiting(BROKER, print).goes_on()


def test_topics_are_waited_for_with_their_broker_and_missed_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[dict[str, int] | None] = [None, None, {"a": 1, "b": 1}, {"a": 1}]
    said: list[str] = []

    def counts(*_: object) -> dict[str, int]:
        found = answers.pop(0)
        if found is None:
            raise SilentBrokerError
        return found

    monkeypatch.setattr(waiting.admin, "partition_counts", counts)
    monkeypatch.setattr(waiting, "_LOOK_S", 0.0)

    wait_for_topics(BROKER, ["a", "b"], said.append)
    with pytest.raises(MissingTopicError, match="there is no topic b"):
        wait_for_topics(BROKER, ["a", "b"], said.append)

    assert len(said) == 2
