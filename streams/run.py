"""Run a worker until it is told to stop; a failure ends the process with 1."""

import gc
import logging
from pathlib import Path
from typing import Any

import faust
from faust.exceptions import ConsistencyError

from streams.app import WorkerConfig, create_app
from streams.lease import DisplacedError
from streams.memory import give_back_what_is_freed

_QUIET_SECONDS = 10.0

log = logging.getLogger(__name__)

# What these say below a warning is about their own services, hundreds of lines a start.
_CHATTY = ("faust", "mode", "aiokafka", "streams.transport", "streams.tables")


_LOST = "the broker no longer holds what this worker has read from it"


class _Seldom(logging.Filter):
    """Let a library say the same thing once in ten seconds: a lost broker is told 80 times one."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_CHATTY):
            return True
        text = str(record.msg)
        if record.created - self._last.get(text, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return False
        self._last[text] = record.created
        return True


class _Brief(logging.Filter):
    """Leave out where in a library a broker's refusal arose: the line itself says what it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if "Authorization" in type(error).__name__:
            record.exc_info = record.exc_text = None
        return True


class _Worker(faust.Worker):
    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        super().on_setup_root_logger(logger, level)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logger.handlers:
            handler.addFilter(_Seldom())
            handler.addFilter(_Brief())


def run_worker(config: WorkerConfig, log_file: Path | None = None) -> None:
    """Run the worker in the foreground; SIGINT and SIGTERM end it cleanly.

    Raise DisplacedError where its partitions went to another worker before it had told
    what it had at hand: nothing of that was sent, and it may begin anew in a new process.
    The same where the broker was made anew, or has lost what the worker's state was of.
    """
    # A chunk of thousands of live records makes the collector look at all of them again and
    # again, a quarter of a single tick's cost; nothing in them is a cycle.
    gc.set_threshold(200_000, 20, 100)
    give_back_what_is_freed()
    app = create_app(config)
    options: dict[str, Any] = {
        # At `warn` Faust's terminal sets the root logger to DEBUG, 100 us an event.
        "loglevel": "INFO",
        "logfile": str(log_file) if log_file else None,
        "quiet": True,
        "redirect_stdouts": False,
    }
    try:
        _Worker(app, **options).execute_from_commandline()
    finally:
        reason = app.crash_reason
        if isinstance(reason, DisplacedError):
            raise reason from None
        if isinstance(reason, ConsistencyError):
            raise DisplacedError(_LOST) from None
        if reason is not None:
            log.critical("stopped by %s: %s", type(reason).__name__, reason)
