"""What a publisher is to those who publish; `publisher` has the one that meets Kafka."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

Key: TypeAlias = tuple[str, int]
OnTooLarge: TypeAlias = Callable[[str], None]
Headers: TypeAlias = Sequence[tuple[str, bytes | None]]


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
        headers: Headers = (),
        on_too_large: OnTooLarge | None = None,
    ) -> None:
        """Send a record; `on_too_large` hears, in this thread, that the broker refused it."""

    def flush(self) -> None:
        """Return when everything published is acknowledged or refused."""

    def close(self) -> None:
        """Flush and let go of the broker."""
