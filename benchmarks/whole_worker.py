"""The contestant: the worker as `signal-tracker worker` runs it, with a clock on its processor.

A chunk of ticks is done when the processor has returned and what it left under
way, the changelog rows of the open bars, is acknowledged by the broker.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.job import Clock, Job
from benchmarks.sampler import profile_if_asked
from schemas.topics import TICKS, Topic
from streams import app as wiring
from streams.policy_files import load_policy
from streams.processor import Processor
from streams.run import run_worker

Effect: TypeAlias = "asyncio.Future[Any] | None"


class _End:
    def __init__(self, job: Job) -> None:
        self._clock = Clock(job)
        self._read = False
        self._pending: set[asyncio.Future[Any]] = set()

    def chunk_read(self, records: int, effect: Effect) -> None:
        self._read = self._clock.count(records)
        if effect is None:
            self._finish()
        else:
            self._pending.add(effect)
            effect.add_done_callback(self._is_durable)

    def _is_durable(self, effect: "asyncio.Future[Any]") -> None:
        self._pending.discard(effect)
        self._finish()

    def _finish(self) -> None:
        if self._read and not self._pending:
            self._read = False
            self._clock.stop()
            os.kill(os.getpid(), signal.SIGTERM)


def run(job: Job) -> None:
    """Run the worker until it has processed the job's records, and stop it in good order."""
    end = _End(job)

    class Timed(Processor):
        async def process(self, topic: Topic, records: Sequence[Any]) -> Effect:
            effect = await super().process(topic, records)
            if topic.name == TICKS.name:
                end.chunk_read(len(records), effect)
            return effect

    profile_if_asked("whole worker")
    wiring.Processor = Timed  # type: ignore[attr-defined]
    run_worker(
        wiring.WorkerConfig(
            broker=job.broker,
            policies=load_policy("tracker"),
            work_dir=Path(job.folder),
            app_id=job.app_id,
            prefix=job.prefix,
            partitions=job.partitions,
        )
    )


if __name__ == "__main__":
    run(Job.from_argv())
