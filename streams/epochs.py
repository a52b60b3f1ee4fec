"""The epoch of a partition: raised by each worker that takes it over, before it tells anything.

Outputs carry it. Of a worker that did not know that its partition had moved, whatever
was already under way can reach a topic behind the next owner's; a reader drops what has
a lower epoch than it has seen in that partition of that topic.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from streams.domain.tracker import PartitionTracker
from streams.sending import Message, Sender
from streams.tables import PartitionTable

KEY: Final = b"epoch"
NONE: Final = 0

# The greatest epoch that the topics hold of each of these partitions.
Told = Callable[[Iterable[int]], Awaitable[Mapping[int, int]]]


def stored_epoch(rows: Mapping[bytes, bytes]) -> int:
    """Return the epoch in a partition's rows of the table, NONE without one."""
    return int(rows.get(KEY, b"0"))


class Epochs:
    """Raises the epochs of partitions and keeps them in their table."""

    def __init__(self, sender: Sender, table: PartitionTable, told: Told) -> None:
        self._sender = sender
        self._table = table
        self._told = told

    async def raise_of(self, taken: Mapping[int, PartitionTracker]) -> None:
        """Give each tracker its partition's next epoch; return when that is durable.

        A group that is new to old topics has no rows: it begins behind what they hold.
        """
        new = [number for number, tracker in taken.items() if tracker.epoch == NONE]
        told = await self._told(new) if new else {}
        changelog = self._table.changelog_name
        rows = []
        for number, tracker in taken.items():
            tracker.epoch = max(tracker.epoch, told.get(number, NONE)) + 1
            rows.append(Message(changelog, number, KEY, str(tracker.epoch).encode()))
        written = {row.partition: [(KEY, row.value, None)] for row in rows}
        for (_, number), offset in (await self._sender.deliver(rows)).items():
            self._table.written(number, written[number], offset)
