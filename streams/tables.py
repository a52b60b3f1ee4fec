"""The worker's Faust tables, and the rows in them.

Keys and values are bytes. The store keeps the rows of each partition apart, and
only until the state is built of them: from then on the state is the one copy, and
what changes in it goes to the changelog. A partition that moved away leaves
nothing behind.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, cast

import faust
from faust.stores import base
from faust.types import TP, EventT

from streams.inbound import Chunk
from streams.sending import Outgoing

OPEN_BARS = "open_bars_by_ticker"
CLOSED_BARS = "closed_bars_by_session"
SIGNALS = "signals_by_ticker"
DECISIONS = "decisions_by_signal"
ACTIONS = "corporate_actions_by_ticker"
EPOCHS = "epochs_by_partition"

# What is durable before what, within a chunk: a signal's row, which says what was told of it,
# before the bars, decisions and actions that it was told for; a closed bar's row before the bar
# leaves the open ones.
WRITE_ORDER = ((SIGNALS,), (CLOSED_BARS, DECISIONS, ACTIONS), (OPEN_BARS,))
TABLE_NAMES = (SIGNALS, CLOSED_BARS, DECISIONS, ACTIONS, OPEN_BARS, EPOCHS)

# Of a changelog, before they are taken. Faust lets a worker whose tables have 1 here read its own
# changelogs back for ever: its rows would be here twice.
RECOVERY_CHUNKS = 2


def records_of(message: Any) -> Iterable[Any]:
    """Return the changelog records that came as one message."""
    value = message.value
    return value.records if isinstance(value, Chunk) else (message,)


def let_go(message: Any) -> None:
    """Forget the records of a message that was taken in."""
    if isinstance(message.value, Chunk):
        message.value.let_go()


class PartitionStore(base.Store[bytes, bytes]):
    """Rows in memory, by partition; recovered from the changelog."""

    def __post_init__(self) -> None:
        """Start without rows."""
        self.partitions: dict[int, dict[bytes, bytes]] = {}
        self.offsets: dict[int, int] = {}
        self.taken: set[int] = set()

    def take(self, partition: int) -> dict[bytes, bytes]:
        """Hand over the rows that came since they were last taken; no longer keep any."""
        self.taken.add(partition)
        return self.partitions.pop(partition, {})

    def drop(self, partition: int) -> None:
        """Forget a partition, so that recovery begins at its beginning."""
        self.taken.discard(partition)
        self.partitions.pop(partition, None)
        self.offsets.pop(partition, None)

    def rows(self, partition: int) -> dict[bytes, bytes]:
        """Return the rows of a partition."""
        return self.partitions.setdefault(partition, {})

    def reached(self, partition: int, offset: int) -> None:
        """Note that the rows hold the changelog of a partition up to an offset."""
        self.offsets[partition] = max(offset, self.offsets.get(partition, offset))

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT[Any]],
        to_key: Callable[[Any], Any],
        to_value: Callable[[Any], Any],
    ) -> None:
        """Take rows from the changelog, during recovery."""
        for event in batch:
            message = event.message
            rows = self.rows(message.partition)
            self.reached(message.partition, message.offset)
            for record in records_of(message):
                if record.key is None:
                    continue
                if record.value is None:
                    rows.pop(record.key, None)
                else:
                    rows[record.key] = record.value
            let_go(message)

    def written(self, partition: int, rows: Collection[Outgoing], offset: int) -> None:
        """Note rows that are durable as the last records of the changelog up to an offset."""
        if partition not in self.taken:
            self.rows(partition).update((key or b"", value) for key, value, _ in rows)
        self.reached(partition, offset)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Forget the partitions that are no longer here."""
        here = {tp.partition for tp in active_tps | standby_tps}
        self.partitions = {p: rows for p, rows in self.partitions.items() if p in here}
        self.offsets = {p: offset for p, offset in self.offsets.items() if p in here}
        self.taken &= here

    def persisted_offset(self, tp: TP) -> int | None:
        """Return up to where the rows are here: recovery of a partition that stays goes on there.

        Faust refuses a changelog that ends before it: the broker has lost what was read.
        """
        if tp.partition in self.taken and tp in self.app.assignor.assigned_standbys():
            # Its rows went into the state, which a standby does not keep.
            self.drop(tp.partition)
        return self.offsets.get(tp.partition)

    def reset_state(self) -> None:
        """Do nothing: there is no local state."""

    async def backup_partition(
        self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1
    ) -> None:
        """Do nothing: there is no local state."""

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:
        """Do nothing: there is no local state."""

    def __getitem__(self, key: bytes) -> bytes:
        """Return a row of any partition."""
        for rows in self.partitions.values():
            if key in rows:
                return rows[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the keys of all partitions."""
        for rows in self.partitions.values():
            yield from rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(len(rows) for rows in self.partitions.values())

    def __setitem__(self, key: bytes, value: bytes) -> None:
        """Refuse: rows are put with their partition, by the outbox."""
        raise NotImplementedError

    def __delitem__(self, key: bytes) -> None:
        """Refuse: rows are never deleted."""
        raise NotImplementedError

    def _clear(self) -> None:
        self.partitions.clear()
        self.offsets.clear()
        self.taken.clear()


class PartitionTable(faust.Table[bytes, bytes]):
    """A Faust table whose rows are written in bulk.

    The caller writes them to the changelog topic, acknowledges nothing before they are
    durable there, and says so by `written`.
    """

    make_store: Callable[..., PartitionStore] = PartitionStore

    @property
    def changelog_name(self) -> str:
        """Return the name of the changelog topic."""
        return str(self.changelog_topic.get_topic_name())

    def take(self, partition: int) -> dict[bytes, bytes]:
        """Hand over the rows of a partition; see `PartitionStore.take`."""
        return cast(PartitionStore, self.data).take(partition)

    def drop(self, partition: int) -> None:
        """Forget a partition whose state is no longer here; the rows of a standby stay."""
        store = cast(PartitionStore, self.data)
        if partition in store.taken:
            store.drop(partition)

    def written(self, partition: int, rows: Collection[Outgoing], offset: int) -> None:
        """Note what is durable in the changelog; see `PartitionStore.written`."""
        cast(PartitionStore, self.data).written(partition, rows, offset)

    def rows(self, partition: int) -> dict[bytes, bytes]:
        """Return the rows of a partition."""
        return cast(PartitionStore, self.data).rows(partition)

    def _new_store(self) -> PartitionStore:
        return self.make_store(
            "memory://",
            self.app,
            self,
            table_name=self.name,
            key_type=bytes,
            value_type=bytes,
            loop=self.loop,
        )


def declare_tables(
    app: faust.App,
    partitions: int,
    make_store: Callable[..., PartitionStore] = PartitionStore,
) -> dict[str, PartitionTable]:
    """Return the tables of the worker, added to the app."""
    found = {
        name: PartitionTable(
            app,
            name=name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=RECOVERY_CHUNKS,
        )
        for name in TABLE_NAMES
    }
    for table in found.values():
        table.make_store = make_store
        app.tables.add(table)
    return found
