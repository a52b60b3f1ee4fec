"""A file whose age tells that a process does its work: it is touched while it does."""

import time
from collections.abc import Callable
from pathlib import Path

_SECONDS = 1.0


def heartbeat(path: Path | None, clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Return what a process calls while it is well; it touches the file once a second at most."""
    due = float("-inf")

    def beat() -> None:
        nonlocal due
        now = clock()
        if path is not None and now >= due:
            path.touch()
            due = now + _SECONDS

    return beat
