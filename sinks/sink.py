"""What a sink is: the contract between the worker that reads and whatever stores.

Delivery guarantee: the worker reads at least once and a sink stores the rows of
a batch and the positions after it in one step, or neither. So a crash at any
point repeats or loses nothing: the effect is exactly once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from sinks.observation_columns import ObservationBlock

Fields: TypeAlias = dict[str, Any]
TopicPartition: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The offset to read next in one partition, and whose offset it is.

    `epoch` is the greatest that was read before it: the partition's owner then.
    """

    next_offset: int
    topic_id: str
    run_id: str = ""
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Decoded records by kind, in log order within a partition, and where they end.

    Screen, verdict and transitions of a state, and the checks of an event, are JSON texts.
    """

    bars: list[Fields] = field(default_factory=list)
    observations: list[ObservationBlock] = field(default_factory=list)
    states: list[Fields] = field(default_factory=list)
    events: list[Fields] = field(default_factory=list)
    policies: list[Fields] = field(default_factory=list)
    dead_letters: list[Fields] = field(default_factory=list)
    positions: dict[TopicPartition, Position] = field(default_factory=dict)
    # the greatest epoch of each partition up to the batch's end, and the records that a worker
    # wrote which was no longer the partition's owner: they are in no list
    epochs: dict[TopicPartition, int] = field(default_factory=dict)
    displaced: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one batch came to: records by kind, and the events that are new.

    `displaced` records were of a worker that had lost their partition, and are left out.
    """

    bars: int
    observations: int
    states: int
    policies: int
    dead_letters: int
    new_events: list[Fields]
    displaced: int = 0

    @property
    def records(self) -> int:
        """Return the number of rows the batch touched."""
        counts = (self.bars, self.observations, self.states, self.policies, self.dead_letters)
        return sum(counts) + len(self.new_events)


class Sink(Protocol):
    """Where decoded batches go; used by one worker, from one thread."""

    def open(self) -> None:
        """Take the store for this process alone; raise SinkBusyError if it is taken."""

    def positions(self) -> Mapping[TopicPartition, Position]:
        """Return where the stored rows end in each partition."""

    def write(self, batch: Batch) -> Written:
        """Store the rows and the positions of the batch, all or nothing, and durably."""

    def close(self) -> None:
        """Let go of the store; what `write` returned from stays."""
