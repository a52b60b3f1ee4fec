"""In which order a worker reads its changelogs: one partition after the other.

Faust asks for those of all partitions at once. Their rows would all be in memory until the
last one is read, and a row takes as much as the state that is made of it. In this order the
state of a partition is built, and its rows are gone, before those of the next one come.
"""

from collections.abc import Collection, Mapping
from typing import Final

from faust.types import TP

# Of a partition a fetch, until all is recovered: what is read ahead of the others lies in memory.
RECOVERY_FETCH_BYTES: Final = 1024 * 1024

Offsets = Mapping[TP, int | None]


class RecoveryOrder:
    """Says which changelogs are read now, and which partitions are done."""

    def __init__(self) -> None:
        self._unread: set[int] = set()

    def look(self, active: Collection[TP], offsets: Offsets, ends: Offsets) -> list[int]:
        """Take in how far changelogs are read; return the partitions done since the last look.

        The last offset of each is in `ends`; what is not in there is not known yet.
        """
        unread = {tp.partition for tp in active if not _is_read(tp, offsets, ends)}
        done = sorted({tp.partition for tp in active} & (self._unread - unread))
        self._unread = unread
        return done

    def turn(self, wanted: set[TP]) -> set[TP]:
        """Return of some changelogs those whose turn it is; all of them where it is nobody's."""
        here = {tp.partition for tp in wanted} & self._unread
        return {tp for tp in wanted if tp.partition == min(here)} if here else wanted


def _is_read(tp: TP, offsets: Offsets, ends: Offsets) -> bool:
    at, end = offsets.get(tp), ends.get(tp)
    return at is not None and end is not None and at >= end
