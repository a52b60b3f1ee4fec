"""The processes of a run: started, started again when they die, stopped in good order."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from signal_tracker import children
from signal_tracker.errors import RunError

MAX_RESTARTS = 3


class Part:
    """One process of ours, by its command line."""

    def __init__(
        self, name: str, words: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._env = env
        self.restarts = 0
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        argv = [sys.executable, "-m", "signal_tracker", *self._words]
        self._process = children.start(argv, log=self.log, env=self._env)

    def died(self) -> int | None:
        """Return the exit status of a process that has ended, None while it runs."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> None:
        """Stop the process if it runs."""
        if self._process is not None:
            children.stop(self._process)
            self._process = None


class Supervisor:
    """Keeps the parts of a run alive, each at most three times started again.

    They get `env`, or the environment of this process.
    """

    def __init__(self, say: Callable[[str], None], env: Mapping[str, str] | None = None) -> None:
        self._say = say
        self._env = env
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def add(self, name: str, words: Sequence[str], log: Path) -> None:
        """Start a part and keep it alive."""
        part = Part(name, words, log, self._env)
        part.start()
        self._parts.append(part)

    def look(self) -> None:
        """Start again what has died; raise RunError for what died too often."""
        for part in self._parts:
            status = part.died()
            if status is None:
                continue
            if part.restarts == MAX_RESTARTS:
                told = _last_line(part.log)
                times = f"{MAX_RESTARTS + 1} times, last with status {status}"
                msg = f"{part.name} died {times}: {told} (its log is {part.log})"
                raise RunError(msg)
            part.restarts += 1
            self._say(f"{part.name} died with status {status}; started again")
            part.start()

    def stop(self) -> None:
        """Stop all parts, the last one first."""
        while self._parts:
            self._parts.pop().stop()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "it said nothing"
