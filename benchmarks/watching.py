"""Start a watched worker and follow its steps."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.bench import ContestError
from benchmarks.contest import Process, module, wait_for
from benchmarks.watched_worker import WorkerJob
from schemas.topics import Topic
from signal_tracker import children

Step: TypeAlias = dict[str, Any]

START_SECONDS = 120.0
STOP_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of work: from the first chunk's arrival until all of it is durable."""

    seconds: float
    cpu_seconds: float
    rss: int


def span(steps: Sequence[Step], topic: str, before: int, upto: int) -> Span | None:
    """Return the stretch in which a topic's count went from one number to another.

    None while it has not got there. The steps before the first count past
    `before` are of earlier work, but for the `begin` that opened this one.
    """
    opened: Step | None = None
    for step in steps:
        if step["step"] == "begin" and opened is None:
            opened = step
        if step["step"] != "idle":
            continue
        count = step["counts"].get(topic, 0)
        if count <= before:
            opened = None
        elif count >= upto and opened is not None:
            return Span(
                seconds=step["at"] - opened["at"],
                cpu_seconds=step["cpu"] - opened["cpu"],
                rss=step["rss"],
            )
    return None


@dataclass(slots=True, kw_only=True)
class WatchedWorker:
    """A worker that runs, and the steps it has told."""

    job: WorkerJob
    process: Process
    steps: list[Step] = field(default_factory=list)
    _read: int = 0

    @property
    def log(self) -> Path:
        """Return where its words go."""
        return Path(self.job.folder) / "log"

    def look(self) -> list[Step]:
        """Take in what it has told since; return all of it."""
        if self.job.progress.exists():
            with self.job.progress.open() as file:
                file.seek(self._read)
                text = file.read()
            whole = text.rpartition("\n")[0]
            self._read += len(whole) + bool(whole)
            self.steps += [json.loads(line) for line in whole.splitlines()]
        return self.steps

    def ready(self) -> Step | None:
        """Return its last step of taking partitions over, None before."""
        found = [each for each in self.look() if each["step"] == "ready"]
        return found[-1] if found else None

    def wait_ready(self, partitions: int, *, seconds: float = START_SECONDS) -> Step:
        """Return the step in which it held so many partitions."""

        def holds() -> bool:
            step = self.ready()
            return step is not None and len(step["partitions"]) == partitions

        wait_for(holds, [self.process], what="the worker's start", log=self.log, seconds=seconds)
        step = self.ready()
        assert step is not None
        return step

    def wait_span(self, topic: Topic, before: int, upto: int, *, seconds: float) -> Span:
        """Return the stretch of a topic's records from one count to another."""
        wait_for(
            lambda: span(self.look(), topic.name, before, upto) is not None,
            [self.process],
            what=f"{upto:,} records of {topic.name}",
            log=self.log,
            seconds=seconds,
            poll=0.005,
        )
        found = span(self.steps, topic.name, before, upto)
        assert found is not None
        # what was told before the next stretch is of no use to it, and long
        self.steps = self.steps[-1:]
        return found


@contextmanager
def watched(job: WorkerJob) -> Iterator[WatchedWorker]:
    """Yield a worker that runs; it has ended well when the block is left well."""
    argv = module("watched_worker", job.to_argument())
    worker = WatchedWorker(job=job, process=children.start(argv, log=Path(job.folder) / "log"))
    try:
        yield worker
        status = children.stop(worker.process, timeout=STOP_SECONDS)
    except BaseException:
        children.kill(worker.process)
        raise
    if status:
        msg = f"the worker ended with status {status}; its log is {worker.log}"
        raise ContestError(msg)
