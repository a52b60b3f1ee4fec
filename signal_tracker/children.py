"""Child processes: started with a log, never outliving their parent, stopped in good order."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# Linux ends the child when its parent dies; the check covers a parent that died before the call.
# A program of its own and not a preexec_fn: that one is not safe in a process with threads.
_GUARD = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[1]))
if os.getppid() != int(sys.argv[2]):
    sys.exit(1)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def start(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    death_signal: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a child with both outputs appended to `log`.

    It has a session of its own, so Ctrl-C reaches the parent alone, which stops
    its children in its own order. On Linux it gets `death_signal` when the
    thread that started it ends; elsewhere a killed parent leaves it behind.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "linux":
        guard = [sys.executable, "-ES", "-c", _GUARD, str(int(death_signal)), str(os.getpid())]
        argv = [*guard, *argv]
    with log.open("ab") as out:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], *, timeout: float = 10.0) -> int:
    """Ask a child to end, make it end after `timeout` seconds; return its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            kill(process)
    return process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and all it started, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
