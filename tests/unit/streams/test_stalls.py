"""A partition that stands still while its group confirms the worker is seen, and nothing else."""

import pytest

from streams.away import is_away
from streams.chunks import ChunkOffsets
from streams.lease import Lease
from streams.stalls import StalledError, Stalls

HERE = ("signals", 3)


class Watched:
    """A partition of chunks of ten records, a lease, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lease = Lease(1e9, 1e9, lambda: 0.0)
        self.lease._heard(0.0, 0)
        self.chunks = ChunkOffsets()
        self._stalls = Stalls(self.lease, seconds=40, clock=lambda: self.now)

    def look(self, at: float) -> None:
        self.now = at
        self._stalls.look([(HERE, self.chunks)])

    def look_until(self, at: float) -> None:
        while self.now < at:
            self.look(self.now + 1)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_chunk_that_nobody_processes_is_told(watched: Watched) -> None:
    watched.chunks.push(0, 9)
    watched.chunks.push(10, 19)
    watched.chunks.finish(19)
    watched.look(0)
    watched.look_until(39)

    with pytest.raises(StalledError, match=r"^signals\[3\] stands still before 10: not processed$"):
        watched.look(40)


def test_effects_that_never_become_durable_are_told(watched: Watched) -> None:
    class Never:
        def done(self) -> bool:
            return False

        def cancelled(self) -> bool:
            return False

        def exception(self) -> None:
            return None

    watched.chunks.push(0, 9)
    watched.chunks.finish(9, Never())
    watched.look(0)
    watched.look_until(39)

    with pytest.raises(StalledError, match="its effects are not durable"):
        watched.look(40)


def test_a_partition_that_goes_on_is_not_told(watched: Watched) -> None:
    for number in range(10):
        watched.chunks.push(10 * number, 10 * number + 9)
        watched.look_until(30.0 * number)
        watched.chunks.finish(10 * number + 9)
        watched.chunks.committable(None)

    watched.look(10_000)


def test_a_broker_that_is_away_is_waited_for(watched: Watched) -> None:
    watched.chunks.push(0, 9)
    watched.look(0)
    watched.lease.lose()
    watched.look(100)
    watched.lease.begin()
    watched.look(101)

    watched.look_until(140)
    with pytest.raises(StalledError):
        watched.look(141)


def test_time_in_which_nobody_looked_is_not_counted(watched: Watched) -> None:
    watched.chunks.push(0, 9)
    watched.look(0)
    watched.look(60)

    watched.look_until(99)
    with pytest.raises(StalledError):
        watched.look(100)


def test_a_worker_that_stands_still_begins_anew() -> None:
    assert is_away(StalledError("signals[3] stands still"))
