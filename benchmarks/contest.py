"""Run one contestant in a process of its own, and see that it has done its work."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.bench import ContestError
from benchmarks.feed import SESSIONS, TICKERS
from benchmarks.job import Job, Measured
from benchmarks.usage import available_bytes
from schemas.topics import BARS, DEAD_LETTERS, prefixed
from signal_tracker import admin, children

TIMEOUT_SECONDS = 180.0
LEAST_MEMORY, LEAST_DISK = 1_000_000_000, 2_000_000_000

_LOOK_SECONDS = 0.5

Process: TypeAlias = "subprocess.Popen[bytes]"


def module(name: str, *words: str) -> list[str]:
    """Return how to start a module of the benchmark."""
    return [sys.executable, "-m", f"benchmarks.{name}", *words]


def run_peer(name: str, job: Job, *words: str) -> Measured:
    """Run a peer that is a module here until it has its answer."""
    return run_command(module(name, job.to_argument(), *words), job)


def run_command(argv: Sequence[str], job: Job, *, env: Mapping[str, str] | None = None) -> Measured:
    """Run a peer of any kind until it has its answer."""
    process = children.start(argv, log=_log(job), env=env)
    try:
        _wait(process, job, argv[2] if argv[1] == "-m" else argv[0])
    finally:
        children.kill(process)
    return _answer(job)


def run_worker(job: Job) -> Measured:
    """Run the whole worker; check what it has committed, published and refused."""
    before = _published(job)
    process = children.start(module("whole_worker", job.to_argument()), log=_log(job))
    try:
        _wait(process, job, "whole_worker")
    finally:
        status = children.stop(process, timeout=30.0)
    if status:
        _fail(job, f"the worker ended with status {status}")
    ends = admin.end_offsets(job.broker, [job.topic])
    held = admin.committed_offsets(job.broker, job.app_id)
    committed = {tp: held.get(tp, 0) for tp in ends}
    if committed != ends:
        _fail(job, f"expected the worker to commit {ends}, was {committed}")
    bars, dead = (now - old for now, old in zip(_published(job), before, strict=True))
    # the last session stays open: no tick comes after its close
    expected = len(TICKERS) * (SESSIONS - 1)
    if (bars, dead) != (expected, 0):
        _fail(job, f"expected {expected} bars and no dead letter, was {bars} and {dead}")
    return _answer(job)


def wait_for(
    holds: Callable[[], bool],
    processes: Sequence[Process],
    *,
    what: str,
    log: Path,
    seconds: float = TIMEOUT_SECONDS,
    poll: float = 0.02,
) -> None:
    """Return when something holds; raise ContestError where a process died or time is up."""
    deadline = time.monotonic() + seconds
    looked = 0.0
    while not holds():
        if time.monotonic() - looked > _LOOK_SECONDS:
            looked = time.monotonic()
            _refuse_shortage(log)
        for process in processes:
            if process.poll() is not None and not holds():
                told = f"a process ended with status {process.returncode}"
                msg = f"waiting for {what}: {told}; its log is {log}"
                raise ContestError(msg)
        if time.monotonic() > deadline:
            msg = f"{what}: not done within {seconds:.0f} s; its log is {log}"
            raise ContestError(msg)
        time.sleep(poll)


def _refuse_shortage(log: Path) -> None:
    # A machine that runs full would end the broker first, or the shell it was started in.
    memory, disk = available_bytes(), shutil.disk_usage(log.parent).free
    if (memory is not None and memory < LEAST_MEMORY) or disk < LEAST_DISK:
        told = "unknown" if memory is None else f"{memory / 1e9:.1f} GB"
        msg = f"the machine runs full: {told} of memory and {disk / 1e9:.1f} GB of disk are left"
        msg += "; use fewer --signals"
        raise ContestError(msg)


def _wait(process: Process, job: Job, name: str) -> None:
    wait_for(job.answer.exists, [process], what=name, log=_log(job), poll=0.05)


def _published(job: Job) -> list[int]:
    names = [prefixed(job.prefix, topic) for topic in (BARS, DEAD_LETTERS)]
    ends = admin.end_offsets(job.broker, names)
    return [sum(end for tp, end in ends.items() if tp[0] == name) for name in names]


def _answer(job: Job) -> Measured:
    return Measured(**json.loads(job.answer.read_text()))


def _fail(job: Job, reason: str) -> None:
    msg = f"{reason}; its log is {_log(job)}"
    raise ContestError(msg)


def _log(job: Job) -> Path:
    return Path(job.folder) / "log"
