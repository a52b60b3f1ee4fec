"""The scenarios of ticks: the worker beside its peers and its limits, on one topic."""

import asyncio
from dataclasses import dataclass, replace
from statistics import median

import click

from benchmarks.bench import PARTITIONS, Bench
from benchmarks.contest import run_peer, run_worker
from benchmarks.feed import BATCH_TICKS, Feed
from benchmarks.job import Job
from benchmarks.lines import Line, Outcome, times
from benchmarks.peers.environments import PEERS, Peer
from benchmarks.rounds import WORKER, Contestant, Runs, cpu_line, in_turn, rates, series
from schemas.topics import TICKS, prefixed

PLAIN_FAUST = "plain Faust agent"
BARE_JSON = "aiokafka + orjson"
BARE_BYTES = "aiokafka, bytes only"

SHARE_OF_BARE = 0.50
TIMES_PLAIN_FAUST = 40.0
# 6,000,000 ticks/s are asked for where the bare reader does 12,000,000.
ASKED_COLUMNAR, ITS_LIMIT = 6_000_000.0, 12_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is read in each run, and how often."""

    rounds: int
    single_ticks: int
    plain_faust_ticks: int
    columnar_ticks: int


FULL = Plan(rounds=5, single_ticks=2_000_000, plain_faust_ticks=50_000, columnar_ticks=20_000_000)
QUICK = Plan(rounds=2, single_ticks=500_000, plain_faust_ticks=15_000, columnar_ticks=8_000_000)


def single_ticks(bench: Bench) -> Outcome:
    """Read JSON ticks: the worker, plain Faust on the first of them, a bare consumer, peers."""
    plan = _plan(bench)
    peers = [peer for peer in PEERS if bench.peers and peer.prepare()]
    job = published(bench, "single_ticks", plan.single_ticks, columnar=False)
    contestants: dict[str, Contestant] = {
        WORKER: run_worker,
        PLAIN_FAUST: _first(plan.plain_faust_ticks, lambda each: run_peer("plain_faust", each)),
        BARE_JSON: lambda each: run_peer("bare_consumer", each, "json"),
        **{peer.name: _first(plan.single_ticks // peer.fewer, peer.run) for peer in peers},
    }
    runs = in_turn(job, contestants, plan.rounds)
    notes = [] if bench.peers else ["Kafka Streams, Quix and Bytewax: only with PEERS=1"]
    return Outcome(lines=_single_lines(runs, peers), series=series(runs), notes=notes)


def columnar_ticks(bench: Bench) -> Outcome:
    """Read TickBatch records: the worker, and a bare reader of the bytes."""
    plan = _plan(bench)
    job = published(bench, "columnar_ticks", plan.columnar_ticks, columnar=True)
    contestants: dict[str, Contestant] = {
        WORKER: run_worker,
        BARE_BYTES: lambda each: run_peer("bare_consumer", each, "bytes"),
    }
    runs = in_turn(job, contestants, plan.rounds)
    return Outcome(lines=columnar_lines(runs), series=series(runs))


def columnar_lines(runs: Runs) -> list[Line]:
    """Return the rate, its share of the bare reader, and the rate for its limit."""
    name = "columnar_ticks"
    ours, theirs = rates(runs, WORKER), rates(runs, BARE_BYTES)
    asked = min(ASKED_COLUMNAR, ASKED_COLUMNAR * median(theirs) / ITS_LIMIT)
    rate = _rate(name, ours, theirs, BARE_BYTES)
    return [
        replace(rate, floor=asked),
        times(
            name,
            "share_of_bare_reader",
            ours,
            theirs,
            against=BARE_BYTES,
            floor=SHARE_OF_BARE,
        ),
        cpu_line(name, median(each.cpu_us for each in runs[WORKER])),
    ]


def _single_lines(runs: Runs, peers: list[Peer]) -> list[Line]:
    name = "single_ticks"
    ours = rates(runs, WORKER)
    bounded = [
        (BARE_JSON, "share_of_bare_consumer", SHARE_OF_BARE),
        (PLAIN_FAUST, "times_plain_faust", TIMES_PLAIN_FAUST),
        *((peer.name, f"times_{peer.key}", peer.floor) for peer in peers),
    ]
    return [
        _rate(name, ours, rates(runs, BARE_JSON), BARE_JSON),
        *(
            times(name, metric, ours, rates(runs, against), against=against, floor=floor)
            for against, metric, floor in bounded
        ),
        cpu_line(name, median(each.cpu_us for each in runs[WORKER])),
    ]


def _rate(name: str, ours: list[float], theirs: list[float], against: str) -> Line:
    ratio = times(name, "", ours, theirs, against=against).ratio
    return Line(
        scenario=name,
        metric="ticks_per_second",
        value=median(ours),
        unit="ticks/s",
        against=against,
        ratio=ratio,
    )


def _first(records: int, run: Contestant) -> Contestant:
    """Let a slow peer read only the first records."""
    return lambda job: run(replace(job, records=min(records, job.records)))


def _plan(bench: Bench) -> Plan:
    return QUICK if bench.quick else FULL


def published(bench: Bench, scenario: str, ticks: int, *, columnar: bool) -> Job:
    """Publish the ticks of a scenario under a prefix of its own; return the job of reading them."""
    prefix = bench.topics(scenario)
    broker = bench.broker().address

    async def publish() -> int:
        # aiokafka's producer asks for a running loop when it is made
        return await Feed(broker, prefix, PARTITIONS).publish(ticks, columnar=columnar)

    records = asyncio.run(publish())
    per_record = BATCH_TICKS if columnar else 1
    click.echo(f"{scenario}: {records * per_record:,} ticks in {records:,} records", err=True)
    return Job(
        broker=broker,
        prefix=prefix,
        topic=prefixed(prefix, TICKS),
        partitions=PARTITIONS,
        records=records,
        ticks_per_record=per_record,
        app_id=prefix,
        folder=str(bench.room(scenario)),
    )
