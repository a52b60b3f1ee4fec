"""A chunk that is never finished, though the group confirms this worker: it has to begin anew.

Between its fetcher and its agents Faust lets go of what it takes for another generation's, and
relies on a rebalance to read it again. Where none comes, a partition stands still.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from streams.chunks import ChunkOffsets
from streams.lease import Lease, awake_seconds

Partition: TypeAlias = tuple[str, int]

# A chunk takes a fraction of a second, its effects an answer of the broker.
STALL_SECONDS: Final = 40.0
# Each commit looks, twice a second. Time in which nobody did is the broker's: a commit waits for it
# before it looks.
_UNSEEN_SECONDS: Final = 5.0


class StalledError(Exception):
    """Say which chunk was not finished."""


class Stalls:
    """Sees how long the first chunk of each partition has been the first one."""

    def __init__(
        self,
        lease: Lease,
        seconds: float = STALL_SECONDS,
        clock: Callable[[], float] = awake_seconds,
    ) -> None:
        self._lease = lease
        self._seconds = seconds
        self._clock = clock
        self._since: dict[Partition, tuple[int, float]] = {}
        self._looked = float("-inf")

    def look(self, chunks: Iterable[tuple[Partition, ChunkOffsets]]) -> None:
        """Raise StalledError where a chunk has been the first one for too long.

        Only while the group confirms this worker: a broker that is away is waited for.
        """
        now = self._clock()
        before, self._since = self._since, {}
        if now - self._looked > _UNSEEN_SECONDS:
            before = {}
        self._looked = now
        if not self._lease.holds:
            return
        for tp, each in chunks:
            head = each.head
            if head is None:
                continue
            known = before.get(tp)
            since = known[1] if known is not None and known[0] == head else now
            self._since[tp] = (head, since)
            if now - since >= self._seconds:
                why = "its effects are not durable" if each.is_finished(head) else "not processed"
                msg = f"{tp[0]}[{tp[1]}] stands still before {head + 1}: {why}"
                raise StalledError(msg)
