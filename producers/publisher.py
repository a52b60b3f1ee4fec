"""Hand records to the broker; the only file here that knows a Kafka client.

Delivery: idempotent, acknowledged by all in-sync replicas, in order within a
partition. A record is sent once `flush` has returned; a failure to deliver is
raised by the next call, never dropped.
"""

from collections import deque
from collections.abc import Callable, Mapping
from threading import Condition
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from producers.errors import MissingTopicError, PublishError

LINGER_MS = 20
BATCH_BYTES = 262_144
MAX_REQUEST_BYTES = 1_048_576
# kafka-python 3 has no buffer limit of its own: without this a slow broker fills the memory
MAX_PENDING_BYTES = 32_000_000
BOOTSTRAP_MS = 5_000
REQUEST_MS = 20_000
DELIVERY_MS = 40_000

Key: TypeAlias = tuple[str, int]
OnTooLarge: TypeAlias = Callable[[str], None]


class Publisher(Protocol):
    """Takes records for explicit partitions; nothing is certain before `flush`."""

    @property
    def ends(self) -> Mapping[Key, int]:
        """Return, per (topic, partition), the offset after the last acknowledged record."""

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has; raise MissingTopicError."""

    def publish(
        self,
        topic: str,
        key: bytes | None,
        value: bytes,
        partition: int,
        timestamp: int | None = None,
        *,
        on_too_large: OnTooLarge | None = None,
    ) -> None:
        """Send a record; `on_too_large` hears, in this thread, that the broker refused it."""

    def flush(self) -> None:
        """Return when everything published is acknowledged or refused."""

    def close(self) -> None:
        """Flush and let go of the broker."""


class KafkaPublisher:
    """Publishes by kafka-python's producer; use as a context manager."""

    def __init__(self, producer: Any, admin: Any, broker: str) -> None:
        self._producer = producer
        self._admin = admin
        self._broker = broker
        self._ends: dict[Key, int] = {}
        self._room = Condition()
        self._pending_bytes = 0
        self._failure: BaseException | None = None
        self._too_large: deque[tuple[OnTooLarge, str]] = deque()

    @classmethod
    def connect(cls, broker: str, *, compression: str | None = "lz4") -> Self:
        """Return a publisher on HOST:PORT; raise PublishError where nobody answers."""
        servers = [each.strip() for each in broker.split(",")]
        try:
            producer = KafkaProducer(
                bootstrap_servers=servers,
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
            admin = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=BOOTSTRAP_MS)
        except KafkaTimeoutError as error:
            msg = f"no Kafka broker answers at {broker}"
            raise PublishError(msg) from error
        except (KafkaError, OSError) as error:
            msg = f"the broker at {broker} cannot be used: {error}"
            raise PublishError(msg) from error
        return cls(producer, admin, broker)

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
            self._let_go(0)

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
            msg = f"the broker at {self._broker} does not say what it holds: {error}"
            raise PublishError(msg) from error
        if found["error_code"] or not found["partitions"]:
            msg = (
                f"topic {topic!r} is not on the broker at {self._broker}; "
                "make it with `signal-tracker topics create`"
            )
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
        on_too_large: OnTooLarge | None = None,
    ) -> None:
        """Send a record; `on_too_large` hears, in this thread, that the broker refused it."""
        self._settle()
        size = len(value) + len(key or b"")
        with self._room:
            self._room.wait_for(self._has_room)
            self._pending_bytes += size
        try:
            future = self._producer.send(
                topic, key=key, value=value, partition=partition, timestamp_ms=timestamp
            )
        except KafkaError as error:
            self._failed(size, on_too_large, error)
        else:
            future.add_callback(self._acknowledged, size)
            future.add_errback(self._failed, size, on_too_large)
        self._settle()

    def flush(self) -> None:
        """Return when everything published is acknowledged or refused."""
        with self._room:
            waiting = self._pending_bytes
        if waiting:
            self._flush_producer()
        self._settle()

    def close(self) -> None:
        """Flush and let go of the broker."""
        try:
            self.flush()
        finally:
            self._let_go(None)

    def _flush_producer(self) -> None:
        try:
            self._producer.flush(DELIVERY_MS / 1000 + LINGER_MS)
        except KafkaError as error:
            with self._room:
                self._failure = self._failure or error

    def _has_room(self) -> bool:
        return self._pending_bytes < MAX_PENDING_BYTES or self._failure is not None

    def _acknowledged(self, size: int, metadata: Any) -> None:
        with self._room:
            key = (metadata.topic, metadata.partition)
            self._ends[key] = max(self._ends.get(key, 0), metadata.offset + 1)
            self._pending_bytes -= size
            self._room.notify_all()

    def _failed(self, size: int, on_too_large: OnTooLarge | None, error: BaseException) -> None:
        with self._room:
            self._pending_bytes -= size
            is_too_large = isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError)
            if is_too_large and on_too_large is not None:
                self._too_large.append((on_too_large, f"too large for the broker: {error}"))
            else:
                self._failure = self._failure or error
            self._room.notify_all()

    def _settle(self) -> None:
        while self._too_large:
            on_too_large, reason = self._too_large.popleft()
            on_too_large(reason)
        if self._failure is not None:
            msg = f"the broker at {self._broker} did not take a record: {self._failure}"
            raise PublishError(msg) from self._failure

    def _let_go(self, timeout: float | None) -> None:
        self._producer.close(timeout=timeout)
        self._admin.close()
