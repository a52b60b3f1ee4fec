"""`signal-tracker sink`: the outbound topics into signals.db, and signals.db into report files."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from schemas.cluster import Cluster
from signal_tracker.columns import counted
from signal_tracker.heartbeat import heartbeat as beating
from signal_tracker.logs import PipelineLog
from signal_tracker.options import (
    broker_option,
    data_option,
    heartbeat_option,
    option,
    prefix_option,
)
from signal_tracker.progress import say
from signal_tracker.stopping import until_stopped

if TYPE_CHECKING:
    from sinks.sink import Fields, Written


@click.group("sink")
def command() -> None:
    """Write SQLite rows from the topics, or report files from the rows."""


@command.command("sqlite")
@broker_option
@data_option
@prefix_option
@option(
    "--run-id",
    metavar="TEXT",
    default="",
    help="Mark the database as one run's; another run is refused.",
)
@heartbeat_option
@until_stopped()
def sqlite(
    *, broker: Cluster, data: Path, prefix: str, run_id: str, heartbeat: Path | None
) -> None:
    """Carry the topics into DATA/signals.db until Ctrl-C or SIGTERM.

    Rows and offsets are stored in one transaction: a restart goes on exactly
    where the last one ended, however it ended.
    """
    from signal_tracker.remedies import topics_remedied
    from signal_tracker.waiting import Waiting
    from sinks.snapshot import DATABASE
    from sinks.sqlite import SqliteSink
    from sinks.worker import run_sink

    log = PipelineLog(data)
    beat = beating(heartbeat)
    written = 0

    def started(partitions: int) -> None:
        log.pipeline(
            f"started: {counted(partitions, 'partition')} of {broker} into {data / DATABASE}"
        )
        say(f"writing {data / DATABASE} from {broker}; Ctrl-C ends")

    def batch(done: "Written") -> None:
        nonlocal written
        written += done.records
        log.pipeline(_batch_line(done))
        if done.displaced:
            left_out = counted(done.displaced, "record")
            log.pipeline(f"{left_out} of a worker that had lost the partition left out")
        log.track(*(_event_line(each) for each in done.new_events))

    def tell(text: str) -> None:
        say(text)
        log.pipeline(text)

    waiting = Waiting(broker, tell)

    def should_stop() -> bool:
        beat()
        return stop.is_set()

    with topics_remedied(broker, prefix), _stopping() as stop:
        run_sink(
            SqliteSink(data / DATABASE),
            broker=broker,
            prefix=prefix,
            run_id=run_id,
            should_stop=should_stop,
            on_start=started,
            on_batch=batch,
            on_silence=waiting.goes_on,
            on_answer=waiting.is_over,
        )
    log.pipeline(f"stopped after {counted(written, 'row')}")


@command.command("reports")
@data_option
@heartbeat_option
@until_stopped()
def reports(*, data: Path, heartbeat: Path | None) -> None:
    """Write the report files of DATA again whenever signals.db changes.

    It reads signals.db only, keeps no state and ends, after a last look, with
    Ctrl-C or SIGTERM.
    """
    from sinks.snapshot import DATABASE
    from sinks.snapshot_follow import follow

    log = PipelineLog(data)
    beat = beating(heartbeat)

    def wait(seconds: float) -> bool:
        beat()
        return stop.wait(seconds)

    def written(paths: list[Path]) -> None:
        log.track(f"reports written: {', '.join(path.name for path in paths)}")

    def waiting(why: str) -> None:
        log.pipeline(f"waiting: {why}")
        say(f"{why}; waiting for it")

    log.pipeline(f"started: reports of {data / DATABASE}")
    say(f"writing reports of {data / DATABASE} into {data}; Ctrl-C ends")
    with _stopping() as stop:
        follow(data / DATABASE, data, wait=wait, on_written=written, on_waiting=waiting)
    log.pipeline("stopped")


@contextmanager
def _stopping() -> Iterator[Event]:
    # A flag and not an exception: a batch is finished before the process ends, and no client
    # library is left in the middle of a call. A second Ctrl-C does not wait for that.
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, former[number])

    former = {int(each): signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _batch_line(done: "Written") -> str:
    counts = {
        "bar": done.bars,
        "observation": done.observations,
        "signal state": done.states,
        "new event": len(done.new_events),
        "dead letter": done.dead_letters,
    }
    return f"batch stored: {', '.join(counted(count, noun) for noun, count in counts.items())}"


def _event_line(event: "Fields") -> str:
    return (
        f"{event['signal_id']} {event['ticker']}: {event['from_status'] or 'new'} -> "
        f"{event['to_status']}, session {event['session'] or '-'}, {event['reason']}"
    )
