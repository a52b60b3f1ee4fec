"""The state of a worker's partitions: built from the tables' rows, then the only copy of them."""

from collections.abc import Iterable, Mapping

from streams.domain.tracker import PartitionTracker, Rules
from streams.epochs import stored_epoch
from streams.rows import all_rows, restore
from streams.tables import EPOCHS, PartitionTable


class Trackers:
    """A tracker a partition; one that stays here through a rebalance is not built anew."""

    def __init__(self, rules: Rules, table_of: Mapping[str, PartitionTable]) -> None:
        self._rules = rules
        self._tables = table_of
        self._held: dict[int, PartitionTracker] = {}
        self._new: set[int] = set()

    def of(self, partition: int) -> PartitionTracker:
        """Return the tracker of a partition."""
        if partition not in self._held:
            self._build(partition)
        return self._held[partition]

    def take_over(self, partitions: Iterable[int]) -> dict[int, PartitionTracker]:
        """Hold just these partitions; return the trackers of those that are new here.

        Raise StateError where the rows of one are unusable.
        """
        mine = set(partitions)
        for gone in self._held.keys() - mine:
            del self._held[gone]
            for table in self._tables.values():
                table.drop(gone)
        for partition in sorted(mine):
            self._build(partition)
        self._new &= mine
        return {number: self._held[number] for number in sorted(self._new)}

    def raised(self, partitions: Iterable[int]) -> None:
        """Note that the epochs of these are durable: until then each take-over raises them."""
        self._new -= set(partitions)

    def prepare(self, partition: int) -> None:
        """Build the state of a partition whose rows are here, while others are still read.

        Raise StateError where they are unusable.
        """
        self._build(partition)

    def _build(self, partition: int) -> None:
        new = {name: table.take(partition) for name, table in self._tables.items()}
        held = self._held.get(partition)
        if held is not None:
            if not any(new.values()):
                return
            # Another worker had the partition in between: its rows are the later ones.
            rows: dict[str, dict[bytes, bytes]] = {name: {} for name in new}
            for name, key, value in all_rows(held):
                rows[name][key] = value
            new = {name: {**rows[name], **found} for name, found in new.items()}
        tracker = PartitionTracker(self._rules, stored_epoch(new[EPOCHS]))
        restore(tracker, new)
        self._held[partition] = tracker
        self._new.add(partition)
