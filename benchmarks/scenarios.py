"""The scenarios: the worker and its peers in turn, on one topic, round after round."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from benchmarks.contest import run_peer, run_worker
from benchmarks.feed import BATCH_TICKS, Feed
from benchmarks.job import Job, Measured
from schemas.topics import TICKS, prefixed
from signal_tracker.admin import create_topics

PARTITIONS = 4
WORKER = "worker"
PLAIN_FAUST = "plain Faust agent"
BARE_JSON = "aiokafka + orjson"
BARE_BYTES = "aiokafka, bytes only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is read in each run, and how often."""

    rounds: int
    single_ticks: int
    plain_faust_ticks: int
    columnar_ticks: int


FULL = Plan(rounds=5, single_ticks=2_000_000, plain_faust_ticks=50_000, columnar_ticks=20_000_000)
QUICK = Plan(rounds=3, single_ticks=600_000, plain_faust_ticks=15_000, columnar_ticks=8_000_000)

Runs = dict[str, list[Measured]]
Contestant = Callable[[Job], Measured]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One benchmark: a broker, a prefix for all it makes there, a folder for logs."""

    broker: str
    prefix: str
    folder: Path
    plan: Plan

    def single_ticks(self) -> Runs:
        """Read JSON ticks: the worker, plain Faust on the first of them, a bare consumer."""
        plan = self.plan
        job = self._published("single_ticks", plan.single_ticks, columnar=False)
        few = plan.plain_faust_ticks
        contestants: dict[str, Contestant] = {
            WORKER: run_worker,
            PLAIN_FAUST: lambda each: run_peer("plain_faust", replace(each, records=few)),
            BARE_JSON: lambda each: run_peer("bare_consumer", each, "json"),
        }
        return self._rounds(job, contestants)

    def columnar_ticks(self) -> Runs:
        """Read TickBatch records: the worker, and a bare reader of the bytes."""
        job = self._published("columnar_ticks", self.plan.columnar_ticks, columnar=True)
        contestants: dict[str, Contestant] = {
            WORKER: run_worker,
            BARE_BYTES: lambda each: run_peer("bare_consumer", each, "bytes"),
        }
        return self._rounds(job, contestants)

    def _published(self, scenario: str, ticks: int, *, columnar: bool) -> Job:
        prefix = f"{self.prefix}{scenario}-"
        create_topics(self.broker, prefix, PARTITIONS)
        records = asyncio.run(self._publish(prefix, ticks, columnar=columnar))
        per_record = BATCH_TICKS if columnar else 1
        click.echo(f"{scenario}: {records * per_record:,} ticks in {records:,} records", err=True)
        return Job(
            broker=self.broker,
            prefix=prefix,
            topic=prefixed(prefix, TICKS),
            partitions=PARTITIONS,
            records=records,
            ticks_per_record=per_record,
            app_id=prefix,
            folder=str(self.folder / scenario),
        )

    async def _publish(self, prefix: str, ticks: int, *, columnar: bool) -> int:
        return await Feed(self.broker, prefix, PARTITIONS).publish(ticks, columnar=columnar)

    def _rounds(self, job: Job, contestants: dict[str, Contestant]) -> Runs:
        runs: Runs = {name: [] for name in contestants}
        for number in range(self.plan.rounds):
            for place, (name, contestant) in enumerate(contestants.items()):
                own = f"{number}-{place}"
                folder = Path(job.folder) / own
                folder.mkdir(parents=True)
                each = replace(job, app_id=f"{job.app_id}{own}", folder=str(folder))
                measured = contestant(each)
                runs[name].append(measured)
                click.echo(
                    f"  round {number + 1}  {name:<22} {measured.rate:>14,.0f} ticks/s"
                    f" {measured.seconds:>7.2f} s {measured.cpu_us:>8.3f} us of CPU a tick",
                    err=True,
                )
        return runs
