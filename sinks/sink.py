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
    """The offset to read next in one partition, and whose offset it is."""

    next_offset: int
    topic_id: str
    run_id: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one batch came to: records by kind, and the events that are new."""

    bars: int
    observations: int
    states: int
    policies: int
    dead_letters: int
    new_events: list[Fields]

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
