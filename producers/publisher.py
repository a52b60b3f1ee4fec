"""Hand records to the broker; the only file here that knows a Kafka client.

Delivery: idempotent, acknowledged by all in-sync replicas, in order within a
partition. A record is sent once `flush` has returned; a failure to deliver is
raised by the next call, never dropped.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Condition
from types import TracebackType
from typing import Any, Self

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import (
    BrokerResponseError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RetriableError,
    TopicAuthorizationFailedError,
)

from producers.errors import MissingTopicError, NoBrokerError, PublishError
from producers.publishing import Headers, Key, OnTooLarge
from schemas.cluster import TOPIC_DENIED, Broker, client_options, denied

LINGER_MS = 20
BATCH_BYTES = 524_288
MAX_REQUEST_BYTES = 1_048_576
# kafka-python 3 has no buffer limit of its own: without this a slow broker fills the memory
MAX_PENDING_BYTES = 32_000_000
BOOTSTRAP_MS = 5_000
REQUEST_MS = 20_000
DELIVERY_MS = 40_000
SILENCE_S = 60.0

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaPublisher:
    """Publishes by kafka-python's producer; use as a context manager."""

    def __init__(self, connect: Callable[[], Any], admin: Any, broker: Broker) -> None:
        self._connect = connect
        self._producer = connect()
        self._admin = admin
        self._broker = broker
        self._ends: dict[Key, int] = {}
        self._room = Condition()
        self._pending = 0
        self._pending_bytes = 0
        self._failure: BaseException | None = None
        self._gap = False
        self._too_large: deque[tuple[_Sent, str]] = deque()

    @classmethod
    def connect(cls, broker: Broker, *, compression: str | None = "lz4") -> Self:
        """Return a publisher on HOST:PORT; raise PublishError where nobody answers."""

        def connect() -> Any:
            return KafkaProducer(
                **client_options(broker),
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                acks="all",
                enable_idempotence=True,
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                max_request_size=MAX_REQUEST_BYTES,
                compression_type=compression,
                request_timeout_ms=REQUEST_MS,
                delivery_timeout_ms=DELIVERY_MS,
                allow_auto_create_topics=False,
            )

        try:
            admin = KafkaAdminClient(**client_options(broker), bootstrap_timeout_ms=BOOTSTRAP_MS)
            return cls(connect, admin, broker)
        except (KafkaError, OSError) as error:
            raise _trouble(broker, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._let_go()

    @property
    def ends(self) -> Mapping[Key, int]:
        """Return, per (topic, partition), the offset after the last acknowledged record."""
        with self._room:
            return dict(self._ends)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has on the broker; raise MissingTopicError."""
        try:
            (found,) = self._admin.describe_topics([topic])
        except KafkaError as error:
            raise _trouble(self._broker, error) from error
        if found["error_code"] == TOPIC_DENIED:
            raise PublishError(denied(self._broker, "write to the topic", [topic]))
        if found["error_code"] or not found["partitions"]:
            msg = f"there is no topic {topic} at {self._broker}"
            raise MissingTopicError(msg)
        return len(found["partitions"])

    def publish(
        self,
        topic: str,
        key: bytes | None,
        value: bytes,
        partition: int,
        timestamp: int | None = None,
        *,
        headers: Headers = (),
        on_too_large: OnTooLarge | None = None,
    ) -> None:
        """Send a record; `on_too_large` hears, in this thread, that the broker refused it."""
        if self._too_large:
            self.flush()
        self._wait_until(self._has_room)
        self._raise_failure()
        self._send(
            _Sent(
                topic=topic,
                key=key,
                value=value,
                partition=partition,
                timestamp=timestamp,
                headers=headers,
                on_too_large=on_too_large,
            )
        )

    def flush(self) -> None:
        """Return when everything published is acknowledged or refused."""
        self._wait()
        while self._too_large:
            self._renew()
            sent, reason = self._too_large.popleft()
            if sent.alone and sent.on_too_large is not None:
                sent.on_too_large(reason)
            else:
                # it may have been refused for the company it had in its batch
                self._send(replace(sent, alone=True))
                self._wait()

    def close(self) -> None:
        """Flush and let go of the broker."""
        try:
            self.flush()
        finally:
            self._let_go()

    def _renew(self) -> None:
        # kafka-python 3.0.12 leaves a gap in the partition's sequence numbers where a record was
        # too large, and then reports that same error for every record after it
        if self._gap:
            self._gap = False
            self._close_producer()
            self._producer = self._connect()

    def _send(self, sent: "_Sent") -> None:
        with self._room:
            self._pending += 1
            self._pending_bytes += sent.size
        try:
            future = self._producer.send(
                sent.topic,
                key=sent.key,
                value=sent.value,
                partition=sent.partition,
                timestamp_ms=sent.timestamp,
                # kafka-python takes no null here
                headers=[(name, value or b"") for name, value in sent.headers],
            )
        except MessageSizeTooLargeError as error:
            self._failed(replace(sent, alone=True), error)
        except KafkaError as error:
            self._failed(sent, error)
        else:
            future.add_callback(self._acknowledged, sent)
            future.add_errback(self._failed, sent)

    def _wait(self) -> None:
        # Not the client's flush: with a batch that was split because the broker called it too
        # large it raises "Future not done". The linger sends everything within milliseconds.
        self._wait_until(self._is_settled)
        self._raise_failure()

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        with self._room:
            while not holds():
                # woken by every answer, so that only a silence counts, not a slow line
                if not self._room.wait(timeout=SILENCE_S):
                    self._failure = KafkaTimeoutError(f"no answer for {SILENCE_S:.0f} s")

    def _is_settled(self) -> bool:
        return not self._pending or self._failure is not None

    def _has_room(self) -> bool:
        return self._pending_bytes < MAX_PENDING_BYTES or self._failure is not None

    def _acknowledged(self, sent: "_Sent", metadata: Any) -> None:
        with self._room:
            key = (metadata.topic, metadata.partition)
            self._ends[key] = max(self._ends.get(key, 0), metadata.offset + 1)
            self._done(sent)

    def _failed(self, sent: "_Sent", error: BaseException) -> None:
        with self._room:
            if isinstance(error, _TOO_LARGE) and sent.on_too_large is not None:
                self._gap = True
                self._too_large.append((sent, f"too large for the broker: {error}"))
            else:
                self._failure = self._failure or error
            self._done(sent)

    def _done(self, sent: "_Sent") -> None:
        self._pending -= 1
        self._pending_bytes -= sent.size
        self._room.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            told = str(self._failure).removeprefix(f"{type(self._failure).__name__}: ")
            msg = f"the broker at {self._broker} did not take a record: {told}"
            if isinstance(self._failure, TopicAuthorizationFailedError):
                msg = denied(self._broker, "write to the topic", self._failure.args)
            raise PublishError(msg) from self._failure

    def _let_go(self) -> None:
        self._close_producer()
        self._admin.close()

    def _close_producer(self) -> None:
        # What was not delivered is known by now: no client error may hide it, and without a
        # timeout the client waits for a dead broker for ever.
        with suppress(KafkaError):
            self._producer.close(timeout=0)


def _trouble(broker: Broker, error: BaseException) -> PublishError:
    silent = isinstance(error, RetriableError | OSError)
    if silent and not isinstance(error, BrokerResponseError):
        return NoBrokerError(f"no Kafka broker answers at {broker}")
    return PublishError(f"the broker at {broker} refused: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    topic: str
    key: bytes | None
    value: bytes
    partition: int
    timestamp: int | None
    headers: Headers
    on_too_large: OnTooLarge | None
    alone: bool = False

    @property
    def size(self) -> int:
        return len(self.value) + len(self.key or b"")
