"""Run a worker until it is told to stop, and say in one line why it stopped by itself.

A broker that is away for longer than the clients try ends the process's work, not the
worker: AwayError says so, and whoever runs it waits and begins anew. What refuses, is lost
or is broken stops it.
"""

import gc
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import faust
from faust.exceptions import ConsistencyError

from streams.app import WorkerConfig, create_app
from streams.away import KNOWN, is_away
from streams.lease import DisplacedError
from streams.logs import CHATTY, Quiet
from streams.memory import give_back_what_is_freed
from streams.overdue import STOP_SECONDS, Overdue
from streams.transport import BatchTransport

log = logging.getLogger(__name__)

_MOVED: Final = "its partitions went to another worker while this one was away"
_LOST: Final = "the broker no longer holds what this worker has read from it"


class AwayError(Exception):
    """Say that the broker did not answer for so long that the worker has to begin anew."""


class WorkerError(Exception):
    """Say why a worker stopped by itself."""


class _Worker(faust.Worker):
    def __init__(
        self,
        app: faust.App,
        reasons: list[BaseException],
        on_asked_to_stop: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        self._reasons = reasons
        self._on_asked_to_stop = on_asked_to_stop

    @property
    def is_asked_to_stop(self) -> bool:
        # mode has no other sign
        return bool(self._signal_stop_time)

    def _schedule_shutdown(self, number: signal.Signals) -> None:
        self._on_asked_to_stop()
        super()._schedule_shutdown(number)

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        super().on_setup_root_logger(logger, level)
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logger.handlers:
            handler.addFilter(Quiet(KNOWN, self._reasons))


def _first_reason(
    app: faust.App, on_first: Callable[[], None] = lambda: None
) -> list[BaseException]:
    """Return the list that will hold why the app crashed, the first reason in front.

    Faust keeps the last one: where more agents than one fail, that is their supervisors' exit.
    """
    reasons: list[BaseException] = []
    crash = app._crash  # noqa: SLF001 - there is no hook

    def keep(reason: BaseException) -> None:
        reasons.append(reason)
        on_first()
        crash(reason)

    app._crash = keep  # type: ignore[method-assign]  # noqa: SLF001 - as above
    return reasons


def run_worker(
    config: WorkerConfig,
    log_file: Path | None = None,
    on_overdue: Callable[[Exception | None], None] = lambda _error: None,
) -> None:
    """Run the worker in the foreground; SIGINT and SIGTERM end it cleanly.

    Raise DisplacedError where its partitions went to another worker before it had told
    what it had at hand: nothing of that was sent, and it may begin anew in a new process.
    The same where the broker was made anew, or has lost what the worker's state was of.
    Raise AwayError where the broker did not answer, WorkerError where anything else failed.
    Where it failed and does not come to its end, `on_overdue` gets the same error, in a thread
    of its own, and is to end the process; None where it was asked to stop.
    """
    # A chunk of thousands of live records makes the collector look at all of them again and
    # again, a quarter of a single tick's cost; nothing in them is a cycle.
    gc.set_threshold(200_000, 20, 100)
    give_back_what_is_freed()
    # A log on a full disk is no reason for a traceback a line.
    logging.raiseExceptions = False
    app = create_app(config)

    def end_failed() -> None:
        # What fails while it ends because it was asked to is no reason to begin anew.
        if not worker.is_asked_to_stop:
            on_overdue(_told(app, reasons[0], log_file))

    stopping = Overdue(lambda: on_overdue(None), STOP_SECONDS)
    overdue = Overdue(end_failed)
    reasons = _first_reason(app, overdue.begin)
    options: dict[str, Any] = {
        # At `warn` Faust's terminal sets the root logger to DEBUG, 100 us an event.
        "loglevel": "INFO",
        "logfile": str(log_file) if log_file else None,
        "quiet": True,
        "redirect_stdouts": False,
    }
    worker = _Worker(app, reasons, stopping.begin, **options)
    try:
        worker.execute_from_commandline()
    except SystemExit as leave:
        # Faust leaves so in any case; what failed before the app had started is the context.
        if leave.code and leave.__context__ is not None:
            reasons.append(leave.__context__)
        if not reasons or worker.is_asked_to_stop:
            raise
        raise _told(app, reasons[0], log_file) from None
    finally:
        overdue.is_over()
        stopping.is_over()


def _told(app: faust.App, reason: BaseException, log_file: Path | None) -> Exception:
    if isinstance(reason, SystemExit) and cast(BatchTransport, app.transport).lease.is_lost:
        # mode ends a worker whose agents are refused too often before it says why.
        reason = DisplacedError(_MOVED)
    error = _error_of(reason)
    # The terminal is told by whoever catches it.
    if log_file is not None:
        log.critical("%s", error)
    return error


def _error_of(reason: BaseException) -> Exception:
    if isinstance(reason, DisplacedError):
        return reason
    if isinstance(reason, ConsistencyError):
        return DisplacedError(_LOST)
    told = " ".join(f"{type(reason).__name__}: {reason}".split()).rstrip(": ")
    if is_away(reason):
        return AwayError(told)
    return WorkerError(f"the worker was stopped by {told}")
