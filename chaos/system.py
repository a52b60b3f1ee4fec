"""The system under test on a cluster: its topics, two to four workers, the SQLite sink."""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos.clocks import Clock, faketime_library
from chaos.cluster import BROKERS, Cluster
from chaos.disk import Disk, can_mount, small_disk
from chaos.faults import SESSION_SECONDS
from chaos.parts import Crew, Part
from schemas.topics import INBOUND, OUTBOUND, prefixed
from signal_tracker import admin
from signal_tracker.errors import TrackerError
from signal_tracker.options import DEFAULT_APP_ID
from sinks.sqlite_queries import committed

PARTITIONS = 4
MOST_WORKERS = 4
FEWEST_WORKERS = 2
PREFIX = "chaos."
TICK_SECONDS = 0.1
_LOOK_SECONDS = 1.0
_TELL_SECONDS = 10.0
_QUIET_SECONDS = 5.0

Offsets = dict[tuple[str, int], int]


class System:
    """The processes of one run, kept alive."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        disk: Disk | None,
        say: Callable[[str], None],
        *,
        is_reversed: bool = False,
    ) -> None:
        self.cluster = cluster
        self.folder = folder
        self.disk = disk
        self.data = folder / "data"
        self.crew = Crew(say)
        self._say = say
        self.workers: list[Part] = []
        self.came = self.went = self.warm_starts = 0
        self.standby = 0
        self._how = "reversed" if is_reversed else "plain"
        self._library = faketime_library()
        words = ["sink", "sqlite", "--data", str(self.data)]
        self.sink = self.crew.add(self._part("sink", "plain", lambda: words))

    def begin(self) -> None:
        """Create the topics and start the first workers."""
        admin.create_topics(self.broker, PREFIX, PARTITIONS, replication_factor=BROKERS)
        self.cluster.wait_until_whole()
        for _ in range(FEWEST_WORKERS):
            self.let_come()

    @property
    def broker(self) -> str:
        """Return where the brokers are."""
        return self.cluster.bootstrap

    @property
    def places(self) -> list[str]:
        """Return the options that every command is given."""
        return ["--broker", self.broker, "--prefix", PREFIX]

    def let_come(self) -> None:
        """Start one worker more."""
        self.came += 1
        name = f"worker{self.came}"
        own = ["--data", str(self.folder / name), "--session-timeout", str(SESSION_SECONDS)]

        def words() -> Sequence[str]:
            self.warm_starts += self.standby > 0
            return ["worker", *own, "--standby", str(self.standby)]

        self.workers.append(self.crew.add(self._part(name, self._how, words)))

    def let_go(self, part: Part) -> None:
        """Let a worker end as it does at Ctrl-C."""
        self.went += 1
        self.workers.remove(part)
        self.crew.dismiss(part)

    def come_or_go(self, rng: random.Random) -> None:
        """Let a worker come, or one go."""
        grows = len(self.workers) == FEWEST_WORKERS or rng.random() < 0.5
        if grows and len(self.workers) < MOST_WORKERS:
            self.let_come()
        else:
            self.let_go(rng.choice(self.workers))

    def lag(self) -> tuple[int, int]:
        """Return how many records are to be judged, and to be stored."""
        to_judge = self._missing(
            [prefixed(PREFIX, each) for each in INBOUND],
            lambda: admin.committed_offsets(self.broker, PREFIX + DEFAULT_APP_ID),
        )
        to_store = self._missing(
            [prefixed(PREFIX, each) for each in OUTBOUND],
            lambda: committed(self.data / "signals.db"),
        )
        return to_judge, to_store

    def run_to_the_end(self, seconds: float) -> float | None:
        """Return after how long everything was judged and stored; None where it never was.

        And nothing more came: a worker that commits too early tells the rest later.
        """
        begun = told = time.monotonic()
        rest = _Rest()
        while time.monotonic() - begun < seconds:
            self.crew.look()
            time.sleep(TICK_SECONDS)
            if rest.is_time() and rest.is_reached(self._look()):
                return rest.since - begun
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                self._say(rest.words)
        self._say(f"after {seconds:.0f} s {rest.words}")
        return None

    def _look(self) -> tuple[int, int, int] | None:
        """Return how many records are to be judged, to be stored, and are told in all."""
        outputs = [prefixed(PREFIX, each) for each in OUTBOUND]
        try:
            told = sum(admin.end_offsets(self.broker, outputs).values())
            return (*self.lag(), told)
        except TrackerError as error:
            self._say(str(error))
            return None

    def _missing(self, names: list[str], reached: Callable[[], Offsets]) -> int:
        ends = admin.end_offsets(self.broker, names)
        there = reached()
        return sum(end - there.get(tp, 0) for tp, end in ends.items())

    def _part(self, name: str, how: str, words: Callable[[], Sequence[str]]) -> Part:
        clock = None
        if self._library is not None:
            clock = Clock(self._library, self.folder / f"{name}.clock")
            how += ",clocked"
        head = [sys.executable, "-W", "ignore", "-m", "chaos.launch", how]
        return Part(
            name, lambda: [*head, *words(), *self.places], self.folder / f"{name}.log", clock
        )


class _Rest:
    """Since when nothing has been left to do, and nothing more has been told."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self._looked = 0.0
        self._last: tuple[int, int, int] | None = None

    @property
    def words(self) -> str:
        """Return what was last seen."""
        judge, store, _ = self._last or (-1, -1, -1)
        return f"{judge} records are to be judged, {store} to be stored"

    def is_time(self) -> bool:
        """Say, once a second, that it is time for a look."""
        due = time.monotonic() - self._looked > _LOOK_SECONDS
        if due:
            self._looked = time.monotonic()
        return due

    def is_reached(self, seen: tuple[int, int, int] | None) -> bool:
        """Say whether what is seen now has been so for long enough."""
        if seen is None or seen != self._last or any(seen[:2]):
            self._last, self.since = seen, time.monotonic()
            return False
        return time.monotonic() - self.since > _QUIET_SECONDS


@contextmanager
def system(
    cluster: Cluster, folder: Path, say: Callable[[str], None], *, is_reversed: bool = False
) -> Iterator[System]:
    """Yield a system on a cluster; its sink has a small disk where one can be made."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    if not can_mount():
        say("no full disks: only root can make a small one")
        yield from _running(System(cluster, folder, None, say, is_reversed=is_reversed))
        return
    with small_disk(data) as disk:
        yield from _running(System(cluster, folder, disk, say, is_reversed=is_reversed))


def _running(found: System) -> Iterator[System]:
    try:
        yield found
    finally:
        found.crew.stop()
