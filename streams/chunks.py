"""Which offset of a partition may be committed, where records come in chunks.

Pure bookkeeping, apart from Faust's own, which would commit one chunk per
commit interval (it looks for gaps of single offsets).
"""

from collections import deque
from collections.abc import Collection
from typing import Protocol


class Effect(Protocol):
    """Something that has to be durable before an offset may pass; a future."""

    def done(self) -> bool:
        """Say whether it is decided."""

    def cancelled(self) -> bool:
        """Say whether it was given up."""

    def exception(self) -> BaseException | None:
        """Return why it failed, if it did."""


class ChunkOffsets:
    """The chunks of one partition on their way, in order of their last offsets."""

    def __init__(self) -> None:
        self._last: deque[int] = deque()
        self._done: set[int] = set()
        self._effects: dict[int, Effect] = {}

    def push(self, first: int, last: int) -> list[int]:
        """Note a chunk; return the offsets of overlapping ones that it replaces.

        After a seek back the records come again, cut elsewhere.
        """
        replaced = []
        while self._last and self._last[-1] >= first:
            replaced.append(self._last.pop())
        self._done.difference_update(replaced)
        for offset in replaced:
            self._effects.pop(offset, None)
        self._last.append(last)
        return replaced

    def hold(self, last: int, effect: Effect) -> None:
        """Keep a chunk from being committed before its effect is durable."""
        self._effects[last] = effect

    def acknowledge(self, offsets: Collection[int]) -> None:
        """Note the chunks that the stream has finished."""
        self._done.update(offsets)

    def committable(self, committed: int | None) -> int | None:
        """Return the offset up to which everything is finished and durable, if it moved."""
        new: int | None = None
        while self._last:
            head = self._last[0]
            # A chunk that an earlier commit has overtaken is never acknowledged.
            overtaken = committed is not None and head < committed
            if not overtaken and not (head in self._done and self._durable(head)):
                break
            self._last.popleft()
            self._done.discard(head)
            self._effects.pop(head, None)
            if not overtaken:
                new = head + 1
        return new

    def _durable(self, offset: int) -> bool:
        effect = self._effects.get(offset)
        if effect is None:
            return True
        return effect.done() and not effect.cancelled() and effect.exception() is None
