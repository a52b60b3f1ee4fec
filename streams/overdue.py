"""A worker that has failed, or was asked to stop, ends, also where Faust does not come to it.

Stopping, Faust waits for its producer, its consumer's thread and its tables, any of which may
wait for a broker's answer that never comes. Nothing is lost by not waiting for them: what is
not durable is not committed.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

# An end in good order takes one or two.
END_SECONDS: Final = 15.0
# Whoever asked for it kills what has not ended after ten.
STOP_SECONDS: Final = 8.0


class Overdue:
    """Calls `on_overdue` from a thread of its own where the end takes too long."""

    def __init__(self, on_overdue: Callable[[], None], seconds: float = END_SECONDS) -> None:
        self._on_overdue = on_overdue
        self._seconds = seconds
        self._is_over = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Note that the worker is to end; once is enough."""
        if self._thread is None:
            self._thread = Thread(target=self._wait, name="overdue", daemon=True)
            self._thread.start()

    def is_over(self) -> None:
        """Note that it has come to its end."""
        self._is_over.set()

    def _wait(self) -> None:
        if not self._is_over.wait(self._seconds):
            self._on_overdue()
