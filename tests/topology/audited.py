"""An audit of a topology's log beside the database that was made of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.topics import INBOUND, OUTBOUND, Topic
from signal_tracker.auditing import Audit, Look, Outcome
from sinks.differences import Comparison, Difference
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import reading
from streams.inbound import Chunk
from tests.topology.driver import Topology
from tests.topology.log import Log

Offsets = Mapping[tuple[str, int], int]


class HeldLog:
    """A log in memory as an audit reads it; the first records of a topic may be gone."""

    prefix = ""

    def __init__(self, log: Log, partitions: int, gone: Offsets | None = None) -> None:
        self.partitions = partitions
        self._log = log
        self._gone = gone or {}

    def beginning(self, topic: Topic, partition: int) -> int:
        return self._gone.get((topic.name, partition), 0)

    def chunks(self, topic: Topic, partition: int, start: int, end: int) -> Iterator[Chunk]:
        entries = self._log.entries[topic.name, partition]
        start = max(start, self.beginning(topic, partition))
        for at in range(start, end, 37):
            yield Chunk(topic.name, partition, entries[at : min(at + 37, end)])


class Audited:
    """What one audit found."""

    def __init__(self, topology: Topology, folder: Path, **changes: Any) -> None:
        self.found: list[Difference] = []
        self.comparison = Comparison(self.found.append)
        log = HeldLog(topology.log, topology.delivery.partitions, changes.get("gone"))
        outputs = ends_of(topology, OUTBOUND)
        look = Look(
            committed=changes.get("committed", topology.committed),
            stored=changes.get("stored", outputs),
            input_ends=ends_of(topology, INBOUND),
            output_ends=outputs,
        )
        with reading(folder / DATABASE) as connection:
            audit = Audit(log, look, topology.rules, connection, self.comparison)
            self.outcome: Outcome = audit.run()

    @property
    def told(self) -> list[tuple[Any, ...]]:
        """Table, key and column of each difference."""
        return [(each.table, each.key, each.column) for each in self.found]


def ends_of(topology: Topology, topics: tuple[Topic, ...]) -> dict[tuple[str, int], int]:
    entries = topology.log.entries
    return {
        (topic.name, partition): len(entries[topic.name, partition])
        for topic in topics
        for partition in range(topology.delivery.partitions)
    }
