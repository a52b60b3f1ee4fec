"""A worker takes a million signals back from its changelogs, or from its disk by `--store`."""

import json
import time
from dataclasses import dataclass
from statistics import median

import click

from benchmarks.bench import PARTITIONS, Bench, ContestError
from benchmarks.contest import module, wait_for
from benchmarks.lines import AT_MOST, Line, Outcome, Series
from benchmarks.million import QUICK_SIGNALS, SIGNALS, Kept
from benchmarks.tracking import Tracked, play, published, running, tracked
from benchmarks.usage import peak_bytes
from benchmarks.watching import WatchedWorker
from schemas.topics import OBSERVATIONS
from signal_tracker import admin, children
from signal_tracker.admin import connected

NAME = "recovery"
TIMES_BARE = 4.0

_FEW_SESSIONS = 6
# A worker that stops stays in its group until this is over: the next one would only wait.
_SESSION_TIMEOUT = 6.5
_SECONDS = 1_200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What it took: from the start of the process, and from the assignment on."""

    whole: float
    seconds: float
    cpu_seconds: float
    rss: int
    rss_peak: int


def recovery(bench: Bench) -> Outcome:
    """Start a worker on full changelogs; read the same changelogs bare, before and after."""
    found = _market(bench)
    broker = bench.broker().address
    with connected(broker) as client:
        names = [each for each in client.list_topics() if _is_changelog(each, found.app_id)]
    ends = [(*tp, end) for tp, end in admin.end_offsets(broker, names).items() if end]
    bare = [_bare(bench, ends)]
    time.sleep(_SESSION_TIMEOUT)
    started = time.monotonic()
    with running(bench, found.prefix, NAME, state=found.state) as worker:
        ready = worker.wait_ready(PARTITIONS, seconds=_SECONDS)
        peak = peak_bytes(worker.process.pid) or 0
        assigned = [each for each in worker.steps if each["step"] == "assigned"][-1]
        click.echo(f"  recovered in {ready['at'] - started:.1f} s", err=True)
        _goes_on(broker, found, worker)
    bare.append(_bare(bench, ends))
    took = Recovered(
        whole=ready["at"] - started,
        seconds=ready["at"] - assigned["at"],
        cpu_seconds=ready["cpu"] - assigned["cpu"],
        rss=ready["rss"],
        rss_peak=peak,
    )
    return Outcome(
        lines=_lines(found, took, bare),
        series=[
            Series(contestant="worker, after assignment", unit="s", values=[took.seconds]),
            Series(contestant="worker, CPU", unit="s", values=[took.cpu_seconds]),
            Series(contestant="aiokafka, bytes only", unit="s", values=_all(bare, "seconds")),
            Series(contestant="bytes only, CPU", unit="s", values=_all(bare, "cpu_seconds")),
        ],
        notes=[f"{bare[0]['records']:,.0f} changelog records of {found.market.signals:,} signals"],
    )


def _market(bench: Bench) -> Tracked:
    if isinstance(bench.market, Kept):
        return bench.market.large
    signals = bench.signals or (QUICK_SIGNALS if bench.quick else SIGNALS)
    return tracked(bench, signals, "recovered", _FEW_SESSIONS)


def _is_changelog(topic: str, app_id: str) -> bool:
    return topic.startswith(app_id) and topic.endswith("-changelog")


def _bare(bench: Bench, ends: list[tuple[str, int, int]]) -> dict[str, float]:
    folder = bench.room(NAME)
    answer, log = folder / f"bare-{time.monotonic_ns()}.json", folder / "bare.log"
    given = {"broker": bench.broker().address, "ends": ends, "answer": str(answer)}
    process = children.start(module("bare_changelog", json.dumps(given)), log=log)
    try:
        wait_for(
            lambda: process.poll() == 0,
            [process],
            what="the bare reader",
            log=log,
            seconds=_SECONDS,
        )
    finally:
        children.kill(process)
    found: dict[str, float] = json.loads(answer.read_text())
    return found


def _goes_on(broker: str, found: Tracked, worker: WatchedWorker) -> None:
    """Play one more session: what was recovered must be judged on."""
    before = published(broker, found.prefix, OBSERVATIONS)
    session = len(found.sessions)
    play(broker, found, worker, range(session, session + 1))
    if published(broker, found.prefix, OBSERVATIONS) <= before:
        msg = "expected observations of the recovered signals, was none"
        raise ContestError(msg)


def _lines(found: Tracked, took: Recovered, bare: list[dict[str, float]]) -> list[Line]:
    signals = found.market.signals
    plain = (
        ("seconds", took.whole, "s"),
        ("seconds_after_assignment", took.seconds, "s"),
        ("changelog_megabytes", bare[0]["bytes"] / 1e6, "MB"),
        ("changelog_bytes_per_signal", bare[0]["bytes"] / signals, "bytes"),
        ("resident_megabytes", took.rss / 1e6, "MB"),
        ("resident_bytes_per_signal", (took.rss - found.rss_before) / signals, "bytes"),
        ("peak_megabytes", took.rss_peak / 1e6, "MB"),
        ("peak_bytes_per_signal", (took.rss_peak - found.rss_before) / signals, "bytes"),
    )
    return [
        *(
            Line(scenario=NAME, metric=metric, value=value, unit=unit)
            for metric, value, unit in plain
        ),
        _times("times_bare_cpu", took.cpu_seconds, _all(bare, "cpu_seconds"), None),
        _times("times_bare_reading", took.seconds, _all(bare, "seconds"), TIMES_BARE),
    ]


def _times(metric: str, ours: float, theirs: list[float], floor: float | None) -> Line:
    ratio = ours / median(theirs)
    return Line(
        scenario=NAME,
        metric=metric,
        value=ratio,
        unit="x",
        against="aiokafka, bytes only",
        ratio=ratio,
        floor=floor,
        direction=AT_MOST,
    )


def _all(bare: list[dict[str, float]], name: str) -> list[float]:
    return [each[name] for each in bare]
