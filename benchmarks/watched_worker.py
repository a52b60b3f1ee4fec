"""The worker as `signal-tracker worker` runs it, telling what it does and when.

Into `progress.jsonl` go, with the time, the processor time so far and the
resident memory: `assigned` when the group has given it partitions, `ready` with
those it has recovered, `begin` when a chunk comes after a rest, `idle` when all
that was read is done and durable.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

from faust.types import TP

from benchmarks.sampler import profile_if_asked
from benchmarks.usage import resident_bytes
from schemas.topics import Topic
from streams import app as wiring
from streams.domain.tracker import PartitionTracker
from streams.policy_files import load_policy
from streams.processor import Processor
from streams.run import run_worker
from streams.shelf import Shelf
from streams.transport import BatchConsumer

Effect: TypeAlias = "asyncio.Future[Any] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerJob:
    """What the worker is given.

    With a gate it reads nothing until that file is there; with a folder of state its rows are
    kept there.
    """

    broker: str
    prefix: str
    app_id: str
    folder: str
    partitions: int
    gate: str | None = None
    state: str | None = None

    @classmethod
    def from_argv(cls) -> Self:
        """Return the job that the parent passed as the only argument."""
        return cls(**json.loads(sys.argv[1]))

    def to_argument(self) -> str:
        """Return the job as one command line argument."""
        return json.dumps(asdict(self))

    @property
    def progress(self) -> Path:
        """Return the file that the worker writes its steps to."""
        return Path(self.folder) / "progress.jsonl"


class _Steps:
    def __init__(self, path: Path) -> None:
        self._out = path.open("a", buffering=1)
        self._counts: Counter[str] = Counter()
        self._running = 0
        self._pending: set[asyncio.Future[Any]] = set()

    def ready(self, partitions: Iterable[int]) -> None:
        self._tell("ready", partitions=list(partitions))

    def assigned(self) -> None:
        self._tell("assigned")

    def begin(self, topic: Topic) -> None:
        if not (self._running or self._pending):
            self._tell("begin", topic=topic.name)
        self._running += 1

    def read(self, topic: Topic, records: int, effect: Effect) -> None:
        self._running -= 1
        self._counts[topic.name] += records
        if effect is None:
            self._rest()
        else:
            self._pending.add(effect)
            effect.add_done_callback(self._is_durable)

    def _is_durable(self, effect: "asyncio.Future[Any]") -> None:
        self._pending.discard(effect)
        self._rest()

    def _rest(self) -> None:
        if not (self._running or self._pending):
            self._tell("idle", counts=dict(self._counts))

    def _tell(self, step: str, **more: object) -> None:
        line = {
            "step": step,
            "at": time.monotonic(),
            "cpu": time.process_time(),
            "rss": resident_bytes("self"),
            **more,
        }
        self._out.write(json.dumps(line) + "\n")


def run(job: WorkerJob) -> None:
    """Run the worker until it is told to stop."""
    steps = _Steps(job.progress)

    class Watched(Processor):
        def take_over(self, partitions: Iterable[int]) -> dict[int, PartitionTracker]:
            mine = list(partitions)
            taken = super().take_over(mine)
            steps.ready(mine)
            return taken

        async def process(self, topic: Topic, records: Sequence[Any]) -> Effect:
            steps.begin(topic)
            effect = await super().process(topic, records)
            steps.read(topic, len(records), effect)
            return effect

    profile_if_asked("whole worker")
    wiring.Processor = Watched  # type: ignore[attr-defined]
    _tell_assignments(steps)
    if job.gate:
        _hold_until(Path(job.gate))
    shelf = Shelf(Path(job.state)) if job.state else None
    run_worker(
        wiring.WorkerConfig(
            broker=job.broker,
            policies=load_policy("tracker"),
            work_dir=Path(job.folder),
            app_id=job.app_id,
            prefix=job.prefix,
            partitions=job.partitions,
            shelf=shelf,
        )
    )


def _tell_assignments(steps: _Steps) -> None:
    assigned = BatchConsumer.on_partitions_assigned

    async def tell(self: BatchConsumer, *args: Any, **kwargs: Any) -> None:
        steps.assigned()
        await assigned(self, *args, **kwargs)

    BatchConsumer.on_partitions_assigned = tell  # type: ignore[method-assign]


def _hold_until(gate: Path) -> None:
    # Workers share a topic that is already full: none may read before all have joined.
    fetch = BatchConsumer._getmany  # noqa: SLF001 - there is no setting for it
    is_open = False

    async def getmany(
        self: BatchConsumer, active_partitions: set[TP] | None, timeout: float
    ) -> Any:
        nonlocal is_open
        active = active_partitions or set()
        is_open = is_open or gate.exists()
        if not is_open:
            # what recovery reads is no part of the race
            active = {tp for tp in active if tp.topic not in self._chunk_topics}
        if not active:
            await asyncio.sleep(0.02)
        return await fetch(self, active, timeout)

    BatchConsumer._getmany = getmany  # type: ignore[method-assign] # noqa: SLF001


if __name__ == "__main__":
    run(WorkerJob.from_argv())
