"""Static membership on Apache Kafka: a restart under its name moves no partition."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from signal_tracker.kafka_broker import java_trouble
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import differences, table_rows
from tests.e2e.lasting import LastingKafka
from tests.e2e.parts import parts_of, publish
from tests.e2e.processes import Running, processes_in, wait_until

TICKERS = ("AAPL", "XOM", "BTC-USD", "^GSPC", "MSFT", "JPM")
# Far beyond what the test waits for: who has to wait for it is seen.
SESSION_SECONDS = "300"
READY = "ready: judging partitions"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[LastingKafka]:
    if trouble := java_trouble():
        pytest.skip(f"no Apache Kafka: {trouble}")
    with LastingKafka(tmp_path / "kafka.log") as broker:
        yield broker


def test_a_killed_worker_of_a_name_goes_on_at_once_and_the_other_is_left_alone(
    kafka: LastingKafka, tmp_path: Path
) -> None:
    parts, wanted = parts_of(tmp_path, TICKERS, count=2, seed=7)
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, kafka.address, tmp_path / "data")
        pipeline.create_topics()
        workers = [named(pipeline, "a"), named(pipeline, "b")]
        sink = pipeline.sqlite_sink()
        wait_until(
            "both workers to have two partitions",
            lambda: all(readings(each)[-1:] == [2] for each in workers),
            *workers,
        )
        publish(pipeline, parts[0])
        pipeline.wait_until_stored(*workers, sink)
        before = readings(workers[1])

        workers[0].kill_9()
        again = named(pipeline, "a")
        publish(pipeline, parts[1])
        pipeline.wait_until_stored(again, workers[1], sink)

        assert readings(again) == [2]
        assert readings(workers[1]) == before
        rows = {row["signal_id"]: row for row in table_rows(pipeline.database)["signal_rows"]}
        assert differences(rows, wanted) == []
        assert [each.end() for each in (again, workers[1], sink)] == [0, 0, 0]


def named(pipeline: Pipeline, name: str) -> Running:
    return pipeline.worker(
        "--instance", name, "--session-timeout", SESSION_SECONDS, "--ignore-publishing-times"
    )


def readings(worker: Running) -> list[int]:
    """Return how many partitions the worker had each time that it got ready."""
    lines = worker.err.read_text(errors="replace").splitlines()
    lists = [line.partition(READY)[2] for line in lines if READY in line]
    return [each.partition("]")[0].count(",") + 1 for each in lists]
