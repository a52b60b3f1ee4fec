"""Reports of many signals: all files, what one session of one ticker costs, the shell's report."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click

from benchmarks.bench import Bench, ContestError
from benchmarks.contest import module, wait_for
from benchmarks.following import Followed, follow_one, following, sessions_after
from benchmarks.lines import AT_MOST, Line, Outcome, Series
from benchmarks.million import FEW, QUICK_FEW, QUICK_SIGNALS, SIGNALS
from benchmarks.report_feed import make_database
from signal_tracker import children

NAME = "report"
FULL_SECONDS, INCREMENTAL_SECONDS, SHELL_SECONDS = 20.0, 0.5, 1.0
SIGNALS_A_TICKER = 200
SESSIONS = 30

_SECONDS = 1_800.0


def report(bench: Bench) -> Outcome:
    """Write all files of many signals once, follow five sessions, and run `report` of few."""
    many = bench.signals or (QUICK_SIGNALS if bench.quick else SIGNALS)
    few = min(QUICK_FEW if bench.quick else FEW, many)
    rounds = 2 if bench.quick else 5
    shell = _shell(bench, few, rounds)
    small = [_full(bench, "few", number) for number in range(rounds)]
    _database(bench, "many", many)
    large = _full(bench, "many", 0)
    click.echo(f"  {many:,} signals in full: {large['seconds']:.1f} s", err=True)
    followed = _followed(bench.room(NAME, "many"), rounds)
    return Outcome(
        lines=_lines(many, few, large=large, small=small, followed=followed, shell=shell),
        series=[
            Series(contestant=f"report, {few:,} signals", unit="s", values=shell),
            Series(contestant=f"all files, {few:,} signals", unit="s", values=_all(small)),
            Series(contestant=f"all files, {many:,} signals", unit="s", values=_all([large])),
            Series(
                contestant="after a session, three files",
                unit="s",
                values=[each.quick for each in followed],
            ),
            Series(
                contestant="after a session, all files",
                unit="s",
                values=[each.all for each in followed],
            ),
        ],
        notes=[
            f"{large['bytes'] / 1e6:,.0f} MB of files of {many:,} signals,"
            f" {large['peak'] / 1e6:,.0f} MB of memory at most",
            "the first session after which files follow is a new day, the others are its same day",
        ],
    )


def _lines(
    many: int,
    few: int,
    *,
    large: dict[str, float],
    small: list[dict[str, float]],
    followed: Sequence[Followed],
    shell: Sequence[float],
) -> list[Line]:
    times = large["seconds"] / many / (median(_all(small)) / few)
    return [
        _line("full_seconds", large["seconds"], "s", FULL_SECONDS),
        _line("full_cost_ratio", times, "x", against=f"{few:,} signals", ratio=times),
        _line(
            "incremental_seconds", median(each.quick for each in followed), "s", INCREMENTAL_SECONDS
        ),
        _line("incremental_all_seconds", median(each.all for each in followed), "s", FULL_SECONDS),
        _line("shell_report_seconds", median(shell), "s", SHELL_SECONDS),
        _line("full_peak_bytes_per_signal", large["peak"] / many, "bytes"),
    ]


def _line(
    metric: str,
    value: float,
    unit: str,
    floor: float | None = None,
    *,
    against: str | None = None,
    ratio: float | None = None,
) -> Line:
    return Line(
        scenario=NAME,
        metric=metric,
        value=value,
        unit=unit,
        against=against,
        ratio=ratio,
        floor=floor,
        direction=AT_MOST,
    )


def _database(bench: Bench, name: str, signals: int) -> Path:
    path = bench.room(NAME, name) / "signals.db"
    if not path.exists():
        began = time.monotonic()
        tickers = max(signals // SIGNALS_A_TICKER, 1)
        make_database(path, signals=signals, tickers=tickers, sessions=SESSIONS)
        click.echo(f"  {signals:,} signals made in {time.monotonic() - began:.0f} s", err=True)
    return path


def _full(bench: Bench, name: str, number: int) -> dict[str, float]:
    folder = bench.room(NAME, name)
    out, answer, log = folder / "out", folder / f"answer-{number}.json", folder / "full.log"
    argv = module("full_report", str(folder / "signals.db"), str(out), str(answer))
    process = children.start(argv, log=log)
    try:
        wait_for(
            lambda: process.poll() == 0, [process], what="the reports", log=log, seconds=_SECONDS
        )
    finally:
        children.kill(process)
    shutil.rmtree(out)
    found: dict[str, float] = json.loads(answer.read_text())
    return found


def _followed(data: Path, rounds: int) -> list[Followed]:
    session = next(sessions_after(data / "signals.db"))
    found = []
    with following(data) as process:
        for number in range(rounds):
            one = follow_one(data, process, f"T{number:05d}", session)
            click.echo(f"  followed in {one.quick:.2f} s, all files in {one.all:.2f} s", err=True)
            found.append(one)
    return found


def _shell(bench: Bench, signals: int, rounds: int) -> list[float]:
    data = _database(bench, "few", signals).parent
    argv = [sys.executable, "-m", "signal_tracker", "report", "--data", str(data)]
    found = []
    for _ in range(rounds):
        began = time.monotonic()
        done = subprocess.run(argv, check=False, capture_output=True, timeout=_SECONDS)
        found.append(time.monotonic() - began)
        if done.returncode or not done.stdout:
            msg = f"report ended with status {done.returncode}: {done.stderr.decode()[-500:]}"
            raise ContestError(msg)
    return found


def _all(runs: Sequence[dict[str, float]]) -> list[float]:
    return [each["seconds"] for each in runs]
