"""Which offset of a partition may be committed, where records come in chunks.

Pure bookkeeping, apart from Faust's own, which would commit one chunk per
commit interval (it looks for gaps of single offsets).
"""

from collections import deque
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
    """The chunks of one partition on their way, in order of their last offsets.

    A chunk counts as finished only when its agent has said so: Faust itself
    acknowledges what an agent lets go, be it by an exception or a cancellation.
    """

    def __init__(self) -> None:
        self._last: deque[int] = deque()
        self._finished: dict[int, Effect | None] = {}

    def push(self, first: int, last: int) -> None:
        """Note a chunk, in the place of those that overlap it.

        After a seek back the records come again, cut elsewhere.
        """
        while self._last and self._last[-1] >= first:
            self._finished.pop(self._last.pop(), None)
        self._last.append(last)

    def finish(self, last: int, effect: Effect | None = None) -> None:
        """Note that a chunk is processed; no commit passes it before its effect is durable."""
        # A chunk that was replaced may still be under way.
        if last in self._last:
            self._finished[last] = effect

    @property
    def head(self) -> int | None:
        """Return the last offset of the first chunk that no commit may pass yet."""
        return self._last[0] if self._last else None

    def is_finished(self, last: int) -> bool:
        """Say whether a chunk is processed, be its effect durable or not."""
        return last in self._finished

    def committable(self, committed: int | None) -> int | None:
        """Return the offset up to which everything is finished and durable, if it moved."""
        new: int | None = None
        while self._last:
            head = self._last[0]
            # A chunk that an earlier commit has overtaken is never finished.
            overtaken = committed is not None and head < committed
            if not overtaken and not self._durable(head):
                break
            self._last.popleft()
            self._finished.pop(head, None)
            if not overtaken:
                new = head + 1
        return new

    def _durable(self, offset: int) -> bool:
        if offset not in self._finished:
            return False
        effect = self._finished[offset]
        if effect is None:
            return True
        return effect.done() and not effect.cancelled() and effect.exception() is None
