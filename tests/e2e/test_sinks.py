"""`sink sqlite` and `sink reports` as processes: kills, refusals, reports and status."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaProducer

from schemas.codec import encode
from schemas.records import Record
from schemas.topics import OUTBOUND, prefixed
from signal_tracker import admin, cli
from sinks.sqlite_queries import committed, reading
from tests.unit.sinks.samples import (
    TOPIC_OF,
    make_bar,
    make_event,
    make_observation,
    make_observations,
    make_state,
)

MAIN = [sys.executable, "-c", "from signal_tracker.cli import main; main()"]
PARTITIONS = 2
PATIENCE_S = 30.0


@pytest.fixture
def topics(embedded_broker: str, topic_prefix: str) -> list[str]:
    admin.create_topics(embedded_broker, topic_prefix, PARTITIONS)
    return ["--broker", embedded_broker, "--prefix", topic_prefix]


def publish(topics: list[str], records: Iterator[Record]) -> None:
    producer = KafkaProducer(bootstrap_servers=topics[1], linger_ms=20)
    for number, each in enumerate(records):
        topic = prefixed(topics[3], TOPIC_OF[type(each)])
        producer.send(topic, encode(each), partition=number % PARTITIONS)
    producer.flush()
    producer.close()


def many_records(count: int) -> Iterator[Record]:
    for n in range(count):
        yield make_bar(ticker=f"T{n}")
        yield make_state(signal_id=f"s-{n}", ticker=f"T{n}", first_session="2025-11-03")
        yield make_observations(make_observation("2025-11-04", 1, signal_id=f"s-{n}"))
        yield make_event(f"e-{n}", signal_id=f"s-{n}", ticker=f"T{n}")


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*MAIN, *words], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(done: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ends_of(topics: list[str]) -> dict[tuple[str, int], int]:
    return admin.end_offsets(topics[1], [prefixed(topics[3], each) for each in OUTBOUND])


def counts(path: Path) -> list[int]:
    tables = ("bars", "llm_signals", "signal_observations", "validation_events", "dead_letters")
    with reading(path) as connection:
        return [connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in tables]


def test_rows_are_the_same_after_kills_in_the_middle(topics: list[str], tmp_path: Path) -> None:
    database = tmp_path / "signals.db"
    log = tmp_path / "logs" / "pipeline_run.log"
    total = 6000
    publish(topics, many_records(total))
    ends = ends_of(topics)
    words = ["sink", "sqlite", *topics, "--data", str(tmp_path)]
    stored = 0
    for _ in range(3):
        with running(*words) as process:
            wait_until(lambda seen=stored: sum(committed(database).values()) > seen, process)
            os.kill(process.pid, signal.SIGKILL)
        stored = sum(committed(database).values())

    with running(*words) as process:
        wait_until(lambda: log.read_text().count("started") == 4, process)
        wait_until(lambda: committed(database) == ends, process)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0

    assert counts(database) == [total, total, total, total, 0]
    assert "stopped" in log.read_text()
    tracked = (tmp_path / "logs" / "track_llm_signals.log").read_text()
    assert "s-0 T0: new -> registered" in tracked


def test_what_cannot_be_decoded_is_kept_with_its_reason(
    topics: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    producer = KafkaProducer(bootstrap_servers=topics[1])
    producer.send(f"{topics[3]}bars", b"nonsense", partition=0)
    producer.send(f"{topics[3]}bars", encode(make_bar()), partition=0)
    producer.flush()
    producer.close()

    with running("sink", "sqlite", *topics, "--data", str(tmp_path)) as process:
        wait_until(lambda: committed(tmp_path / "signals.db") == ends_of(topics), process)

    assert counts(tmp_path / "signals.db") == [1, 0, 0, 0, 1]
    assert cli.run(["status", *topics, "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "lag in all: 0" in told
    assert "BadAvro" in told


def test_topics_made_anew_are_refused(
    topics: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sink", "sqlite", *topics, "--data", str(tmp_path)]
    publish(topics, many_records(1))
    with running(*words) as process:
        wait_until(lambda: committed(tmp_path / "signals.db") == ends_of(topics), process)
    with admin.connected(topics[1]) as client:
        client.delete_topics([f"{topics[3]}bars"])
    admin.create_topics(topics[1], topics[3], PARTITIONS)

    assert cli.run(words) == 1
    assert "another --data (SIGNAL_TRACKER_DATA)" in capsys.readouterr().err


def test_missing_topics_and_a_second_sink_are_refused(
    topics: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    assert cli.run(["sink", "sqlite", *topics[:2], "--prefix", "none.", *data]) == 1
    assert "topics create" in capsys.readouterr().err

    with running("sink", "sqlite", *topics, *data) as process:
        wait_until(lambda: committed(tmp_path / "signals.db"), process)
        assert cli.run(["sink", "sqlite", *topics, *data]) == 1
    assert "another SQLite sink" in capsys.readouterr().err


def test_reports_follow_the_rows_and_end_with_a_last_look(
    topics: list[str], tmp_path: Path
) -> None:
    report = tmp_path / "llm_performance.txt"
    data = ["--data", str(tmp_path)]
    with running("sink", "reports", *data) as reports:
        with running("sink", "sqlite", *topics, *data) as sink:
            publish(topics, many_records(2))
            wait_until(lambda: report.exists() and "Tracked: 2" in report.read_text(), sink)
        reports.terminate()
        assert reports.wait(PATIENCE_S) == 0

    assert (tmp_path / "summary.json").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_does_not_answer_is_told_and_ends_the_sink(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.worker._REQUEST_MS", 300)
    monkeypatch.setattr("signal_tracker.admin.TIMEOUT_MS", 300)
    words = ["--broker", "127.0.0.1:1", "--data", str(tmp_path)]

    assert cli.run(["sink", "sqlite", *words]) == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in capsys.readouterr().err
    assert cli.run(["status", *words]) == 0
    assert "No lag: no Kafka broker answers" in capsys.readouterr().out
    # kafka-python leaves the socket of a failed start to the collector; let it warn here
    gc.collect()
