"""A million active signals through topics, worker and SQLite sink; and the same with few."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.bench import Bench, ContestError
from benchmarks.contest import module, wait_for
from benchmarks.lines import AT_MOST, Line, Outcome, Series
from benchmarks.sink_drain import DrainJob
from benchmarks.tracking import Tracked, tracked
from schemas.topics import OUTBOUND, prefixed
from signal_tracker import admin, children

NAME = "million_signals"
SIGNALS, FEW, FEW_RUNS = 1_000_000, 10_000, 5
QUICK_SIGNALS, QUICK_FEW, QUICK_RUNS = 20_000, 2_000, 2

SESSIONS_A_SECOND = 250_000.0
ROWS_A_SECOND = 100_000.0
BYTES_A_SIGNAL = 600.0
GROWTH = 1.3

_SINK_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What the sink took for the rows of a market; where they are."""

    database: Path
    rows: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What other scenarios use of this one: topics that are full, a database that is."""

    large: Tracked
    database: Path
    small_database: Path


def million_signals(bench: Bench) -> Outcome:
    """Measure few signals some times and many once; drain both into SQLite; check the rows."""
    many = bench.signals or (QUICK_SIGNALS if bench.quick else SIGNALS)
    few = min(QUICK_FEW if bench.quick else FEW, many)
    small = [tracked(bench, few, "few") for _ in range(QUICK_RUNS if bench.quick else FEW_RUNS)]
    small_rows = drained(bench, small[-1], "few")
    large = tracked(bench, many, "many")
    rows = drained(bench, large, "many")
    bench.market = Kept(large=large, database=rows.database, small_database=small_rows.database)
    return Outcome(
        lines=_lines(large, small, rows), series=_series(large, small), notes=_notes(large, rows)
    )


def drained(bench: Bench, found: Tracked, name: str) -> Drained:
    """Carry a market's outputs into SQLite, and check the rows."""
    broker = bench.broker().address
    names = [prefixed(found.prefix, topic) for topic in OUTBOUND]
    ends = [(*tp, end) for tp, end in admin.end_offsets(broker, names).items()]
    folder = bench.room(name, f"sink-{found.prefix[6:14]}")
    job = DrainJob(broker=broker, prefix=found.prefix, folder=str(folder), ends=ends)
    process = children.start(module("sink_drain", job.to_argument()), log=folder / "log")
    try:
        wait_for(
            job.answer.exists,
            [process],
            what="the SQLite sink",
            log=folder / "log",
            seconds=_SINK_SECONDS,
            poll=0.1,
        )
        process.wait(60)
    finally:
        children.kill(process)
    answer = json.loads(job.answer.read_text())
    result = Drained(
        database=job.database,
        rows=answer["rows"],
        seconds=answer["seconds"],
        cpu_seconds=answer["cpu_seconds"],
    )
    click.echo(f"  {name}: {result.rows:,} rows in {result.seconds:.1f} s", err=True)
    _check(job.database, found)
    return result


def _check(database: Path, found: Tracked) -> None:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        (observations,) = connection.execute("SELECT count(*) FROM observations").fetchone()
        statuses = dict(
            connection.execute(
                "SELECT CASE WHEN status IN ('passed', 'failed') THEN 'judged' ELSE status END,"
                " count(*) FROM llm_signals GROUP BY 1"
            )
        )
    finally:
        connection.close()
    expected = (found.market.observations(), found.market.statuses())
    if (observations, statuses) != expected:
        msg = f"expected observations and statuses {expected}, was {(observations, statuses)}"
        raise ContestError(msg)


def _lines(large: Tracked, small: list[Tracked], rows: Drained) -> list[Line]:
    few = f"{small[0].market.signals:,} signals"
    signals = large.market.signals
    wall = [each.seconds / each.signal_sessions for each in small]
    cpu = [each.cpu_seconds / each.signal_sessions for each in small]
    ours = (large.seconds / large.signal_sessions, large.cpu_seconds / large.signal_sessions)
    return [
        _line("signal_sessions_per_second", 1 / ours[0], "/s", SESSIONS_A_SECOND),
        _line("steady_signal_sessions_per_second", large.steady_per_second, "/s"),
        _growth("wall_cost_ratio", ours[0], wall, few),
        _growth("cpu_cost_ratio", ours[1], cpu, few),
        _line("worker_cpu_per_signal_session", ours[1] * 1e6, "us"),
        _line("registrations_per_second", signals / large.registration.seconds, "/s"),
        _line("worker_bytes_per_signal", large.bytes_per_signal, "bytes", BYTES_A_SIGNAL, AT_MOST),
        _line(
            "worker_peak_bytes_per_signal", (large.rss_peak - large.rss_before) / signals, "bytes"
        ),
        _line("sink_rows_per_second", rows.rows / rows.seconds, "/s", ROWS_A_SECOND),
        _line("sink_cpu_per_row", rows.cpu_seconds / rows.rows * 1e6, "us"),
        _line("database_bytes_per_row", rows.database.stat().st_size / rows.rows, "bytes"),
    ]


def _line(
    metric: str, value: float, unit: str, floor: float | None = None, direction: str = "at least"
) -> Line:
    return Line(
        scenario=NAME, metric=metric, value=value, unit=unit, floor=floor, direction=direction
    )


def _growth(metric: str, ours: float, few: list[float], against: str) -> Line:
    ratio = ours / median(few)
    return Line(
        scenario=NAME,
        metric=metric,
        value=ratio,
        unit="x",
        against=against,
        ratio=ratio,
        floor=GROWTH,
        direction=AT_MOST,
    )


def _series(large: Tracked, small: list[Tracked]) -> list[Series]:
    found = []
    for runs in (small, [large]):
        name = f"{runs[0].market.signals:,} signals"
        rates = [each.signal_sessions / each.seconds for each in runs]
        costs = [each.cpu_seconds / each.signal_sessions * 1e6 for each in runs]
        entries = [each.market.signals / each.registration.seconds for each in runs]
        found += [
            Series(contestant=name, unit="signal-sessions/s", values=rates),
            Series(contestant=f"{name}, CPU", unit="us", values=costs),
            Series(contestant=f"{name}, entry", unit="registrations/s", values=entries),
        ]
    return found


def _notes(large: Tracked, rows: Drained) -> list[str]:
    market = large.market
    return [
        f"{market.signals:,} signals on {len(market.tickers):,} tickers,"
        f" {len(large.sessions)} sessions, {large.signal_sessions:,} observations,"
        f" {rows.rows:,} rows; {market.statuses()['judged']:,} signals judged",
    ]
