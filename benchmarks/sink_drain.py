"""The SQLite sink on topics that are finished, from their beginning, in a process of its own.

The clock runs from the first stored batch to the last: rows of the first do not count.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from benchmarks.sampler import profile_if_asked
from sinks.sink import Written
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import committed
from sinks.worker import run_sink

_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainJob:
    """Carry the topics of a prefix into a database, up to the ends: (topic, partition, offset)."""

    broker: str
    prefix: str
    folder: str
    ends: list[tuple[str, int, int]]

    @classmethod
    def from_argv(cls) -> Self:
        """Return the job that the parent passed as the only argument."""
        return cls(**json.loads(sys.argv[1]))

    def to_argument(self) -> str:
        """Return the job as one command line argument."""
        return json.dumps(asdict(self))

    @property
    def database(self) -> Path:
        """Return where the rows go."""
        return Path(self.folder) / "signals.db"

    @property
    def answer(self) -> Path:
        """Return the file that is written at the end."""
        return Path(self.folder) / "answer.json"


class _Clock:
    def __init__(self) -> None:
        self.rows = 0
        self._at: list[tuple[float, float]] = []
        self._first = 0

    def stored(self, written: Written) -> None:
        if not self._at:
            self._first = written.records
        self.rows += written.records
        self._at = [*self._at[:1], (time.perf_counter(), time.process_time())]

    def answer(self) -> dict[str, float]:
        (began, cpu), (ended, cpu_end) = self._at[0], self._at[-1]
        rows = self.rows - self._first
        return {"rows": rows, "seconds": ended - began, "cpu_seconds": cpu_end - cpu}


def run(job: DrainJob) -> None:
    """Store everything, and write what it took."""
    profile_if_asked("SQLite sink")
    clock = _Clock()
    ends = {(topic, partition): offset for topic, partition, offset in job.ends if offset}
    looked = 0.0

    def done() -> bool:
        nonlocal looked
        if time.monotonic() - looked < _LOOK_SECONDS or not clock.rows:
            return False
        looked = time.monotonic()
        held = committed(job.database)
        return all(held.get(tp, 0) >= end for tp, end in ends.items())

    run_sink(
        SqliteSink(job.database),
        broker=job.broker,
        prefix=job.prefix,
        should_stop=done,
        on_batch=clock.stored,
    )
    draft = job.answer.with_suffix(".draft")
    draft.write_text(json.dumps(clock.answer()))
    draft.replace(job.answer)


if __name__ == "__main__":
    run(DrainJob.from_argv())
