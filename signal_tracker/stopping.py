"""How a process of ours ends early: Ctrl-C and SIGTERM unwind it, so every `with` closes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn


class Stopped(BaseException):
    """SIGTERM came; like KeyboardInterrupt, no ordinary handler catches it."""


def unwind_on_sigterm() -> None:
    """Make SIGTERM raise `Stopped` in the main thread."""
    signal.signal(signal.SIGTERM, _stop)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Run a service whose normal end is Ctrl-C or SIGTERM."""
    with suppress(KeyboardInterrupt, Stopped):
        yield


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped
