"""`signal-tracker publish ticks FILE.parquet`: a large file onto the topic."""

import json
import time
from pathlib import Path
from statistics import median

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench import Bench, ContestError
from benchmarks.contest import module, wait_for
from benchmarks.feed import TICKERS, blocks
from benchmarks.lines import Line, Outcome, Series
from signal_tracker import children

NAME = "publish_parquet"
TICKS_A_SECOND = 3_000_000.0
TICKS, QUICK_TICKS = 10_000_000, 2_000_000

_SECONDS = 300.0


def publish_parquet(bench: Bench) -> Outcome:
    """Publish one file in every round; the clock is around the file, not the command's start."""
    ticks = QUICK_TICKS if bench.quick else TICKS
    file = bench.room(NAME) / "ticks.parquet"
    write_parquet(file, ticks)
    prefix = bench.topics(NAME)
    rates, costs, whole = [], [], []
    for number in range(2 if bench.quick else 5):
        seconds, took = _published(bench, prefix, file, number)
        if (took["ticks"], took["refused"]) != (ticks, 0):
            msg = f"expected {ticks:,} ticks sent, was {took['ticks']:,}, {took['refused']} refused"
            raise ContestError(msg)
        rates.append(ticks / took["seconds"])
        costs.append(took["cpu_seconds"] / ticks * 1e6)
        whole.append(seconds)
        click.echo(f"  round {number + 1}  {rates[-1]:>12,.0f} ticks/s {seconds:>6.2f} s", err=True)
    size = file.stat().st_size
    return Outcome(
        lines=[
            _line("ticks_per_second", median(rates), "ticks/s", TICKS_A_SECOND),
            _line("command_seconds", median(whole), "s"),
            _line("cpu_per_tick", median(costs), "us"),
        ],
        series=[
            Series(contestant="publish ticks", unit="ticks/s", values=rates),
            Series(contestant="publish ticks, CPU", unit="us/tick", values=costs),
            Series(contestant="the whole command", unit="s", values=whole),
        ],
        notes=[f"{ticks:,} ticks of {len(TICKERS)} tickers in a file of {size / 1e6:.0f} MB"],
    )


def write_parquet(path: Path, ticks: int) -> None:
    """Write seeded ticks as a file: ticker, ts_event_ms, price, size."""
    names = pa.array(TICKERS)
    with pq.ParquetWriter(path, _schema()) as writer:
        for block in blocks(ticks):
            columns = [
                pa.DictionaryArray.from_arrays(block.code.astype(np.int32), names),
                pa.array(block.ts_ms),
                pa.array(block.price),
                pa.array(np.full(len(block.code), 100.0)),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=_schema()))


def _schema() -> pa.Schema:
    return pa.schema(
        [
            ("ticker", pa.dictionary(pa.int32(), pa.string())),
            ("ts_event_ms", pa.int64()),
            ("price", pa.float64()),
            ("size", pa.float64()),
        ]
    )


def _published(
    bench: Bench, prefix: str, file: Path, number: int
) -> tuple[float, dict[str, float]]:
    folder = bench.room(NAME, str(number))
    answer, log = folder / "answer.json", folder / "log"
    words = ["publish", "ticks", str(file), "--broker", bench.broker().address]
    argv = module("publish_file", str(answer), *words, "--prefix", prefix, "--data", str(folder))
    began = time.monotonic()
    process = children.start(argv, log=log)
    try:
        wait_for(lambda: process.poll() == 0, [process], what="the file", log=log, seconds=_SECONDS)
        seconds = time.monotonic() - began
    finally:
        children.kill(process)
    return seconds, json.loads(answer.read_text())


def _line(metric: str, value: float, unit: str, floor: float | None = None) -> Line:
    return Line(scenario=NAME, metric=metric, value=value, unit=unit, floor=floor)
