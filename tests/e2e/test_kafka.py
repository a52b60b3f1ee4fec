"""The parts on Apache Kafka: two workers, a SQLite and a reports sink, a kill in between.

The same rows as the oracle's, and the bytes of a replay on the embedded broker.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.topics import SIGNALS
from tests.e2e.by_hand import Pipeline, behind
from tests.e2e.conftest import Kafka
from tests.e2e.judged import differences, query, table_rows
from tests.e2e.processes import processes_in, run, wait_until
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals, write_files

pytestmark = pytest.mark.containers

TICKERS = ("AAPL", "MSFT", "XOM", "BTC-USD", "^GSPC", "BRK.B")
FIRST, LAST = "2019-01-02", "2020-12-31"
PARTITIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What two workers, one of them killed, made of the files, and what the oracle does."""

    pipeline: Pipeline
    files: list[str]
    wanted: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def judged(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    folder = tmp_path_factory.mktemp("kafka")
    rng = random.Random(12)
    market = random_market(rng, TICKERS, FIRST, LAST)
    records = random_signals(rng, TICKERS, FIRST, LAST, 400)
    signals, closes = write_files(folder, records, market)
    first, second = split(closes)
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, kafka.address, folder / "data", "files.")
        pipeline.create_topics(PARTITIONS)
        # as a replay does: the past is published anew, and counts
        survivor, victim = (pipeline.worker("--ignore-publishing-times") for _ in range(2))
        sinks = [pipeline.sqlite_sink("--run-id", "replay-by-hand"), pipeline.reports_sink()]
        wait_until(
            "two workers to share the partitions",
            lambda: shares(kafka, pipeline) == [PARTITIONS // 2] * 2,
            survivor,
            victim,
            *sinks,
        )

        pipeline.publish("signals", signals)
        pipeline.publish("ticks", first)
        wait_until("first commits", pipeline.judged, survivor, victim, *sinks)
        victim.freeze()
        # this half comes while it stands still, and lies in its partitions, too
        pipeline.publish("ticks", second)
        assert behind(pipeline.input_ends(), pipeline.judged())
        victim.kill_9()
        pipeline.wait_until_stored(survivor, *sinks)

        yield Judged(
            pipeline=pipeline,
            files=["--signals", str(signals), "--ticks", str(closes)],
            wanted=judge(records, market),
        )


def split(closes: Path) -> tuple[Path, Path]:
    """Write the even and the odd lines of a file of closes to a file each."""
    head, *lines = closes.read_text(encoding="utf-8").splitlines(keepends=True)
    parts = closes.with_name("C1.csv"), closes.with_name("C2.csv")
    for number, path in enumerate(parts):
        path.write_text("".join([head, *lines[number::2]]), encoding="utf-8")
    return parts


def shares(kafka: Kafka, pipeline: Pipeline) -> list[int]:
    """Return how many partitions of the signals each member of the group has."""
    client = AdminClient({"bootstrap.servers": kafka.address})
    asked = client.describe_consumer_groups([pipeline.group], request_timeout=5)
    try:
        group = asked[pipeline.group].result()
    except KafkaException:
        # a new cluster makes its offsets topic when the first member comes
        return []
    topic = pipeline.topic(SIGNALS)
    return [
        sum(each.topic == topic for each in member.assignment.topic_partitions)
        for member in group.members
    ]


def test_rows_agree_with_the_oracle_although_a_worker_was_killed(judged: Judged) -> None:
    rows = {row["signal_id"]: row for row in table_rows(judged.pipeline.database)["signal_rows"]}

    assert differences(rows, judged.wanted) == []


def test_signals_have_the_bytes_of_a_replay_on_the_embedded_broker(
    judged: Judged, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    run("replay", *judged.files, "--out", str(out))

    data = judged.pipeline.data
    wait_until(
        "the last report",
        lambda: (data / "signals.csv").read_bytes() == (out / "signals.csv").read_bytes(),
        seconds=20,
    )


def test_the_console_producer_registers_a_signal(
    judged: Judged, kafka: Kafka, tmp_path: Path
) -> None:
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, kafka.address, tmp_path / "data", "console.")
        pipeline.create_topics()
        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        signal = json.dumps(
            {
                "ticker": "AAPL",
                "action": "buy",
                "confidence": 0.6,
                "generated_at_ms": 1_704_207_600_000,
                "source": "console",
                "source_kind": "human",
                "model": "eye",
            }
        )
        ticks = [
            json.dumps({"ticker": "AAPL", "price": 185.64, "session": "2024-01-02", "final": True}),
            json.dumps({"ticker": "AAPL", "price": 184.25, "session": "2024-01-03", "final": True}),
        ]
        for topic, lines in (("signals", [signal]), ("ticks", ticks)):
            said = "\n".join(lines)
            kafka.shell(
                f"kafka-console-producer.sh --bootstrap-server {kafka.address} "
                f"--topic console.{topic} <<'END'\n{said}\nEND\n"
            )
        pipeline.wait_until_stored(*parts)

        columns = "ticker, action, source, status, entry_price, observations"
        assert query(pipeline.database, f"SELECT {columns} FROM signal_rows") == [
            ("AAPL", "BUY", "console", "tracking", 185.64, 1)
        ]
