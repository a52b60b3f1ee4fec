"""Run a worker until it is told to stop, and say in one line why it stopped by itself.

A broker that is away for longer than the clients try ends the process's work, not the
worker: AwayError says so, and whoever runs it waits and begins anew. What refuses, is lost
or is broken stops it.
"""

import gc
import logging
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import faust
from faust.exceptions import ConsistencyError

from streams.app import WorkerConfig, create_app
from streams.away import KNOWN, is_away
from streams.lease import DisplacedError
from streams.logs import CHATTY, Quiet
from streams.memory import give_back_what_is_freed
from streams.transport import BatchTransport

log = logging.getLogger(__name__)

_MOVED: Final = "its partitions went to another worker while this one was away"
_LOST: Final = "the broker no longer holds what this worker has read from it"


class AwayError(Exception):
    """Say that the broker did not answer for so long that the worker has to begin anew."""


class WorkerError(Exception):
    """Say why a worker stopped by itself."""


class _Worker(faust.Worker):
    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        super().on_setup_root_logger(logger, level)
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        for handler in logger.handlers:
            handler.addFilter(Quiet(KNOWN))


def _first_reason(app: faust.App) -> list[BaseException]:
    """Return the list that will hold why the app crashed, the first reason in front.

    Faust keeps the last one: where more agents than one fail, that is their supervisors' exit.
    """
    reasons: list[BaseException] = []
    crash = app._crash  # noqa: SLF001 - there is no hook

    def keep(reason: BaseException) -> None:
        reasons.append(reason)
        crash(reason)

    app._crash = keep  # type: ignore[method-assign]  # noqa: SLF001 - as above
    return reasons


def run_worker(config: WorkerConfig, log_file: Path | None = None) -> None:
    """Run the worker in the foreground; SIGINT and SIGTERM end it cleanly.

    Raise DisplacedError where its partitions went to another worker before it had told
    what it had at hand: nothing of that was sent, and it may begin anew in a new process.
    The same where the broker was made anew, or has lost what the worker's state was of.
    Raise AwayError where the broker did not answer, WorkerError where anything else failed.
    """
    # A chunk of thousands of live records makes the collector look at all of them again and
    # again, a quarter of a single tick's cost; nothing in them is a cycle.
    gc.set_threshold(200_000, 20, 100)
    give_back_what_is_freed()
    # A log on a full disk is no reason for a traceback a line.
    logging.raiseExceptions = False
    app = create_app(config)
    reasons = _first_reason(app)
    options: dict[str, Any] = {
        # At `warn` Faust's terminal sets the root logger to DEBUG, 100 us an event.
        "loglevel": "INFO",
        "logfile": str(log_file) if log_file else None,
        "quiet": True,
        "redirect_stdouts": False,
    }
    worker = _Worker(app, **options)
    try:
        worker.execute_from_commandline()
    except SystemExit as leave:
        # Faust leaves so in any case; what failed before the app had started is the context.
        if leave.code and leave.__context__ is not None:
            reasons.append(leave.__context__)
        reason = reasons[0] if reasons else None
        # What fails while it ends because it was asked to is no reason to begin anew.
        if reason is None or worker._signal_stop_time:  # noqa: SLF001 - Faust has no other sign
            raise
        if isinstance(reason, SystemExit) and cast(BatchTransport, app.transport).lease.is_lost:
            # mode ends a worker whose agents are refused too often before it says why.
            reason = DisplacedError(_MOVED)
        try:
            _raise(reason)
        except WorkerError as error:
            # The terminal is told by whoever catches it.
            if log_file is not None:
                log.critical("%s", error)
            raise


def _raise(reason: BaseException) -> NoReturn:
    if isinstance(reason, DisplacedError):
        raise reason from None
    if isinstance(reason, ConsistencyError):
        raise DisplacedError(_LOST) from None
    told = " ".join(f"{type(reason).__name__}: {reason}".split()).rstrip(": ")
    if is_away(reason):
        raise AwayError(told) from None
    msg = f"the worker was stopped by {told}"
    raise WorkerError(msg) from None
