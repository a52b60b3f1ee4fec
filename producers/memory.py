"""The publisher of tests: keeps in memory what a broker would have taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from producers.errors import PublishError
from producers.publisher import MAX_REQUEST_BYTES
from producers.publishing import Headers, Key, OnTooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One record as the memory publisher keeps it."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int
    timestamp: int | None
    headers: Headers = ()


@dataclass(slots=True, kw_only=True)
class MemoryPublisher:
    """Keeps what is published, in order; refuses values over `max_bytes`."""

    partition_count: int = 8
    max_bytes: int = MAX_REQUEST_BYTES
    published: list[Published] = field(default_factory=list)
    closed: bool = False

    @property
    def ends(self) -> Mapping[Key, int]:
        """Return, per (topic, partition), how many records it took."""
        ends: dict[Key, int] = {}
        for each in self.published:
            ends[each.topic, each.partition] = ends.get((each.topic, each.partition), 0) + 1
        return ends

    def partitions(self, topic: str) -> int:
        """Return the partition count, which every topic shares."""
        del topic
        return self.partition_count

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
        """Keep the record, or refuse it as a broker would."""
        if len(value) <= self.max_bytes:
            self.published.append(
                Published(
                    topic=topic,
                    key=key,
                    value=value,
                    partition=partition,
                    timestamp=timestamp,
                    headers=headers,
                )
            )
        elif on_too_large is not None:
            on_too_large(f"too large for the broker: {len(value)} bytes")
        else:
            msg = f"{topic}: expected at most {self.max_bytes} bytes, was {len(value)}"
            raise PublishError(msg)

    def flush(self) -> None:
        """Do nothing: everything is there already."""

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
