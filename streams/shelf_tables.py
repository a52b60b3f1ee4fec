"""Tables whose rows stand on a shelf: they stay when a worker stops or a partition moves."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from faust.types import TP, EventT

from streams.sending import Outgoing
from streams.shelf import Shelf
from streams.tables import PartitionStore, let_go, records_of


class ShelfStore(PartitionStore):
    """Rows on disk. What the state was built of stays there, and what it writes goes there."""

    def __init__(self, shelf: Shelf, *args: Any, **kwargs: Any) -> None:
        self._shelf = shelf
        self._later: set[int] = set()
        super().__init__(*args, **kwargs)

    def take(self, partition: int) -> dict[bytes, bytes]:
        """Return the rows, unless none came since they were last taken; raise ShelfError."""
        self._shelf.check()
        if partition in self.taken and partition not in self._later:
            return {}
        self.taken.add(partition)
        self._later.discard(partition)
        return self.rows(partition)

    def drop(self, partition: int) -> None:
        """Forget that the state was built; the rows stay, for when the partition returns."""
        self.taken.discard(partition)
        self._later.discard(partition)

    def rows(self, partition: int) -> dict[bytes, bytes]:
        """Return the rows of a partition."""
        return dict(self._shelf.rows(partition, self.table_name))

    def written(self, partition: int, rows: Collection[Outgoing], offset: int) -> None:
        """Put rows that are durable as the last records of the changelog up to an offset.

        Where a record of somebody else stands before them, which this worker has not read, they
        stay away: the next recovery then begins before it.
        """
        held = self._shelf.offset(partition, self.table_name)
        if offset - len(rows) == (-1 if held is None else held):
            found = [(key, value) for key, value, _ in rows]
            self._shelf.write(partition, self.table_name, found, offset)

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT[Any]],
        to_key: Callable[[Any], Any],
        to_value: Callable[[Any], Any],
    ) -> None:
        """Put rows of the changelog, during recovery or as a standby."""
        for event in batch:
            message = event.message
            held = self._shelf.offset(message.partition, self.table_name)
            if held is None or message.offset > held:
                rows = [(each.key, each.value) for each in records_of(message)]
                self._shelf.write(message.partition, self.table_name, rows, message.offset)
                self._later.add(message.partition)
            let_go(message)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Keep the rows of partitions that are no longer here."""

    def persisted_offset(self, tp: TP) -> int | None:
        """Return up to where the rows are here."""
        return self._shelf.offset(tp.partition, self.table_name)

    def _clear(self) -> None:
        self.taken.clear()
        self._later.clear()


def stores_on(shelf: Shelf) -> Callable[..., PartitionStore]:
    """Return what makes the store of a table on a shelf."""
    return partial(ShelfStore, shelf)


def is_of(shelf: Shelf, ids: Mapping[str, str]) -> bool:
    """Say whether rows are of the changelogs with these ids, by table; empty ones are of any."""
    return not shelf.offsets() or dict(shelf.sources) == dict(ids)


def ahead_of(shelf: Shelf, ends: Mapping[tuple[str, int], int]) -> list[int]:
    """Return the partitions of which some changelog ends before what was read of it.

    The ends are by table and partition.
    """
    found = shelf.offsets().items()
    return sorted({place[1] for place, at in found if at >= ends.get(place, 0)})
