"""The two log files under DATA/logs: one line an event, rotating, shared by processes.

A log that cannot be written, as on a full disk, stops nothing: that is said once, and the
lines in between are missing.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from signal_tracker.progress import say

MAX_BYTES = 10_000_000
KEPT_FILES = 5

# Control characters, line ends, and what turns the direction of the writing after it.
_TURNS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_CONTROLS = (*range(32), *range(127, 160), 0x2028, 0x2029)
_ESCAPES = {code: f"\\x{code:02x}" for code in (*_CONTROLS, *_TURNS)}


class PipelineLog:
    """Writer of `pipeline_run.log` and `track_llm_signals.log` of one data folder."""

    def __init__(
        self, data_dir: Path, *, process: str | None = None, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = data_dir / "logs"
        self.process = process or _command_words()
        self.max_bytes = max_bytes
        self._is_writable = True

    def pipeline(self, *messages: str) -> None:
        """Append one line a message to `pipeline_run.log`: what a process did."""
        self._append("pipeline_run.log", messages)

    def track(self, *messages: str) -> None:
        """Append one line a message to `track_llm_signals.log`: what happened to a signal."""
        self._append("track_llm_signals.log", messages)

    def _append(self, name: str, messages: Iterable[str]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f"{now} {self.process}[{os.getpid()}]"
        lines = "".join(f"{head} {each.translate(_ESCAPES)}\n" for each in messages)
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / f".{name}.lock"):
                _rotate(path, self.max_bytes)
                _write_whole(path, lines.encode(errors="backslashreplace"))
        except OSError as error:
            if self._is_writable:
                say(f"{path} cannot be written, going on without: {error.strerror}")
            self._is_writable = False
        else:
            self._is_writable = True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # a file of its own: the log itself is renamed while others wait for the lock
    # "a": whatever stands there keeps its content
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_whole(path: Path, lines: bytes) -> None:
    with path.open("ab", buffering=0) as file:
        held = file.tell()
        try:
            while lines:
                lines = lines[file.write(lines) :]
        except OSError:
            # Half a line would stand before the next one.
            file.truncate(held)
            raise


def _rotate(path: Path, max_bytes: int) -> None:
    if not path.exists() or path.stat().st_size < max_bytes:
        return
    numbered = [path, *(path.with_name(f"{path.name}.{n}") for n in range(1, KEPT_FILES + 1))]
    for older, newer in zip(reversed(numbered), reversed(numbered[:-1]), strict=False):
        if newer.exists():
            newer.replace(older)


def _command_words() -> str:
    context = click.get_current_context(silent=True)
    path = context.command_path if context else ""
    return path.removeprefix("signal-tracker").strip() or "signal-tracker"
