"""Run one contestant in a process of its own, and see that it has done its work."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TypeAlias

from benchmarks.feed import SESSIONS, TICKERS
from benchmarks.job import Job, Measured
from schemas.topics import BARS, DEAD_LETTERS, prefixed
from signal_tracker import admin, children

TIMEOUT_SECONDS = 180.0

Process: TypeAlias = "subprocess.Popen[bytes]"


class ContestError(Exception):
    """Say which contestant did not do its work, and where its log is."""


def run_peer(module: str, job: Job, *words: str) -> Measured:
    """Run a peer until it has its answer."""
    process = _start(module, job, *words)
    try:
        _wait(process, job, module)
    finally:
        children.kill(process)
    return _answer(job)


def run_worker(job: Job) -> Measured:
    """Run the whole worker; check what it has committed, published and refused."""
    before = _published(job)
    process = _start("whole_worker", job)
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


def _start(module: str, job: Job, *words: str) -> Process:
    argv = [sys.executable, "-m", f"benchmarks.{module}", job.to_argument(), *words]
    return children.start(argv, log=_log(job))


def _wait(process: Process, job: Job, name: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not job.answer.exists():
        if process.poll() is not None and not job.answer.exists():
            _fail(job, f"{name} ended with status {process.returncode}, without an answer")
        if time.monotonic() > deadline:
            _fail(job, f"{name} was not done within {TIMEOUT_SECONDS:.0f} s")
        time.sleep(0.05)


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
