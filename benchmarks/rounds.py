"""Contestants in turn, round after round, on one topic."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import click

from benchmarks.job import Job, Measured
from benchmarks.lines import Line, Series

WORKER = "worker"

Runs: TypeAlias = dict[str, list[Measured]]
Contestant: TypeAlias = Callable[[Job], Measured]


def in_turn(job: Job, contestants: Mapping[str, Contestant], rounds: int) -> Runs:
    """Run every contestant once a round, each in a folder and a consumer group of its own."""
    runs: Runs = {name: [] for name in contestants}
    for number in range(rounds):
        for place, (name, contestant) in enumerate(contestants.items()):
            own = f"{number}-{place}"
            folder = Path(job.folder) / own
            folder.mkdir(parents=True)
            measured = contestant(replace(job, app_id=f"{job.app_id}{own}", folder=str(folder)))
            runs[name].append(measured)
            click.echo(
                f"  round {number + 1}  {name:<26} {measured.rate:>14,.0f} ticks/s"
                f" {measured.seconds:>7.2f} s {measured.cpu_us:>8.3f} us of CPU a tick",
                err=True,
            )
    return runs


def rates(runs: Runs, name: str) -> list[float]:
    """Return a contestant's ticks per second, round by round."""
    return [each.rate for each in runs[name]]


def series(runs: Runs) -> list[Series]:
    """Return rates and processor time of every contestant."""
    found = [Series(contestant=name, unit="ticks/s", values=rates(runs, name)) for name in runs]
    cpu = [
        Series(contestant=f"{name}, CPU", unit="us/tick", values=[each.cpu_us for each in measured])
        for name, measured in runs.items()
    ]
    return found + cpu


def cpu_line(scenario: str, value: float) -> Line:
    """Return the worker's processor time a tick as a line."""
    return Line(scenario=scenario, metric="worker_cpu_per_tick", value=value, unit="us")
