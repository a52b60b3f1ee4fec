"""Another version takes a running system over: signals go on, and end as the oracle says.

From what an older commit left (its JSON rows of signals, its version of signals.db), kept as a
sample; and from what the code before epochs and leases leaves when it is run, where git's
history is there. Without it the sample is what Apache Kafka gets, too.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.by_hand import Pipeline, behind
from tests.e2e.conftest import Kafka
from tests.e2e.earlier import PREFIX, Earlier, Feed, checked_out, leave_sample
from tests.e2e.judged import differences, table_rows
from tests.e2e.processes import processes_in, run
from tests.oracle.judge import judge

Leave = Callable[[Pipeline, Feed, Path], None]

_JUDGED = {"passed", "failed", "insufficient"}


def sample(pipeline: Pipeline, _feed: Feed, _folder: Path) -> None:
    leave_sample(pipeline)


def by_running(pipeline: Pipeline, feed: Feed, folder: Path) -> None:
    code = checked_out(folder / "code")
    if code is None:
        leave_sample(pipeline)
        return
    with processes_in(folder / "old") as processes:
        old = Earlier(code, processes, pipeline.broker, pipeline.data, pipeline.prefix)
        old.judge_half(feed, folder)


def test_signals_under_way_on_the_embedded_broker_go_on(
    embedded_broker: str, tmp_path: Path
) -> None:
    take_over(embedded_broker, sample, tmp_path)


@pytest.mark.containers
def test_signals_under_way_on_apache_kafka_go_on(kafka: Kafka, tmp_path: Path) -> None:
    take_over(kafka.address, by_running, tmp_path)


def take_over(broker: str, leave: Leave, folder: Path) -> None:
    """Let the code of today go on where another left off, and compare with the oracle."""
    feed = Feed.of_sample()
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, broker, folder / "data", PREFIX)
        leave(pipeline, feed, folder)
        assert behind(pipeline.input_ends(), pipeline.judged()) == {}
        under_way = tracked(pipeline.database)

        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        feed.publish(pipeline, folder, after=True)
        pipeline.wait_until_stored(*parts)

        words = [*pipeline.topics, "--data", str(pipeline.data)]
        assert run("audit", *words).stdout.splitlines()[-1].startswith("audit=0 ")
        rows = {row["signal_id"]: row for row in table_rows(pipeline.database)["signal_rows"]}
        assert differences(rows, judge(feed.signals, feed.closes)) == []
        judged = {signal_id for signal_id, row in rows.items() if row["status"] in _JUDGED}
        assert len(under_way & judged) >= 5


def tracked(database: Path) -> set[str]:
    """Return which signals are on their way in a database of any version."""
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT signal_id FROM llm_signals WHERE status = 'tracking'")
        return {signal_id for (signal_id,) in rows}
