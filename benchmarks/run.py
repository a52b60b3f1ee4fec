"""`python -m benchmarks.run`: measure the product beside its peers, and hold it to its bounds.

Results: a table on standard output and `build/bench.json`, written after every
scenario; exit code 1 where a bound does not hold or a scenario failed.
"""

import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiokafka.errors
import click
import kafka.errors

from benchmarks import docs, plot, results, sampler, tables
from benchmarks.bench import EMBEDDED, KAFKA, ROCKSDB, Bench, ContestError, Scenario
from benchmarks.scenarios import SCENARIOS
from signal_tracker.errors import TrackerError
from signal_tracker.stopping import Stopped, unwind_on_signals

OUT = Path("build/bench.json")
PROFILES = Path("docs/profiles")
# These read what the scenario before them has left on the broker.
_TOGETHER = {"recovery"}
# One scenario that fails must not cost the results of the others.
_FAILURES = (
    ContestError,
    TrackerError,
    kafka.errors.KafkaError,
    aiokafka.errors.KafkaError,
    sqlite3.Error,
    subprocess.SubprocessError,
    OSError,
    ValueError,
)


@click.command()
@click.option("--quick", is_flag=True, envvar="QUICK", help="Less data and fewer rounds.")
@click.option("--peers", is_flag=True, envvar="PEERS", help="With Kafka Streams, Quix, Bytewax.")
@click.option("--broker", metavar="HOST:PORT", help="Use this broker instead of starting one.")
@click.option(
    "--broker-kind",
    type=click.Choice([EMBEDDED, KAFKA]),
    help="What to start; by default an Apache Kafka where Docker, or Java and Maven, can run one.",
)
@click.option("--only", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only these.")
@click.option("--skip", multiple=True, type=click.Choice(list(SCENARIOS)), help="All but these.")
@click.option("--signals", type=click.IntRange(min=200), help="Of the scenarios with many signals.")
@click.option(
    "--store",
    type=click.Choice(["memory", ROCKSDB]),
    default="memory",
    help="Of the workers of the scenarios with many signals.",
)
@click.option("--merge", is_flag=True, help="Keep the other scenarios' results in the file.")
@click.option("--resume", is_flag=True, help="Keep what is in the file, and run only the rest.")
@click.option("--write-docs", is_flag=True, help="Put the results in docs/performance.md and .svg.")
@click.option("--profile", is_flag=True, help="Write docs/profiles/SCENARIO.txt; no results.")
@click.option("--keep", is_flag=True, help="Keep the logs, whatever happens.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=OUT)
def main(  # noqa: PLR0917 click passes options by name
    quick: bool,
    peers: bool,
    broker: str | None,
    broker_kind: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    signals: int | None,
    store: str,
    merge: bool,
    resume: bool,
    write_docs: bool,
    profile: bool,
    keep: bool,
    out: Path,
) -> None:
    """Measure the product beside its peers, and hold it to its bounds."""
    unwind_on_signals()
    # a new Kafka topic is not led at once, and the client says so for every attempt
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if profile:
        out = Path("build/profile.json")
    if not (merge or resume):
        results.clear(out)
    done = set(results.read_runs(out)) if resume else set()
    chosen = [name for name in only or SCENARIOS if name not in skip and name not in done]
    chosen.sort(key=results.ORDER.index)
    folder = Path(tempfile.mkdtemp(prefix="signal-tracker-bench-"))
    bench = Bench(
        folder=folder,
        quick=quick,
        broker_kind=broker_kind,
        given=broker,
        peers=peers,
        signals=signals,
        store=store,
    )
    failed = []
    try:
        for name in chosen:
            if name not in _TOGETHER:
                bench.close_broker()
            if profile:
                os.environ[sampler.VARIABLE] = str(PROFILES / f"{name}.txt")
            if not _run(name, SCENARIOS[name], bench, out):
                failed.append(name)
    finally:
        bench.close_broker()
    if not (failed or keep):
        shutil.rmtree(folder, ignore_errors=True)
    _finish(out, failed, write_docs=write_docs)


def _run(name: str, scenario: Scenario, bench: Bench, out: Path) -> bool:
    click.echo(f"== {name}, {'quick' if bench.quick else 'full'}", err=True)
    began = time.monotonic()
    try:
        outcome = scenario(bench)
    except _FAILURES as error:
        reason = f"{type(error).__name__}: {error}"
        click.echo(f"{name} failed: {reason}; logs are under {bench.folder}", err=True)
        return False
    seconds = time.monotonic() - began
    told = {
        "broker": bench.served.kind if bench.served else "none",
        "quick": bench.quick,
        "seconds": round(seconds, 1),
    }
    results.write(out, name, outcome, told)
    click.echo(f"== {name} took {seconds:.0f} s", err=True)
    return True


def _finish(out: Path, failed: list[str], *, write_docs: bool) -> None:
    lines, runs = results.read_lines(out), results.read_runs(out)
    click.echo(tables.text(lines, runs))
    if write_docs and lines:
        docs.fill(Path("docs/performance.md"), tables.markdown(lines, runs))
        Path("docs/performance.svg").write_text(plot.svg(lines, runs))
    seconds = sum(told["seconds"] for told in runs.values())
    click.echo(f"results in {out}; {len(runs)} scenarios took {seconds / 60:.1f} minutes", err=True)
    for name in failed:
        click.echo(f"FAILED: {name}", err=True)
    sys.exit(bool(failed or results.failing(lines)))


if __name__ == "__main__":
    try:
        main()
    except Stopped:
        sys.exit(128 + signal.SIGTERM)
