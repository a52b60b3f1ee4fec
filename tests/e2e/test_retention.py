"""What retention takes from a Kafka is no matter to `audit`, and comes again by `rebuild`."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import TopicPartition

from schemas.topics import DEAD_LETTERS, OBSERVATIONS, TICKS
from signal_tracker import admin
from tests.e2e.audited import Stored, stored_in
from tests.e2e.conftest import Kafka
from tests.e2e.judged import query, table_rows

pytestmark = pytest.mark.containers


@pytest.fixture
def stored(kafka: Kafka, topic_prefix: str, tmp_path: Path) -> Iterator[Stored]:
    with stored_in(tmp_path, kafka.address, topic_prefix) as found:
        yield found


def test_deleted_ticks_observations_and_dead_letters_leave_no_gap(stored: Stored) -> None:
    pipeline = stored.pipeline
    stored.sink.end(signal.SIGTERM)
    rows = table_rows(pipeline.database)
    letters = "SELECT count(*) FROM dead_letters"
    dead = query(pipeline.database, letters)
    names = [pipeline.topic(each) for each in (TICKS, OBSERVATIONS, DEAD_LETTERS)]
    ends = admin.end_offsets(pipeline.broker, names)
    with admin.connected(pipeline.broker) as client:
        client.delete_records({TopicPartition(*tp): end for tp, end in ends.items() if end})

    told = stored.audit()
    assert told.out[-1].startswith("audit=0 ")
    assert "ticks are all gone; the bars topic stands in for others" in told.err

    told = stored.rebuild()
    assert "the first records of partitions" in told.err
    counts = dict(each.split("=") for each in told.out[-1].split()[1:])
    assert int(counts["computed"]) == len(rows["signal_observations"]) > 100
    assert int(counts["carried"]) == dead[0][0] > 10
    assert counts["dropped"] == "0"
    assert table_rows(pipeline.database) == rows
    assert query(pipeline.database, letters) == dead
    (summary,) = map(json.loads, stored.audit("--format", "json").out)
    assert summary["audit"] == 0
    assert summary["ticks_from_ms"]
