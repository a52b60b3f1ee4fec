"""From publishing a signal to its validation event and to its row, beside a forwarder."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import click

from benchmarks.bench import PARTITIONS, Bench
from benchmarks.contest import Process, module, wait_for
from benchmarks.lines import AT_MOST, Line, Outcome, Series, times
from benchmarks.probe import ProbeJob
from schemas.topics import SIGNALS, VALIDATION_EVENTS, prefixed
from signal_tracker import children
from signal_tracker.admin import connected

NAME = "latency"
RATE = 1_000.0
P50_TIMES, P99_TIMES = 5.0, 3.0
SHARES = ("p50", "p95", "p99")

_SECONDS = 300.0
FORWARDER, EVENT, ROW = "forwarder", "to event", "to row"

Answer = dict[str, Any]
Rounds = dict[str, list[list[float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each pace is kept, and how often; `burst` signals tell the top rate."""

    rounds: int
    seconds: float
    warm_seconds: float
    burst: int


FULL = Plan(rounds=5, seconds=10.0, warm_seconds=2.0, burst=20_000)
QUICK = Plan(rounds=1, seconds=4.0, warm_seconds=1.0, burst=4_000)


def latency(bench: Bench) -> Outcome:
    """Publish at 1,000 a second and at half the top rate; answer with quantiles by round."""
    plan = QUICK if bench.quick else FULL
    prefix = bench.topics(NAME)
    with _parts(bench, prefix) as probes:
        top = _run(bench, probes[EVENT], rate=0.0, plan=plan)["heard_per_second"]
        click.echo(f"  top rate: {top:,.0f} signals/s", err=True)
        half = top / 2
        found: Rounds = {}
        for number in range(plan.rounds):
            _round(bench, probes, plan, found, half)
            for name, rounds in found.items():
                told = ", ".join(f"{each:.1f}" for each in rounds[-1])
                click.echo(f"  round {number + 1}  {name:<24} {told} ms", err=True)
    return Outcome(
        lines=lines(found, top),
        series=[
            Series(contestant=f"{name}, {share}", unit="ms", values=[each[at] for each in rounds])
            for name, rounds in found.items()
            for at, share in enumerate(SHARES)
        ],
        notes=[f"half the top rate was {half:,.0f} signals/s"],
    )


def lines(found: Rounds, top: float) -> list[Line]:
    """Return medians over the rounds, and the bounded ratios within them."""
    out = [Line(scenario=NAME, metric="top_signals_per_second", value=top, unit="/s")]
    for name, rounds in found.items():
        metric = name.replace(" ", "_").replace(",", "")
        out += [
            Line(
                scenario=NAME,
                metric=f"{metric}_{share}",
                value=median(each[at] for each in rounds),
                unit="ms",
            )
            for at, share in enumerate(SHARES)
        ]
    for at, bound in ((0, P50_TIMES), (2, P99_TIMES)):
        ours, theirs = (
            [each[at] for each in found[_at(name, RATE)]] for name in (EVENT, FORWARDER)
        )
        out.append(
            times(
                NAME,
                f"event_times_forwarder_{SHARES[at]}",
                ours,
                theirs,
                against="aiokafka forwarder",
                floor=bound,
                direction=AT_MOST,
            )
        )
    return out


def _round(
    bench: Bench, probes: Mapping[str, ProbeJob], plan: Plan, found: Rounds, half: float
) -> None:
    forwarded = _run(bench, probes[FORWARDER], rate=RATE, plan=plan)
    found.setdefault(_at(FORWARDER, RATE), []).append(forwarded["event"])
    for rate, label in ((RATE, RATE), (half, None)):
        answer = _run(bench, probes[EVENT], rate=rate, plan=plan)
        found.setdefault(_at(EVENT, label), []).append(answer["event"])
        found.setdefault(_at(ROW, label), []).append(answer["row"])


def _at(name: str, rate: float | None) -> str:
    return f"{name} at half" if rate is None else f"{name} at {rate:.0f}"


def _run(bench: Bench, probe: ProbeJob, *, rate: float, plan: Plan) -> Answer:
    own = f"p{uuid4().hex[:6]}"
    folder = bench.room(NAME, own)
    job = ProbeJob(
        broker=probe.broker,
        source=probe.source,
        target=probe.target,
        partitions=probe.partitions,
        database=probe.database if rate else None,
        tag=own,
        rate=rate,
        count=int(rate * plan.seconds) or plan.burst,
        warm=int(rate * plan.warm_seconds),
        answer=str(folder / "answer.json"),
    )
    process = children.start(module("probe", job.to_argument()), log=folder / "log")
    try:
        wait_for(
            lambda: process.poll() == 0,
            [process],
            what=f"the answers at {rate:,.0f}/s",
            log=folder / "log",
            seconds=_SECONDS,
        )
    finally:
        children.kill(process)
    found: Answer = json.loads(Path(job.answer).read_text())
    return found


@contextmanager
def _parts(bench: Bench, prefix: str) -> Iterator[dict[str, ProbeJob]]:
    """Yield what to probe, when worker, sink and forwarder have answered once."""
    broker = bench.broker().address
    data = bench.room(NAME, "data")
    source, target = f"{prefix}forward-in", f"{prefix}forward-out"
    _create(broker, source, target)
    tracker = [sys.executable, "-m", "signal_tracker"]
    where = ["--broker", broker, "--prefix", prefix, "--data", str(data)]
    argvs = {
        "worker": [*tracker, "worker", *where],
        "sink": [*tracker, "sink", "sqlite", *where],
        "forwarder": module("forwarder", broker, source, target),
    }
    with ExitStack() as stack:
        processes: list[Process] = []
        for name, argv in argvs.items():
            process = children.start(argv, log=bench.room(NAME) / f"{name}.log")
            stack.callback(children.kill, process)
            processes.append(process)
        own = {"broker": broker, "partitions": PARTITIONS, "tag": "", "answer": ""}
        none = {"rate": 0.0, "count": 0, "warm": 0}
        ours = ProbeJob(
            source=prefixed(prefix, SIGNALS),
            target=prefixed(prefix, VALIDATION_EVENTS),
            database=str(data / "signals.db"),
            **own,  # type: ignore[arg-type]
            **none,  # type: ignore[arg-type]
        )
        theirs = ProbeJob(source=source, target=target, **own, **none)  # type: ignore[arg-type]
        probes = {EVENT: ours, FORWARDER: theirs}
        wait_for(
            (data / "signals.db").exists,
            processes,
            what="the sink's start",
            log=bench.room(NAME) / "sink.log",
        )
        for each in (theirs, ours):
            _run(bench, each, rate=100.0, plan=Plan(rounds=1, seconds=1, warm_seconds=0, burst=0))
        yield probes


def _create(broker: str, *names: str) -> None:
    with connected(broker) as admin:
        admin.create_topics(
            {name: {"num_partitions": PARTITIONS, "replication_factor": 1} for name in names}
        )
