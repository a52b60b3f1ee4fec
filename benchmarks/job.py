"""What a measured child process is asked to do, and the clock it answers with.

Every contestant has the same clock: it starts when the first piece of work is
done and stops when the last one is, so starting, joining a group and loading
calendars are outside it, and ticks done before it started do not count.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Read `records` records of a topic, which hold `ticks_per_record` ticks each."""

    broker: str
    prefix: str
    topic: str
    partitions: int
    records: int
    ticks_per_record: int
    app_id: str
    folder: str

    @classmethod
    def from_argv(cls) -> Self:
        """Return the job that the parent passed as the only argument."""
        return cls(**json.loads(sys.argv[1]))

    def to_argument(self) -> str:
        """Return the job as one command line argument."""
        return json.dumps(asdict(self))

    @property
    def answer(self) -> Path:
        """Return the file that the child writes when it has done the job."""
        return Path(self.folder) / "answer.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run of a contestant took, on the wall and on the processor."""

    ticks: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Return ticks per second."""
        return self.ticks / self.seconds

    @property
    def cpu_us(self) -> float:
        """Return microseconds of processor time a tick, of all threads."""
        return self.cpu_seconds / self.ticks * 1e6


class Clock:
    """Counts records from the first piece of work on; writes the answer at the end."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._first = 0
        self._seen = 0
        self._started = 0.0
        self._cpu = 0.0

    def count(self, records: int) -> bool:
        """Count a finished piece of work; say whether it was the last."""
        if not self._seen:
            self._first = records
            self._started, self._cpu = time.perf_counter(), time.process_time()
        self._seen += records
        return self._seen >= self._job.records

    def stop(self) -> None:
        """Write the answer, at once readable as a whole."""
        measured = Measured(
            ticks=(self._seen - self._first) * self._job.ticks_per_record,
            seconds=time.perf_counter() - self._started,
            cpu_seconds=time.process_time() - self._cpu,
        )
        draft = self._job.answer.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(measured)))
        draft.replace(self._job.answer)
