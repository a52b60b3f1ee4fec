"""One worker against two that share the partitions, and who is the limit."""

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import click

from benchmarks.bench import PARTITIONS, Bench
from benchmarks.contest import wait_for
from benchmarks.job import Job
from benchmarks.lines import Line, Outcome, Series, times
from benchmarks.tick_scenarios import published
from benchmarks.usage import cpu_seconds
from benchmarks.watched_worker import WorkerJob
from benchmarks.watching import WatchedWorker, watched
from schemas.topics import TICKS

NAME = "two_workers"
TIMES_ONE = 1.5
ONE, TWO = "one worker", "two workers"

_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What so many workers took for the topic; processor seconds of the broker and of each."""

    ticks: int
    seconds: float
    broker_cpu: float | None
    worker_cpu: list[float]

    @property
    def rate(self) -> float:
        """Return ticks per second."""
        return self.ticks / self.seconds


def two_workers(bench: Bench) -> Outcome:
    """Let one worker and two read the same topic, in turn."""
    job = published(bench, NAME, 800_000 if bench.quick else 3_000_000, columnar=False)
    runs: dict[str, list[Shared]] = {ONE: [], TWO: []}
    for number in range(1 if bench.quick else 5):
        for count, name in ((1, ONE), (2, TWO)):
            found = _shared(bench, job, count, f"{number}-{count}")
            runs[name].append(found)
            click.echo(f"  round {number + 1}  {name:<12} {_told(found)}", err=True)
    ours, theirs = ([each.rate for each in runs[name]] for name in (TWO, ONE))
    return Outcome(
        lines=[
            Line(scenario=NAME, metric="ticks_per_second", value=median(ours), unit="ticks/s"),
            times(NAME, "times_one_worker", ours, theirs, against=ONE, floor=TIMES_ONE),
        ],
        series=[
            Series(contestant=name, unit="ticks/s", values=[each.rate for each in runs[name]])
            for name in runs
        ],
        notes=[f"{name}: {_told(found[-1])}" for name, found in runs.items()],
    )


def _shared(bench: Bench, job: Job, count: int, own: str) -> Shared:
    gate = bench.room(NAME, own) / "gate"
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                watched(
                    WorkerJob(
                        broker=job.broker,
                        prefix=job.prefix,
                        app_id=f"{job.app_id}{own}",
                        folder=str(bench.room(NAME, own, f"worker-{place}")),
                        partitions=PARTITIONS,
                        gate=str(gate),
                    )
                )
            )
            for place in range(count)
        ]
        processes = [each.process for each in workers]
        wait_for(
            lambda: _are_shared(workers),
            processes,
            what="the partitions to be shared",
            log=workers[0].log,
            seconds=_SECONDS,
        )
        pids = [bench.broker().pid, *(each.process.pid for each in workers)]
        before = [cpu_seconds(pid) for pid in pids]
        gate.touch()
        wait_for(
            lambda: sum(_ticks(each) for each in workers) >= job.records,
            processes,
            what=f"{job.records:,} ticks",
            log=workers[0].log,
            seconds=_SECONDS,
        )
        broker, *spent = [
            _less(cpu_seconds(pid), old) for pid, old in zip(pids, before, strict=True)
        ]
        return Shared(
            ticks=job.records,
            seconds=_last(workers) - _first(workers),
            broker_cpu=broker,
            worker_cpu=[each or 0.0 for each in spent],
        )


def _are_shared(workers: list[WatchedWorker]) -> bool:
    held = [step["partitions"] for each in workers if (step := each.ready()) is not None]
    fair = PARTITIONS // len(workers)
    return (
        len(held) == len(workers)
        and all(len(each) == fair for each in held)
        and len({partition for each in held for partition in each}) == PARTITIONS
    )


def _ticks(worker: WatchedWorker) -> int:
    idle = [each for each in worker.look() if each["step"] == "idle"]
    return int(idle[-1]["counts"].get(TICKS.name, 0)) if idle else 0


def _first(workers: list[WatchedWorker]) -> float:
    return float(
        min(step["at"] for each in workers for step in each.steps if step["step"] == "begin")
    )


def _last(workers: list[WatchedWorker]) -> float:
    return float(
        max(step["at"] for each in workers for step in each.steps if step["step"] == "idle")
    )


def _less(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _told(found: Shared) -> str:
    broker = "unknown" if found.broker_cpu is None else f"{found.broker_cpu:.1f} s"
    spent = " and ".join(f"{each:.1f} s" for each in found.worker_cpu)
    return (
        f"{found.rate:,.0f} ticks/s in {found.seconds:.1f} s;"
        f" CPU in that time: broker {broker}, workers {spent}"
    )
