"""How a process of ours ends early: Ctrl-C and SIGTERM unwind it, so every `with` closes.

A signal's exception is raised wherever the main thread happens to be, also
inside a library that takes any exception for its own: kafka-python's event loop
stores one as the result of a task and goes on, and the process would run for
ever. So what was asked is remembered, and asked again as long as nothing unwinds.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

_ASK_AGAIN_S: Final = 0.5


class Stopped(BaseException):
    """SIGTERM came; like KeyboardInterrupt, no ordinary handler catches it."""


_RAISED: Final[dict[int, type[BaseException]]] = {
    signal.SIGTERM: Stopped,
    signal.SIGINT: KeyboardInterrupt,
}
_asked: list[int] = []


def unwind_on_signals() -> None:
    """Make SIGTERM raise `Stopped` and Ctrl-C KeyboardInterrupt in the main thread."""
    for number in _RAISED:
        # a shell's background job ignores Ctrl-C
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _ask_again)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Run a service whose normal end is Ctrl-C or SIGTERM."""
    try:
        yield
    except BaseException as error:
        if not is_of_a_signal(error):
            raise
    finally:
        take_asked()


def take_asked() -> int | None:
    """Return the signal that asked the process to end, None if none did; it is not asked again."""
    _remind(0.0)
    number = _asked[-1] if _asked else None
    _asked.clear()
    return number


def is_of_a_signal(error: BaseException | None) -> bool:
    """Say whether an exception is a signal's, or one that came of unwinding after it."""
    while error is not None and not isinstance(error, (Stopped, KeyboardInterrupt)):
        error = error.__context__
    return error is not None


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _asked.append(number)
    _remind(_ASK_AGAIN_S)
    raise _RAISED[number]


def _ask_again(_number: int, _frame: FrameType | None) -> None:
    if _asked and not is_of_a_signal(sys.exception()):
        raise _RAISED[_asked[-1]]


def _remind(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
