"""Records of the inbound topics to what the domain takes, many at once.

Every element is judged alone: good ones go on, one whose ticker belongs to
another partition is sent there, bad ones become dead letters with their reason.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Self, TypeVar

from schemas.codec import decode_inbound, encode
from schemas.errors import DecodeError
from schemas.records import DeadLetter, RecordHeader
from schemas.topics import Topic, partition_of

MAX_DEAD_BYTES = 256 * 1024
MAX_KEY_BYTES = 64 * 1024
MAX_HEADER_BYTES = 64 * 1024

T = TypeVar("T")


class Source(NamedTuple):
    """Where a record was read: what Kafka says of it, and its bytes."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Chunk(Sequence[Source]):
    """Records of one partition in order, as the consumer read them.

    `records` are whatever has an offset, a timestamp, a key and a value, and perhaps headers:
    what makes a `Source` of one is only what looks at it alone.
    """

    __slots__ = ("partition", "records", "topic")

    def __init__(self, topic: str, partition: int, records: Sequence[Any]) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records

    @classmethod
    def of(cls, records: Sequence[Any]) -> Self:
        """Return a chunk as it is, or one of records that name their topic and partition."""
        if isinstance(records, cls):
            return records
        return cls(records[0].topic, records[0].partition, records)

    @classmethod
    def joined(cls, chunks: Iterable["Chunk"]) -> Self:
        """Return the records of several chunks of one partition as one."""
        parts = list(chunks)
        records = [record for part in parts for record in part.records]
        return cls(parts[0].topic, parts[0].partition, records)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.records)

    def __getitem__(self, at: Any) -> Any:
        """Return one record."""
        return self._source(self.records[at])

    def __iter__(self) -> Iterator[Source]:
        """Yield the records one by one."""
        return map(self._source, self.records)

    def cut(self, most: int) -> Iterator["Chunk"]:
        """Yield the records in chunks of at most so many."""
        for at in range(0, len(self.records), most):
            yield Chunk(self.topic, self.partition, self.records[at : at + most])

    def let_go(self) -> None:
        """Forget the records: Faust holds on to an agent's last event until the next one comes."""
        self.records = ()

    def values(self) -> list[bytes | None]:
        """Return the values of all records."""
        return [each.value for each in self.records]

    def _source(self, each: Any) -> Source:
        headers = getattr(each, "headers", ())
        return Source(
            self.topic,
            self.partition,
            each.offset,
            each.timestamp or 0,
            each.key,
            each.value,
            headers,
        )


class Reroute(NamedTuple):
    """An element for another partition of the same topic, with its original time."""

    partition: int
    key: bytes
    value: bytes
    timestamp_ms: int


@dataclass(slots=True)
class Sorted(Generic[T]):
    """What a chunk held: good elements, elements for elsewhere, and dead letters.

    `times_ms` are the Kafka times of the good ones.
    """

    good: list[T] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    reroutes: list[Reroute] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


def sort_records(chunk: Iterable[Source], topic: Topic, partitions: int) -> Sorted[Any]:
    """Return the elements of a chunk of signals, actions or decisions."""
    found: Sorted[Any] = Sorted()
    for source in chunk:
        for index, element in decode_inbound(source.value, topic.records):
            if isinstance(element, DecodeError):
                found.dead.append(dead_letter(source, index, element))
            else:
                place(source, element, partitions, found)
    return found


def place(source: Source, element: Any, partitions: int, into: Sorted[Any]) -> None:
    """Put a good element where it belongs: here, or on its ticker's partition."""
    home = partition_of(element.ticker, partitions)
    if home == source.partition:
        into.good.append(element)
        into.times_ms.append(source.timestamp_ms)
    else:
        into.reroutes.append(reroute(source, element, home))


def reroute(source: Source, element: Any, home: int) -> Reroute:
    """Return an element on its way to its ticker's partition."""
    return Reroute(home, element.ticker.encode(), encode(element), source.timestamp_ms)


def dead_letter(source: Source, index: int | None, error: DecodeError) -> DeadLetter:
    """Return the dead letter of a record, or of one element of it with its own JSON."""
    value = (source.value or b"") if error.element is None else error.element
    return DeadLetter(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        index=index,
        error_class=error.error_class,
        message=str(error),
        timestamp_ms=source.timestamp_ms,
        key=source.key[:MAX_KEY_BYTES] if source.key is not None else None,
        value=value[:MAX_DEAD_BYTES],
        original_size=len(value),
        headers=list(_kept_headers(source.headers)),
    )


def _kept_headers(headers: Iterable[tuple[str, bytes | None]]) -> Iterator[RecordHeader]:
    # A dead letter has to stay below the broker's limit of a record, whatever came with it.
    size = 0
    for name, value in headers:
        size += len(name.encode(errors="replace")) + len(value or b"")
        if size > MAX_HEADER_BYTES:
            return
        yield RecordHeader(name=name.encode(errors="replace").decode(), value=value)
