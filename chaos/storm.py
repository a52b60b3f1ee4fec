"""One seed: a feed is published while processes, brokers and disks fail; then it is judged."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.clocks import faketime_library
from chaos.cluster import cluster
from chaos.disk import can_mount
from chaos.faults import Faults, Target
from chaos.feed import Feed, make_feed
from chaos.plan import InputKind, Kind, Length, faults_of
from chaos.publishing import Publishing
from chaos.system import PARTITIONS, PREFIX, TICK_SECONDS, System, system
from chaos.verdict import Verdict, judge

_SETTLE_SECONDS = 300.0
# A change of workers after so many faults.
_CHANGE_EVERY = 4
_BURST = (2, 6)
_HEADSTART_S = (0.0, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """What a run has been through, and what it came to."""

    seconds: float
    settled: float | None
    faults: Counter[Kind]
    inputs: Counter[InputKind]
    poison: int
    signals: int
    records: int
    refused: int
    came: int
    went: int
    starts: int
    warm_starts: int
    slow_stops: int
    ended: Counter[tuple[str, str]]
    verdict: Verdict


def storm(
    seed: int, length: Length, folder: Path, say: Callable[[str], None], *, is_reversed: bool
) -> Survived:
    """Run one seed from an empty cluster to its verdict."""
    begun = time.monotonic()
    feed = make_feed(seed, length, PARTITIONS)
    with cluster() as brokers, system(brokers, folder, say, is_reversed=is_reversed) as found:
        say(f"three brokers at {brokers.bootstrap}")
        found.begin()
        faults, publishing = _go_through(found, feed, random.Random(seed), length, say)
        say("faults are over, everything is published")
        settled = found.run_to_the_end(_SETTLE_SECONDS)
        starts = sum(each.starts for each in found.workers)
        poison = sum(each.poison for each in feed.slots)
        verdict = judge(found, feed.events, poison, say)
        found.crew.stop()
    return Survived(
        seconds=time.monotonic() - begun,
        settled=settled,
        faults=faults.done,
        inputs=Counter(feed.disturbed),
        poison=poison,
        signals=len(feed.events.signals),
        records=sum(len(each.records) for each in feed.slots),
        refused=publishing.refused,
        came=found.came,
        went=found.went,
        starts=starts,
        warm_starts=found.warm_starts,
        slow_stops=found.crew.slow_stops,
        ended=found.crew.ended,
        verdict=verdict,
    )


def _go_through(
    found: System, feed: Feed, rng: random.Random, length: Length, say: Callable[[str], None]
) -> tuple[Faults, Publishing]:
    """Publish everything, and let every fault happen."""
    queue = [kind for kind in faults_of(rng, length) if _is_possible(kind)]
    target = Target(workers=found.workers, sink=found.sink, cluster=found.cluster, disk=found.disk)
    faults = Faults(rng, target, say)
    pace = length.every_s * (len(queue) + 1) / len(feed.slots)
    publishing = Publishing(found.broker, PREFIX, feed.slots, pace)
    timetable = _Timetable(queue, rng, length.every_s)
    publishing.start()
    try:
        while queue or not (faults.are_over and publishing.is_done):
            found.crew.look()
            faults.look()
            if timetable.is_time_to_hurry():
                publishing.hurry(rng.randint(*_BURST))
            if timetable.is_time() and _begin_one(faults, queue):
                timetable.go_on()
                if timetable.count % _CHANGE_EVERY == 0:
                    found.come_or_go(rng)
                # The second half of the starts keeps partitions warm on other workers.
                found.standby = int(len(queue) < timetable.count)
            time.sleep(TICK_SECONDS)
    finally:
        publishing.stop()
    return faults, publishing


class _Timetable:
    """When the next fault comes, and a little before it a burst of records."""

    def __init__(self, queue: list[Kind], rng: random.Random, every_s: float) -> None:
        self._queue = queue
        self._rng = rng
        self._every_s = every_s
        self.count = -1
        self.go_on()

    def go_on(self) -> None:
        """Set the time of the next fault."""
        self.count += 1
        self._at = time.monotonic() + self._every_s * self._rng.uniform(0.6, 1.4)
        self._hurry_at = self._at - self._rng.uniform(*_HEADSTART_S)

    def is_time_to_hurry(self) -> bool:
        """Say, once a fault, that it is about to come."""
        due = bool(self._queue) and time.monotonic() >= self._hurry_at
        if due:
            self._hurry_at = float("inf")
        return due

    def is_time(self) -> bool:
        """Say whether the next fault is due."""
        return bool(self._queue) and time.monotonic() >= self._at


def _begin_one(faults: Faults, queue: list[Kind]) -> bool:
    """Begin the first fault of the queue that may be now, and take it out."""
    for kind in dict.fromkeys(queue):
        if faults.begin(kind):
            queue.remove(kind)
            return True
    return False


def _is_possible(kind: Kind) -> bool:
    if kind is Kind.DISK:
        return can_mount()
    return kind is not Kind.CLOCK or faketime_library() is not None
