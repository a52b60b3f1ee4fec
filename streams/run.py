"""Run a worker until it is told to stop; a failure ends the process with 1."""

import logging
from pathlib import Path

import faust

from streams.app import WorkerConfig, create_app


def run_worker(config: WorkerConfig, log_file: Path | None = None) -> None:
    """Run the worker in the foreground; SIGINT and SIGTERM end it cleanly."""
    config.calendars.check()
    app = create_app(config)
    # Below `info` Faust's terminal sets the root logger to DEBUG, 100 us an event.
    worker = faust.Worker(
        app,
        loglevel="INFO",
        logfile=str(log_file) if log_file else None,
        quiet=True,
        redirect_stdouts=False,
    )
    logging.captureWarnings(capture=True)
    worker.execute_from_commandline()
