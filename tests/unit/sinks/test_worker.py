"""Whose offsets these are, and what is refused: other topics, another run, no broker."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from kafka import TopicPartition
from kafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
)

from schemas.sources import cluster_id_of, source_id
from schemas.topics import OUTBOUND, POLICIES
from sinks.errors import BrokerError, MissingTopicError, SourceMismatchError
from sinks.hearing import Hearing
from sinks.sink import Position
from sinks.sqlite import SqliteSink
from sinks.worker import _Source, refuse_other_source, run_sink

STORED = {("bars", 2): Position(next_offset=7, topic_id="id-1", run_id="r")}


def test_the_same_topics_and_run_go_on() -> None:
    refuse_other_source(STORED, {"bars": "id-1", "observations": "id-2"}, "r")


@pytest.mark.parametrize(
    ("topic_ids", "run_id", "message"),
    [
        ({"bars": "id-9"}, "r", "expected bars with id id-1"),
        ({"p.bars": "id-1"}, "r", "rows of the topic bars"),
        ({"bars": "id-1"}, "", "expected 'r', was ''"),
    ],
)
def test_other_topics_or_another_run_are_refused_with_a_hint(
    topic_ids: dict[str, str], run_id: str, message: str
) -> None:
    with pytest.raises(SourceMismatchError, match="another --data") as refused:
        refuse_other_source(STORED, topic_ids, run_id)

    assert message in str(refused.value)


class FakeBroker:
    """Topics with one partition each, as the admin client and the consumer tell of them."""

    def __init__(self, *names: str, cluster_id: str = "c") -> None:
        self.names = names
        self.cluster_id = cluster_id
        self.fails = False
        self.sought: dict[str, int] = {}

    def describe_topics(self, asked: list[str]) -> list[dict[str, Any]]:
        if self.fails:
            raise KafkaTimeoutError
        partitions = [{"partition_index": 0}]
        return [
            {"name": each, "topic_id": f"id-{each}", "partitions": partitions}
            for each in asked
            if each in self.names
        ]

    def describe_cluster(self) -> dict[str, Any]:
        return {"cluster_id": self.cluster_id}

    def beginning_offsets(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(parts, 3)

    def assign(self, parts: list[TopicPartition]) -> None:
        self.sought = {each.topic: -1 for each in parts}

    def seek(self, part: TopicPartition, offset: int) -> None:
        self.sought[part.topic] = offset


@pytest.mark.parametrize(("start", "at"), [(3, 7), (4, 3), (90, 3)])
def test_a_later_start_of_the_same_journal_is_read_from_its_beginning(start: int, at: int) -> None:
    """The same start goes on where it was; what a later one tells is written over the rows."""
    stored = {
        (each.name, 0): Position(
            next_offset=7, topic_id=source_id(cluster_id_of("5f", 3), f"id-{each.name}")
        )
        for each in OUTBOUND
    }
    broker = FakeBroker(*(each.name for each in OUTBOUND), cluster_id=cluster_id_of("5f", start))

    _Source(broker, "h:1", "", "").start(broker, stored)

    assert set(broker.sought.values()) == {at}


@pytest.mark.parametrize("cluster_id", ["c", cluster_id_of("5f", 2), cluster_id_of("60", 4)])
def test_another_broker_or_an_older_copy_of_the_journal_is_refused(cluster_id: str) -> None:
    topic_id = source_id(cluster_id_of("5f", 3), "id-bars")
    stored = {("bars", 0): Position(next_offset=7, topic_id=topic_id)}
    broker = FakeBroker(*(each.name for each in OUTBOUND), cluster_id=cluster_id)

    with pytest.raises(SourceMismatchError, match="another broker"):
        _Source(broker, "h:1", "", "").start(broker, stored)


def test_a_sink_goes_on_when_its_journals_broker_was_started_again() -> None:
    names = [each.name for each in OUTBOUND]
    broker = FakeBroker(*names, cluster_id=cluster_id_of("5f", 3))
    source = _Source(broker, "h:1", "", "")
    before = source.start(broker, {})
    assert not source.is_renewed()

    broker.cluster_id = cluster_id_of("5f", 4)

    assert source.is_renewed()
    after = source.start(broker, {tp: replace(at, next_offset=70) for tp, at in before.items()})
    assert {each.next_offset for each in after.values()} == {3}
    assert not source.is_renewed()


@pytest.mark.parametrize("cluster_id", ["c", cluster_id_of("5f", 2)])
def test_a_sink_ends_when_another_broker_answers(cluster_id: str) -> None:
    names = [each.name for each in OUTBOUND]
    broker = FakeBroker(*names, cluster_id=cluster_id_of("5f", 3))
    source = _Source(broker, "h:1", "", "")
    broker.cluster_id = cluster_id

    with pytest.raises(SourceMismatchError, match="made anew while"):
        source.is_renewed()


class Told:
    """What a sink says of its broker, at times that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.words: list[str] = []
        monkeypatch.setattr("sinks.hearing.monotonic", lambda: self.now)
        self.hearing = Hearing(lambda: self.words.append("silence"), lambda: self.words.append("+"))

    def ask(self, error: Exception | None = None) -> None:
        with self.hearing.an_answer():
            if error is not None:
                raise error


def test_a_broker_that_is_away_is_told_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    assert not told.hearing.should_ask()
    told.now = 11
    assert told.hearing.should_ask()

    told.ask(KafkaTimeoutError())
    assert not told.hearing.should_ask()
    told.now = 22
    told.ask(KafkaConnectionError())
    told.now = 33
    told.ask(RequestTimedOutError())
    told.ask()

    assert told.words == ["silence", "silence", "silence", "+"]


def test_a_broker_with_records_need_not_answer_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    told.now = 9
    told.hearing.records()
    told.now = 11

    told.ask(KafkaTimeoutError())

    assert told.words == []


@pytest.mark.parametrize("error", [TopicAuthorizationFailedError(["bars"]), MissingTopicError()])
def test_what_a_broker_refuses_or_has_lost_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    told = Told(monkeypatch)
    told.now = 60

    with pytest.raises(type(error)):
        told.ask(error)

    assert told.words == []


def test_a_topic_that_is_new_since_the_database_was_made_is_read_from_its_beginning() -> None:
    """A database of the version without policies goes on: only that topic is read anew."""
    stored = {
        (each.name, 0): Position(next_offset=7, topic_id=f"id-{each.name}")
        for each in OUTBOUND
        if each is not POLICIES
    }
    broker = FakeBroker(*(each.name for each in OUTBOUND))

    start = _Source(broker, "h:1", "", "").start(broker, stored)

    assert broker.sought == {each.name: 3 if each is POLICIES else 7 for each in OUTBOUND}
    assert start == {
        **stored,
        ("policies", 0): Position(next_offset=3, topic_id="id-policies"),
    }


def test_a_broker_without_the_topic_of_policies_is_refused_by_its_name() -> None:
    broker = FakeBroker(*(each.name for each in OUTBOUND if each is not POLICIES))

    with pytest.raises(MissingTopicError, match=r"^there is no topic policies at h:1$"):
        _Source(broker, "h:1", "", "")


def test_a_broker_that_does_not_answer_leaves_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(**_: Any) -> NoReturn:
        raise KafkaTimeoutError

    monkeypatch.setattr("sinks.worker.KafkaAdminClient", silent)

    with pytest.raises(BrokerError, match=r"^no Kafka broker answers at h:1$"):
        run_sink(SqliteSink(tmp_path / "x" / "signals.db"), broker="h:1", should_stop=bool)

    assert list(tmp_path.iterdir()) == []
