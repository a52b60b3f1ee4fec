"""Processes of ours in tests: started with logs, waited for by conditions, always ended.

Nothing here knows what the processes do; `by_hand` does.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
MAIN = (sys.executable, "-W", "ignore", "-m", "signal_tracker")
PATIENCE_S = 60.0
POLL_S = 0.05
STOP_S = 10.0

_TAIL_LINES = 25
_DOING = ("publishing ", "writing ")


class Running:
    """One child process, its standard output and its words in files."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", out: Path, err: Path) -> None:
        self.name = name
        self.process = process
        self.out = out
        self.err = err

    @property
    def status(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self.process.poll()

    def lines(self) -> list[str]:
        """Return the whole lines written to standard output so far."""
        return self.out.read_text(errors="replace").split("\n")[:-1]

    def freeze(self) -> None:
        """Stop the process where it stands; `thaw` or `kill_9` follows."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill_9(self) -> None:
        """End the process at once, if it runs."""
        self.process.kill()
        self.process.wait(STOP_S)

    def end(self, number: int = signal.SIGTERM, within: float = STOP_S) -> int:
        """Ask the process to end; return its exit status, or fail after so many seconds."""
        self.process.send_signal(number)
        return self.wait(within)

    def wait(self, within: float) -> int:
        """Return the exit status of a process that ends by itself."""
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            msg = f"{self.name} runs on after {within:.0f} s\n{self}"
            raise AssertionError(msg) from None

    def __str__(self) -> str:
        """Return the last lines of what it said."""
        said = [f"{path.name}: {line}" for path in (self.out, self.err) for line in _tail(path)]
        return "\n".join([f"--- {self.name}, exit status {self.status}", *said])


class Processes:
    """Starts child processes; all that still run are killed at the end of the block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[Running] = []

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> Running:
        """Start one command of ours."""
        number = len(self._started) + 1
        name = "-".join(word for word in words[:2] if not word.startswith("-"))
        out = self.folder / f"{number}-{name}.out"
        err = self.folder / f"{number}-{name}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*MAIN, *words],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=_environ(env),
                # a session of its own: Ctrl-C on the tests is theirs alone
                start_new_session=True,
            )
        running = Running(f"{number} {' '.join(words[:2])}", process, out, err)
        self._started.append(running)
        return running

    def close(self) -> None:
        """Kill what still runs."""
        for each in reversed(self._started):
            each.kill_9()


@contextmanager
def processes_in(folder: Path) -> Iterator[Processes]:
    """Yield a starter of processes with their words in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # a shell's background job ignores Ctrl-C, and so would its children
        signal.signal(signal.SIGINT, signal.default_int_handler)
    started = Processes(folder)
    try:
        yield started
    finally:
        started.close()


def run(
    *words: str,
    expect: int = 0,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    within: float = 2 * PATIENCE_S,
) -> "subprocess.CompletedProcess[str]":
    """Run one command of ours to its end; fail unless it leaves with `expect`."""
    done = subprocess.run(
        [*MAIN, *words],
        check=False,
        capture_output=True,
        input=stdin,
        timeout=within,
        env=_environ(env),
    )
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    told = f"{' '.join(words[:3])}: expected exit status {expect}, was {done.returncode}"
    assert done.returncode == expect, f"{told}\n{out[-1500:]}\n{err[-3000:]}"
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def wait_until(
    what: str,
    done: Callable[[], T],
    *watched: Running,
    seconds: float = PATIENCE_S,
    more: Callable[[], str] = str,
) -> T:
    """Return the first true answer of `done`; fail when time is up or a watched process ends."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        for each in watched:
            assert each.status is None, f"{each.name} ended while waiting for {what}\n{each}"
        if time.monotonic() > deadline:
            told = "\n".join([more(), *map(str, watched)])
            pytest.fail(f"waited {seconds:.0f} s for {what}; {told}", pytrace=False)
        time.sleep(POLL_S)
    return found


def only_line(told: str) -> str:
    """Return the error, and fail where more is said than it and what is being done."""
    lines = [each for each in told.splitlines() if not each.startswith(_DOING)]
    assert len(lines) == 1, told
    return lines[0]


def marked(mark: str) -> dict[int, str]:
    """Return the command lines, by process id, of processes that carry `mark` in their environment.

    Only on Linux; what a process starts inherits the mark, whoever its parent is now.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = words.decode(errors="replace")
    return found


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    # a test may have gone to another folder than that of the packages
    return {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}


def _tail(path: Path) -> list[str]:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return lines[-_TAIL_LINES:]
