"""What is still on its way between topics, worker and sink: of that no row can be expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from schemas import topics
from schemas.codec import decode_fields
from schemas.errors import DecodeError
from schemas.topics import INBOUND, OUTBOUND, Topic, prefixed
from sinks.differences import Key
from streams.inbound import Chunk
from streams.refolding import tickers_in

Offsets: TypeAlias = Mapping[tuple[str, int], int]


class Log(Protocol):
    """The topics of a pipeline, read a partition at a time."""

    prefix: str
    partitions: int

    def beginning(self, topic: Topic, partition: int) -> int:
        """Return the first offset that a partition still holds."""

    def chunks(self, topic: Topic, partition: int, start: int, end: int) -> Iterator[Chunk]:
        """Yield the records from an offset up to before another, some at a time."""


@dataclass(slots=True, kw_only=True)
class Unsettled:
    """Tickers with records on their way; dead letters and policies that the sink will read."""

    tickers: set[str] = field(default_factory=set)
    dead_letters: set[Key] = field(default_factory=set)
    policies: set[str] = field(default_factory=set)


def lag(reached: Offsets, ends: Offsets) -> dict[tuple[str, int], int]:
    """Return how many records are still to come, of the partitions that have some."""
    behind = {tp: end - reached.get(tp, 0) for tp, end in ends.items()}
    return {tp: each for tp, each in behind.items() if each}


def find_unsettled(
    log: Log, inputs: tuple[Offsets, Offsets], outputs: tuple[Offsets, Offsets]
) -> Unsettled:
    """Return what lies between what was reached and the ends, of inputs and outputs."""
    found = Unsettled()
    for topic in INBOUND:
        for chunk in _between(log, topic, *inputs):
            found.tickers |= tickers_in(topic, chunk, log.partitions)
    for topic in OUTBOUND:
        for chunk in _between(log, topic, *outputs):
            for value in chunk.values():
                _note(topic, value, found)
    return found


def _between(log: Log, topic: Topic, reached: Offsets, ends: Offsets) -> Iterator[Chunk]:
    for partition in range(log.partitions):
        tp = prefixed(log.prefix, topic), partition
        start = max(reached.get(tp, 0), log.beginning(topic, partition))
        yield from log.chunks(topic, partition, start, ends.get(tp, 0))


def _note(topic: Topic, value: bytes | None, into: Unsettled) -> None:
    try:
        _, content = decode_fields(value or b"")
    except DecodeError:
        return
    if topic is topics.DEAD_LETTERS:
        into.dead_letters.add(_key(content))
    elif topic is topics.POLICIES:
        into.policies.add(content.get("policy_hash", ""))
    elif topic is not topics.VALIDATION_EVENTS and "ticker" in content:
        into.tickers.add(content["ticker"])


def _key(letter: Mapping[str, Any]) -> Key:
    index = letter.get("index")
    index = -1 if index is None else index
    return letter.get("topic"), letter.get("partition"), letter.get("offset"), index
