"""A copy of this process that does a part of the work beside it, on another processor.

The copy has all that is in memory and opens connections of its own: it is begun
while none is open. Delivery guarantee: it never outlives its parent; what it left half
done is taken away by `close`, and its error is raised by the parent.
"""

import ctypes
import gc
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from sinks.errors import CopyFailedError

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_DONE, _FAILED = b"+", b"!"
_READ = 65_536

Tell = Callable[[str], None]


class Copy:
    """A running copy, and the names that it has told so far."""

    def __init__(self, pid: int, pipe: int, folder: Path) -> None:
        self._pid = pid
        self._pipe = pipe
        self._folder = folder
        self._text = b""
        self._open = True

    def ended(self, seconds: float) -> bool:
        """Wait so long for the end of the copy; return whether it has come."""
        while self._open and select.select([self._pipe], [], [], seconds)[0]:
            read = os.read(self._pipe, _READ)
            self._text += read
            self._open = bool(read)
        return not self._open

    def told(self) -> list[str]:
        """Return what the copy has told, once it has ended; raise its error."""
        lines = self._text.split(b"\n")
        failed = [each[1:].decode() for each in lines if each.startswith(_FAILED)]
        status = os.waitstatus_to_exitcode(self._wait())
        if failed or status:
            why = failed[0] if failed else f"exit status {status}"
            msg = f"expected the process beside this one to write its report files, was {why}"
            raise CopyFailedError(msg)
        return self._names(lines)

    def kill(self) -> list[str]:
        """End the copy at once; return what it has told."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        while not self.ended(1.0):
            pass
        self._wait()
        return self._names(self._text.split(b"\n"))

    def close(self) -> None:
        """Let go of the copy, and take away what it left half done."""
        if self._pid:
            self.kill()
        os.close(self._pipe)

    def _names(self, lines: list[bytes]) -> list[str]:
        return [each[1:].decode() for each in lines if each.startswith(_DONE)]

    def _wait(self) -> int:
        if not self._pid:
            return 0
        pid, self._pid = self._pid, 0
        _, status = os.waitpid(pid, 0)
        for each in self._folder.glob(f".*.{pid}.tmp"):
            each.unlink(missing_ok=True)
        return status


@contextmanager
def beside(folder: Path, work: Callable[[Tell], None]) -> Iterator[Copy]:
    """Do the work in a copy of this process, which writes into the folder; end it at the end."""
    ours, theirs = os.pipe()
    # Neither process may move what both have: a page that is written to is there twice.
    gc.freeze()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        os.close(ours)
        _as_copy(parent, theirs, work)
    os.close(theirs)
    copy = Copy(pid, ours, folder)
    try:
        yield copy
    finally:
        copy.close()


def _as_copy(parent: int, pipe: int, work: Callable[[Tell], None]) -> NoReturn:
    status = 1
    try:
        gc.disable()
        # Ctrl-C reaches both: what then becomes of the copy is the parent's to say.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, int(signal.SIGKILL))
        if os.getppid() == parent:
            work(lambda name: _tell(pipe, _DONE, name))
            status = 0
    except BaseException as error:
        _tell(pipe, _FAILED, f"{type(error).__name__}: {error}")
    finally:
        # Not by SystemExit: what is open here is the parent's, too.
        os._exit(status)


def _tell(pipe: int, mark: bytes, text: str) -> None:
    os.write(pipe, mark + text.replace("\n", " ").encode(errors="replace")[:2_000] + b"\n")
