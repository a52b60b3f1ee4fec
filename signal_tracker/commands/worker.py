"""`signal-tracker worker`: the Faust worker that joins signals and prices."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import click

from schemas.cluster import Cluster
from signal_tracker.anew import FLAG, begin_anew
from signal_tracker.logs import PipelineLog
from signal_tracker.options import (
    DEFAULT_APP_ID,
    ManyOption,
    broker_option,
    data_option,
    heartbeat_option,
    option,
    prefix_option,
)
from signal_tracker.progress import say
from signal_tracker.stopping import until_stopped

policy_option = option(
    "--policy", metavar="NAME|FILE", default="tracker", help="What a signal has to show."
)
app_id_option = option(
    "--app-id",
    metavar="NAME",
    default=DEFAULT_APP_ID,
    help="The consumer group, behind the prefix; workers of one name share the partitions.",
)

calendars_option = option(
    "--calendars",
    cls=ManyOption,
    metavar="SUFFIX=NAME",
    help="The exchange calendar of tickers that end so, as -USD=24/7 or .L=XLON.",
)
lateness_option = option(
    "--lateness",
    metavar="MINUTES",
    type=click.FloatRange(min=0, max=24 * 60),
    default=15.0,
    help="How long after its close a session waits for late ticks.",
)
publishing_times_option = option(
    "--ignore-publishing-times",
    is_flag=True,
    help="Judge no signal backdated: the past is published anew.",
)


@click.command("worker")
@broker_option
@prefix_option
@data_option
@policy_option
@app_id_option
@calendars_option
@lateness_option
@option(
    "--session-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=6, max=300),
    default=6.0,
    help="After how long without a heartbeat the partitions go to another worker.",
)
@option(
    "--standby",
    metavar="N",
    type=click.IntRange(0, 8),
    default=0,
    help="On how many other workers each partition's state is kept warm.",
)
@option(
    "--instance",
    metavar="NAME",
    help="A name of this worker alone in its group: a restart under it moves no partition.",
)
@option(
    "--store",
    type=click.Choice(["memory", "rocksdb"]),
    default="memory",
    help="Where rows are kept beside the changelogs; rocksdb: in DATA/state, for short restarts.",
)
@publishing_times_option
@heartbeat_option
@option("--log", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Log here.")
@click.option(FLAG, is_flag=True, hidden=True)
@until_stopped()
def command(  # noqa: PLR0917 click passes options by name
    broker: Cluster,
    prefix: str,
    data: Path,
    policy: str,
    app_id: str,
    calendars: tuple[str, ...],
    lateness: float,
    session_timeout: float,
    standby: int,
    instance: str | None,
    store: str,
    ignore_publishing_times: bool,
    heartbeat: Path | None,
    log: Path | None,
    begun_anew: bool,
) -> None:
    """Run a worker until Ctrl-C or SIGTERM; start more to share the partitions."""
    from schemas.topics import CATALOGUE, prefixed
    from signal_tracker.access import check_worker_access
    from signal_tracker.admin import replica_counts
    from signal_tracker.checks import check_judging
    from signal_tracker.heartbeat import heartbeat as beating
    from signal_tracker.state_folder import open_shelf, sources_of
    from signal_tracker.waiting import wait_for_topics
    from streams.app import WorkerConfig, own_topics
    from streams.lease import DisplacedError
    from streams.run import AwayError, run_worker

    policies, book = check_judging(policy, calendars)
    names = [prefixed(prefix, topic) for topic in CATALOGUE]
    pipeline = PipelineLog(data)

    def tell(text: str) -> None:
        say(text)
        pipeline.pipeline(text)

    if begun_anew:
        wait_for_topics(broker, names, tell)
    counts = _partition_counts(broker, prefix, names)
    group = prefix + app_id
    check_worker_access(broker, prefix, group, own_topics(group), counts[names[0]])
    pipeline.pipeline(f"worker {group} started on {broker}")
    # Faust wants a folder, though nothing of ours goes there.
    folder = TemporaryDirectory(prefix="signal-tracker-")

    ending = _Ending(group, broker, folder, tell, pipeline)

    with ExitStack() as stack:
        work_dir = stack.enter_context(folder)
        shelf = None
        if store == "rocksdb":
            shelf = stack.enter_context(open_shelf(data, broker, group, instance))
        config = WorkerConfig(
            broker=broker,
            policies=policies,
            work_dir=Path(work_dir),
            app_id=group,
            prefix=prefix,
            partitions=counts[names[0]],
            # what a worker cannot lose is kept as safely as what it was made of
            replicas=max(replica_counts(broker, names[:1]).values()),
            lateness_ms=int(lateness * 60_000),
            judge_backdated=not ignore_publishing_times,
            calendars=book,
            session_timeout=session_timeout,
            standby=standby,
            instance=instance,
            on_alive=beating(heartbeat),
            shelf=shelf,
            sources=partial(sources_of, broker, group),
        )
        try:
            run_worker(config, log, ending.at_once)
        except (DisplacedError, AwayError) as error:
            stack.close()
            ending.of(error)
        finally:
            pipeline.pipeline(f"worker {group} stopped")


@dataclass(frozen=True)
class _Ending:
    """What is done where a worker ends by itself, or is late where it was asked to."""

    group: str
    broker: Cluster
    folder: TemporaryDirectory[str]
    tell: Callable[[str], None]
    pipeline: PipelineLog

    def of(self, error: Exception | None) -> None:
        """Begin anew where that mends it; return where it does not."""
        from streams.lease import DisplacedError
        from streams.run import AwayError

        self.folder.cleanup()
        self.pipeline.pipeline(f"worker {self.group} stopped")
        if isinstance(error, (DisplacedError, AwayError)):
            self.tell(f"worker {self.group} begins anew: {error}")
            begin_anew()

    def at_once(self, error: Exception | None) -> NoReturn:
        """End the process, which waits for what does not come."""
        self.of(error)
        if error is None:
            self.tell(
                f"worker {self.group} did not wait for {self.broker}: what it had at hand is read"
                " again"
            )
            os._exit(0)
        say(f"Error: {error}")
        os._exit(1)


def _partition_counts(broker: Cluster, prefix: str, names: Sequence[str]) -> Mapping[str, int]:
    from signal_tracker.admin import partition_counts
    from signal_tracker.errors import MissingTopicError
    from signal_tracker.remedies import topics_remedied

    counts = partition_counts(broker, names)
    missing = [name for name in names if name not in counts]
    with topics_remedied(broker, prefix):
        if missing:
            msg = f"there is no topic {', '.join(missing)} at {broker}"
            raise MissingTopicError(msg)
    return counts
