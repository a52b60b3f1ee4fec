"""The whole pipeline in one go: broker, topics, workers, sink, publishing, report.

Topics stand behind a prefix of the run's own, and the workers in a group of
its own, so that a run disturbs nothing on a broker that others use.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from producers.files import publish_records_file, publish_ticks_file
from producers.publisher import KafkaPublisher
from producers.record_columns import RowOptions
from producers.results import PublishResult, Refusal
from producers.tick_cells import TickOptions
from schemas.cluster import Broker
from schemas.records import CorporateAction, Signal
from schemas.topics import DEFAULT_PARTITIONS
from signal_tracker.admin import create_topics
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.columns import counted
from signal_tracker.finish import Lag, Watched, sink_offsets_of, wait_until_complete
from signal_tracker.logs import PipelineLog
from signal_tracker.options import DEFAULT_APP_ID
from signal_tracker.progress import say, shown
from signal_tracker.settings import plain_environ
from signal_tracker.supervisor import Supervisor
from sinks.rows import REPLAY_RUN
from sinks.snapshot import DATABASE, write_reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run is given: files in, how to read them, who judges."""

    signals: Path
    ticks: Sequence[Path]
    actions: Path | None = None
    policy: str = "tracker"
    calendars: Sequence[str] = ()
    workers: int = 1
    broker: Broker | None = None
    partitions: int = DEFAULT_PARTITIONS
    tick_options: TickOptions = field(default_factory=TickOptions)
    row_options: RowOptions = field(default_factory=RowOptions)


def run_pipeline(run: Run, folder: Path) -> int:
    """Judge the run's files into `folder`; return how many lines were refused."""
    token = secrets.token_hex(4)
    log = PipelineLog(folder)
    with ExitStack() as stack:
        broker = run.broker or stack.enter_context(_embedded(folder))
        # the embedded broker has no security, whatever the variables say of another one
        env = None if run.broker else plain_environ()
        prefix = f"{REPLAY_RUN}{token}."
        create_topics(broker, prefix, run.partitions)
        log.pipeline(f"run {token} on {broker}: {counted(run.workers, 'worker')}")
        parts = stack.enter_context(Supervisor(_teller(log), env))
        _start_parts(parts, run, folder, ["--broker", str(broker), "--prefix", prefix])
        results = _publish(run, broker, prefix, log)
        ends = {tp: end for result in results for tp, end in result.ends.items()}
        watched = Watched(
            broker, prefix, prefix + DEFAULT_APP_ID, sink_offsets_of(folder / DATABASE)
        )
        with _lag_shown() as on_lag:
            wait_until_complete(watched, ends, look=parts.look, on_lag=on_lag)
    paths = write_reports(folder / DATABASE, folder)
    log.track(f"reports written: {', '.join(path.name for path in paths)}")
    log.pipeline(f"run {token} complete")
    return sum(result.refused for result in results)


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    with EmbeddedBroker(folder / "logs" / "broker.log") as broker:
        say(f"embedded broker at {broker.address}")
        yield broker.address


def _start_parts(parts: Supervisor, run: Run, folder: Path, where: Sequence[str]) -> None:
    common = [*where, "--data", str(folder)]
    judge = ["--app-id", DEFAULT_APP_ID, "--policy", run.policy, "--ignore-publishing-times"]
    if run.calendars:
        judge += ["--calendars", *run.calendars]
    for number in range(1, run.workers + 1):
        log = folder / "logs" / f"worker-{number}.log"
        parts.add(f"worker {number}", ["worker", *common, *judge], log)
    log = folder / "logs" / "sink-sqlite.log"
    parts.add("SQLite sink", ["sink", "sqlite", *common, "--run-id", where[-1]], log)


def _publish(run: Run, broker: Broker, prefix: str, log: PipelineLog) -> list[PublishResult]:
    with KafkaPublisher.connect(broker) as publisher:
        signals = partial(
            publish_records_file, publisher, Signal, prefix=prefix, options=run.row_options
        )
        actions = partial(
            publish_records_file, publisher, CorporateAction, prefix=prefix, options=run.row_options
        )
        ticks = partial(publish_ticks_file, publisher, prefix=prefix, options=run.tick_options)
        jobs: list[tuple[Callable[..., PublishResult], Path]] = [(signals, run.signals)]
        jobs += [(actions, run.actions)] if run.actions else []
        jobs += [(ticks, path) for path in run.ticks]
        return [_publish_one(job, path, log) for job, path in jobs]


def _publish_one(job: Callable[..., PublishResult], path: Path, log: PipelineLog) -> PublishResult:
    with shown(f"publishing {path.name}") as on_progress:
        result = job(path=path, on_refused=_refusal_of(path), on_progress=on_progress)
    told = f"{path.name}: {counted(result.sent, 'line')} sent, {result.refused} refused"
    say(told)
    log.pipeline(told)
    return result


def _refusal_of(path: Path) -> Callable[[Refusal], None]:
    return lambda refusal: say(f"{path.name}: {refusal}")


def _teller(log: PipelineLog) -> Callable[[str], None]:
    def tell(text: str) -> None:
        say(text)
        log.pipeline(text)

    return tell


@contextmanager
def _lag_shown() -> Iterator[Callable[[Lag], None]]:
    most = Lag(1, 1)
    with shown("judging and storing") as on_progress:

        def show(lag: Lag) -> None:
            nonlocal most
            most = Lag(max(most.inputs, lag.inputs), max(most.outputs, lag.outputs))
            left = lag.inputs / most.inputs + (1 if lag.inputs else lag.outputs / most.outputs)
            on_progress(int(1000 * (2 - left)), 2000)

        yield show
