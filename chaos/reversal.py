"""The worker with the durability order reversed: a build that the harness must see through.

An offset is committed as soon as its chunk was read, and the effects follow later. The
harness must find what that loses. Only `chaos.launch` starts a worker in this way.
"""

import asyncio
from typing import Any

from streams.chunks import ChunkOffsets, Effect
from streams.domain.effects import Effects
from streams.domain.tracker import PartitionTracker
from streams.outbox import Outbox

# Longer than the half second between two commits, so that these are always ahead.
_LATE_SECONDS = 1.0


def reverse() -> None:
    """Let commits pass before what they rest on."""
    push, finish, publish = ChunkOffsets.push, ChunkOffsets.finish, Outbox.publish

    def push_as_done(self: ChunkOffsets, first: int, last: int) -> None:
        push(self, first, last)
        finish(self, last)

    def ignore(self: ChunkOffsets, last: int, effect: Effect | None = None) -> None:
        """Take no effect into account."""
        del self, last, effect

    async def publish_late(
        self: Outbox, partition: int, tracker: PartitionTracker, effects: Effects
    ) -> "asyncio.Future[Any] | None":
        await asyncio.sleep(_LATE_SECONDS)
        return await publish(self, partition, tracker, effects)

    ChunkOffsets.push = push_as_done  # type: ignore[method-assign]
    ChunkOffsets.finish = ignore  # type: ignore[method-assign]
    Outbox.publish = publish_late  # type: ignore[method-assign]
