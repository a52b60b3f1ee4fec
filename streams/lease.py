"""Whether this worker still owns its partitions: as long as its group has confirmed it.

The coordinator gives a member's partitions away when it has heard nothing of it for the
session timeout. A process that was stopped for that long (SIGSTOP, a suspended machine, a
cloud that moves it) does not know when it wakes up, and would write what it had at hand
behind the next owner's rows. So nothing is sent to the broker that was not confirmed in
the last session timeout: it waits for the group's next answer, and where that says that
the partitions are gone, nothing of it is ever sent.

The clock is that of the edges; it runs while the machine sleeps, where the system has one
that does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

_NO_ERROR: Final = 0
_REBALANCING: Final = 27
_LOOK_SECONDS: Final = 0.02


class EndedError(KafkaError):  # type: ignore[misc]  # aiokafka has no types for it
    """Say that the worker stopped before its group had confirmed it once more."""

    retriable = False


class DisplacedError(KafkaError):  # type: ignore[misc]  # aiokafka has no types for it
    """Say that the partitions went to another worker while this one was away."""

    retriable = False


def awake_seconds() -> float:
    """Return the seconds of a clock that does not stand still while the machine sleeps."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class Lease:
    """Until when the group is sure to leave this worker its partitions; shared by two threads.

    `session` is the group's session timeout, `rebalance` how long it waits for a member
    that it has asked to join anew, in seconds.
    """

    def __init__(
        self, session: float, rebalance: float, clock: Callable[[], float] = awake_seconds
    ) -> None:
        self._session = session
        self._rebalance = rebalance
        self._clock = clock
        self._until = float("-inf")
        self._asked_to_join: float | None = None
        self._is_lost = False
        self._is_last = False

    @property
    def holds(self) -> bool:
        """Say whether the group's last answer is young enough."""
        return not self._is_lost and self._clock() < self._until

    @property
    def is_lost(self) -> bool:
        """Say whether the group no longer counts this worker among its members."""
        return self._is_lost

    def begin(self) -> None:
        """Forget a loss: partitions were assigned anew, and nothing older is on its way."""
        self._is_lost = False

    def lose(self) -> None:
        """Note that the group no longer counts this worker among its members."""
        self._is_lost = True

    def end(self) -> None:
        """Note that the worker stops: nobody asks the group for another answer."""
        self._is_last = True

    async def watch(self, request: Any, send: Callable[[Any], Awaitable[Any]]) -> Any:
        """Send a request to the coordinator and learn from its answer."""
        # The coordinator counts from when it heard us, which was after this.
        asked = self._clock()
        response = await send(request)
        if isinstance(request, (HeartbeatRequest, SyncGroupRequest)):
            self._heard(asked, response.error_code)
        return response

    async def guard(self, request: Any) -> None:
        """Wait until a request may go to the broker; raise where it never may.

        DisplacedError: the partitions went elsewhere. EndedError: the worker stops.
        """
        while isinstance(request, ProduceRequest) and not self.holds:
            if self._is_lost:
                msg = "its partitions went to another worker while this one was away"
                raise DisplacedError(msg)
            if self._is_last:
                msg = "the worker stopped before its group had confirmed it once more"
                raise EndedError(msg)
            await asyncio.sleep(_LOOK_SECONDS)

    def _heard(self, asked: float, error_code: int) -> None:
        if error_code == _NO_ERROR:
            self._asked_to_join = None
            self._until = asked + self._session
        elif error_code == _REBALANCING:
            self._asked_to_join = asked if self._asked_to_join is None else self._asked_to_join
            self._until = min(asked + self._session, self._asked_to_join + self._rebalance)


def watch_coordinator(coordinator: Any, lease: Lease) -> None:
    """Let a lease learn from what a group coordinator of aiokafka is told."""
    send, reset = coordinator._send_req, coordinator.reset_generation  # noqa: SLF001 - no hooks

    async def watched(request: Any) -> Any:
        return await lease.watch(request, send)

    def lost() -> None:
        # A worker that stops keeps its partitions until its session has timed out.
        if coordinator._closing.done():  # noqa: SLF001 - as above
            lease.end()
        else:
            lease.lose()
        reset()

    coordinator._send_req = watched  # noqa: SLF001 - as above
    coordinator.reset_generation = lost


def guard_producer(producer: Any, lease: Lease) -> None:
    """Let a producer of aiokafka send records only while a lease holds; once is enough."""
    send = producer.client.send
    if getattr(send, "lease", None) is lease:
        return

    async def guarded(node_id: Any, request: Any, **kwargs: Any) -> Any:
        await lease.guard(request)
        return await send(node_id, request, **kwargs)

    guarded.lease = lease  # type: ignore[attr-defined]
    producer.client.send = guarded
