"""Faults as they happen: each picks whom it befalls, and some end by themselves later."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.cluster import BROKERS, Cluster
from chaos.disk import Disk
from chaos.parts import Part, up
from chaos.plan import Kind

# Above the default of six seconds: a machine of two cores runs three brokers and seven of ours.
SESSION_SECONDS = 10.0
_MOVES_S = (-2 * 86_400, -3 * 3_600, -90, 90, 5 * 3_600, 86_400)
_RESTART_S = (0.0, 3.0)
_BROKER_DOWN_S = (4.0, 14.0)
_DISK_FULL_S = (3.0, 8.0)
_CLOCK_MOVED_S = (5.0, 12.0)
_PAUSE_BEYOND_S = (2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What ends a fault: asked from a time on, until it says that it is over."""

    kind: Kind
    at: float
    end: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What there is to hurt; without a disk, or with no clock at a part, less."""

    workers: list[Part]
    sink: Part
    cluster: Cluster
    disk: Disk | None


class Faults:
    """Does what a plan says, where it may be done now."""

    def __init__(self, rng: random.Random, target: Target, say: Callable[[str], None]) -> None:
        self._rng = rng
        self._target = target
        self._say = say
        self._endings: list[Ending] = []
        self.done: Counter[Kind] = Counter()

    @property
    def are_over(self) -> bool:
        """Say whether nothing goes on."""
        return not self._endings

    def begin(self, kind: Kind) -> bool:
        """Begin a fault; say whether there was anything that it could befall."""
        ending = _BEGIN[kind](self)
        if ending is None:
            return False
        self.done[kind] += 1
        if ending is not _AT_ONCE:
            self._endings.append(ending)
        return True

    def look(self) -> None:
        """End what is due."""
        now = time.monotonic()
        self._endings = [each for each in self._endings if now < each.at or not each.end()]

    def _goes_on(self, kind: Kind) -> bool:
        return any(each.kind is kind for each in self._endings)

    def _later(self, kind: Kind, range_s: tuple[float, float], end: Callable[[], bool]) -> Ending:
        return Ending(kind=kind, at=time.monotonic() + self._rng.uniform(*range_s), end=end)

    def _kill(self, parts: Sequence[Part]) -> Ending | None:
        found = up(parts)
        if not found:
            return None
        part = self._rng.choice(found)
        self._say(f"{part.name} killed")
        part.kill_9(self._rng.uniform(*_RESTART_S))
        return _AT_ONCE

    def _kill_worker(self) -> Ending | None:
        return self._kill(self._target.workers)

    def _kill_sink(self) -> Ending | None:
        return self._kill([self._target.sink])

    def _kill_broker(self) -> Ending | None:
        cluster = self._target.cluster
        if self._goes_on(Kind.KILL_BROKER) or not cluster.is_whole():
            return None
        number = self._rng.randrange(BROKERS)
        self._say(f"broker {number + 1} killed")
        cluster.kill(number)

        is_started = False

        def start() -> bool:
            nonlocal is_started
            if not is_started:
                self._say(f"broker {number + 1} started again")
                cluster.start(number)
                is_started = True
                return False
            return cluster.is_whole()

        return self._later(Kind.KILL_BROKER, _BROKER_DOWN_S, start)

    def _pause(self) -> Ending | None:
        found = up(self._target.workers)
        # Another one must be there, for the partitions to move.
        if len(found) <= 1:
            return None
        part = self._rng.choice(found)
        self._say(f"{part.name} paused")
        part.pause()

        def resume() -> bool:
            self._say(f"{part.name} goes on")
            part.resume()
            return True

        beyond = (SESSION_SECONDS + _PAUSE_BEYOND_S[0], SESSION_SECONDS + _PAUSE_BEYOND_S[1])
        return self._later(Kind.PAUSE, beyond, resume)

    def _fill_disk(self) -> Ending | None:
        disk = self._target.disk
        if disk is None or disk.is_full:
            return None
        self._say("disk of the sink filled")
        disk.fill()

        def free() -> bool:
            self._say("disk of the sink has room again")
            disk.free()
            return True

        return self._later(Kind.DISK, _DISK_FULL_S, free)

    def _move_clock(self) -> Ending | None:
        found = [
            each
            for each in up([*self._target.workers, self._target.sink])
            if each.clock is not None and not each.clock.moved
        ]
        if not found:
            return None
        part = self._rng.choice(found)
        seconds = self._rng.choice(_MOVES_S)
        clock = part.clock
        assert clock is not None
        self._say(f"clock of {part.name} moved by {seconds:+d} s")
        clock.move(seconds)

        def put_right() -> bool:
            clock.reset()
            return True

        return self._later(Kind.CLOCK, _CLOCK_MOVED_S, put_right)


_AT_ONCE = Ending(kind=Kind.KILL_WORKER, at=0.0, end=lambda: True)
_BEGIN: dict[Kind, Callable[[Faults], Ending | None]] = {
    Kind.KILL_WORKER: Faults._kill_worker,  # noqa: SLF001 - this module's own
    Kind.KILL_SINK: Faults._kill_sink,  # noqa: SLF001
    Kind.KILL_BROKER: Faults._kill_broker,  # noqa: SLF001
    Kind.PAUSE: Faults._pause,  # noqa: SLF001
    Kind.DISK: Faults._fill_disk,  # noqa: SLF001
    Kind.CLOCK: Faults._move_clock,  # noqa: SLF001
}
