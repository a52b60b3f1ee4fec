"""Processes that are kept alive, as an engine's `restart` does, and what is done to them."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from chaos.clocks import Clock
from signal_tracker import children

_ROOT = Path(__file__).parents[1]
AGAIN_SECONDS = 1.0
STOP_SECONDS = 10.0


class Part:
    """One process of ours, by its command line, which is asked for at every start."""

    def __init__(
        self, name: str, argv: Callable[[], Sequence[str]], log: Path, clock: Clock | None
    ) -> None:
        self.name = name
        self.log = log
        self.clock = clock
        self.paused = False
        self.starts = 0
        self._argv = argv
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at: float | None = 0.0
        self._log_end = 0

    @property
    def is_up(self) -> bool:
        """Say whether it runs, and is not paused."""
        return self._process is not None and self._process.poll() is None and not self.paused

    @property
    def is_wanted(self) -> bool:
        """Say whether it should run, now or in a moment."""
        return self._process is not None or self._start_at is not None

    def look(self) -> str | None:
        """Start what is due; return what a process said last that has ended by itself."""
        if self._process is not None and (status := self._process.poll()) is not None:
            self._process, self._start_at = None, time.monotonic() + AGAIN_SECONDS
            return f"status {status}: {self._last_words()}"
        if self._start_at is not None and time.monotonic() >= self._start_at:
            self._start_at = None
            self._log_end = self.log.stat().st_size if self.log.exists() else 0
            clocked = self.clock.environment if self.clock else {}
            env = {**os.environ, "PYTHONPATH": str(_ROOT), **clocked}
            self._process = children.start(self._argv(), log=self.log, env=env)
            self.starts += 1
        return None

    def kill_9(self, again_after: float = 0.0) -> None:
        """Kill the process; it is started again after so many seconds."""
        if self._process is not None:
            children.kill(self._process)
        self._process, self._start_at = None, time.monotonic() + again_after
        self.paused = False

    def pause(self) -> None:
        """Stop the process where it stands."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """Let a paused process go on."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def stop(self) -> bool:
        """End the process for good; say whether it ended when it was asked to."""
        self._start_at = None
        if self._process is None:
            return True
        process, self._process = self._process, None
        begun = time.monotonic()
        if self.paused:
            children.kill(process)
            return True
        children.stop(process, timeout=STOP_SECONDS)
        return time.monotonic() - begun < STOP_SECONDS

    def words(self) -> str:
        """Return all that it said."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _last_words(self) -> str:
        if not self.log.exists():
            return "it said nothing"
        with self.log.open("rb") as file:
            file.seek(self._log_end)
            lines = file.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"


class Crew:
    """All parts of a run, and which of them ended by themselves."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.parts: list[Part] = []
        self.ended: Counter[tuple[str, str]] = Counter()
        self.slow_stops = 0

    def add(self, part: Part) -> Part:
        """Keep a part alive from now on."""
        self.parts.append(part)
        return part

    def dismiss(self, part: Part) -> None:
        """Ask a part to end, and do not start it again."""
        self.slow_stops += not part.stop()
        self.parts.remove(part)

    def look(self) -> None:
        """Start what is due, and note what ended by itself."""
        for part in self.parts:
            if (told := part.look()) is not None:
                self._say(f"{part.name} ended by itself, {told}")
                self.ended[part.name.rstrip("0123456789"), told] += 1

    def stop(self) -> None:
        """End all parts, and count those that did not within ten seconds."""
        for part in reversed(self.parts):
            self.slow_stops += not part.stop()
        self.parts.clear()


def up(parts: Iterable[Part]) -> list[Part]:
    """Return those that run and are not paused."""
    return [each for each in parts if each.is_up]
