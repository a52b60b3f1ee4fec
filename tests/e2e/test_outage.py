"""A broker that is away for minutes: every process waits, says so now and then, and goes on.

On Apache Kafka, which keeps what it holds. `SIGNAL_TRACKER_OUTAGE_SECONDS` makes the outages
longer than a test run likes.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signal_tracker.kafka_broker import java_trouble
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import differences, query, table_rows
from tests.e2e.lasting import LastingKafka
from tests.e2e.parts import parts_of, publish
from tests.e2e.processes import Running, processes_in, wait_until

TICKERS = ("AAPL", "XOM", "BTC-USD", "^GSPC")
AWAY_S = float(os.environ.get("SIGNAL_TRACKER_OUTAGE_SECONDS", "25"))
# Of a worker, whose libraries say something, too.
LINES_A_SECOND = 0.5

pytestmark = pytest.mark.timeout(600 + 4 * AWAY_S)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LastingKafka]:
    if trouble := java_trouble():
        pytest.skip(f"no Kafka that can be stopped: {trouble}")
    with LastingKafka(tmp_path_factory.mktemp("kafka") / "kafka.log") as broker:
        yield broker


def killed(kafka: LastingKafka) -> None:
    kafka.kill_9()
    time.sleep(AWAY_S)
    kafka.start_again()


def frozen(kafka: LastingKafka) -> None:
    kafka.freeze()
    time.sleep(AWAY_S)
    kafka.thaw()


@pytest.mark.parametrize("outage", [frozen, killed])
def test_all_processes_come_back_by_themselves(
    kafka: LastingKafka, outage: Callable[[LastingKafka], None], tmp_path: Path
) -> None:
    parts, wanted = parts_of(tmp_path, TICKERS, count=3, seed=5)
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, kafka.address, tmp_path / "data", f"{outage.__name__}.")
        pipeline.create_topics()
        worker = pipeline.worker("--ignore-publishing-times")
        others = [pipeline.sqlite_sink(), pipeline.reports_sink()]
        tail = processes.start("events", "tail", *pipeline.topics, "--follow")
        running = [worker, *others, tail]
        publish(pipeline, parts[0])
        pipeline.wait_until_stored(*running)
        publish(pipeline, parts[1])
        before = {each.name: said(each) for each in running}

        outage(kafka)

        publish(pipeline, parts[2])
        pipeline.wait_until_stored(*running)
        rows = {row["signal_id"]: row for row in table_rows(pipeline.database)["signal_rows"]}
        assert differences(rows, wanted) == []
        ends = pipeline.output_ends()
        told = sum(end for (topic, _), end in ends.items() if topic.endswith("validation-events"))
        wait_until("the tail to print every event", lambda: len(tail.lines()) >= told, *running)
        events = {json.loads(line)["event_id"] for line in tail.lines()}
        assert len(events) == len(
            query(pipeline.database, "SELECT event_id FROM validation_events")
        )
        for each in running:
            meanwhile = said(each)[len(before[each.name]) :]
            assert not any("Traceback" in line for line in meanwhile), "\n".join(meanwhile)
            assert len(meanwhile) <= 3 + LINES_A_SECOND * AWAY_S, "\n".join(meanwhile)
        assert [each.end() for each in reversed(running)] == [0, 0, 0, 0]


def test_a_worker_that_is_asked_to_stop_does_not_wait_for_its_broker(
    kafka: LastingKafka, tmp_path: Path
) -> None:
    parts, wanted = parts_of(tmp_path, TICKERS, count=2, seed=6)
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, kafka.address, tmp_path / "data", "asked.")
        pipeline.create_topics()
        worker = pipeline.worker("--ignore-publishing-times")
        publish(pipeline, parts[0])
        pipeline.wait_until_judged(worker)
        told = sum(pipeline.output_ends().values())
        publish(pipeline, parts[1])
        wait_until(
            "the worker to tell of the second part",
            lambda: sum(pipeline.output_ends().values()) > told,
            worker,
        )

        kafka.freeze()
        try:
            # Longer than the group's answers are good for: nothing at hand may be sent.
            time.sleep(7)
            assert worker.end(signal.SIGTERM) == 0
        finally:
            kafka.thaw()

        later, sink = pipeline.worker("--ignore-publishing-times"), pipeline.sqlite_sink()
        pipeline.wait_until_stored(later, sink)
        rows = {row["signal_id"]: row for row in table_rows(pipeline.database)["signal_rows"]}
        assert differences(rows, wanted) == []


def said(running: Running) -> list[str]:
    """Return the words of a process so far."""
    return running.err.read_text(errors="replace").splitlines()
