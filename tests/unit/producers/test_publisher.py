"""The publisher around a client that refuses: nothing good is lost, nothing bad is hidden."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from producers.errors import PublishError
from producers.publisher import KafkaPublisher

LIMIT = 100


@dataclass
class Log:
    """What the broker of the fake producers holds, and how many producers there were."""

    values: list[bytes] = field(default_factory=list)
    producers: int = 0


class Future:
    """Answers at once, as the real one does when it is done already."""

    def __init__(self, metadata: Any, error: Exception | None) -> None:
        self.metadata, self.error = metadata, error

    def add_callback(self, call: Callable[..., None], sent: Any) -> None:
        if self.error is None:
            call(sent, self.metadata)

    def add_errback(self, call: Callable[..., None], sent: Any) -> None:
        if self.error is not None:
            call(sent, self.error)


class Producer:
    """Refuses large records, and from then on all others, as kafka-python 3.0.12 does."""

    def __init__(self, log: Log, error: Exception | None = None) -> None:
        self.log, self.error = log, error
        log.producers += 1

    def send(self, topic: str, *, value: bytes, partition: int, **_more: Any) -> Future:
        if len(value) > LIMIT:
            self.error = MessageSizeTooLargeError()
        if self.error is None:
            self.log.values.append(value)
        offset = len(self.log.values) - 1
        metadata = SimpleNamespace(topic=topic, partition=partition, offset=offset)
        return Future(metadata, self.error)

    def close(self, timeout: float) -> None:
        assert timeout == 0


def publisher_on(log: Log, error: Exception | None = None) -> KafkaPublisher:
    admin = SimpleNamespace(close=lambda: None)
    return KafkaPublisher(lambda: Producer(log, error), admin, "broker:9092")


def test_one_record_too_large_costs_no_other_record() -> None:
    log, refused = Log(), []
    values = [b"x" * (LIMIT + 1) if n in {2, 3, 9} else b"%d" % n for n in range(10)]

    with publisher_on(log) as publisher:
        for value in values:
            publisher.publish("t", None, value, 0, on_too_large=refused.append)

    assert log.values == [b"0", b"1", b"4", b"5", b"6", b"7", b"8"]
    assert publisher.ends == {("t", 0): 7}
    assert len(refused) == 3
    assert all("too large for the broker" in each for each in refused)


def test_a_record_too_large_is_an_error_where_nobody_hears_of_it() -> None:
    publisher = publisher_on(Log())
    publisher.publish("t", None, b"x" * (LIMIT + 1), 0)

    with pytest.raises(PublishError, match="broker:9092 did not take a record"):
        publisher.close()


def test_a_failed_delivery_ends_the_publishing() -> None:
    publisher = publisher_on(Log(), KafkaTimeoutError("gone"))
    publisher.publish("t", None, b"1", 0, on_too_large=pytest.fail)

    with pytest.raises(PublishError, match="gone"):
        publisher.publish("t", None, b"2", 0)
    with pytest.raises(PublishError, match="gone"):
        publisher.flush()


def test_an_error_of_the_caller_is_the_one_that_is_raised() -> None:
    with pytest.raises(KeyError), publisher_on(Log(), KafkaTimeoutError("gone")) as publisher:
        publisher.publish("t", None, b"1", 0)
        raise KeyError
