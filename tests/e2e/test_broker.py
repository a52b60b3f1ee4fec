"""The brokers of this machine and what `admin` says of them, on real ones."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from schemas.topics import CATALOGUE, prefixed
from signal_tracker import admin, children
from signal_tracker.broker import EmbeddedBroker, wait_until_answering
from signal_tracker.errors import BrokerError
from signal_tracker.kafka_broker import DockerKafka, kafka_broker

MAIN = [sys.executable, "-c", "from signal_tracker.cli import main; main()"]


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> object:
    broker = kafka_broker(tmp_path_factory.mktemp("kafka") / "kafka.log")
    assert isinstance(broker, DockerKafka)
    with broker:
        yield broker.address


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.containers)])
def broker(request: pytest.FixtureRequest) -> str:
    fixture = "embedded_broker" if request.param == "embedded" else "kafka"
    address: str = request.getfixturevalue(fixture)
    return address


def publish(broker: str, topic: str, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=20)
    for n in range(count):
        producer.send(topic, b"x" * 100, key=f"k{n}".encode())
    producer.flush()
    producer.close()


def test_creating_the_topics_twice_creates_them_once(broker: str, topic_prefix: str) -> None:
    names = [prefixed(topic_prefix, topic) for topic in CATALOGUE]

    assert admin.create_topics(broker, topic_prefix, 3) == names
    assert admin.create_topics(broker, topic_prefix, 3) == []
    assert admin.partition_counts(broker, names) == dict.fromkeys(names, 3)


def test_another_partition_count_is_refused_before_anything_is_made(
    broker: str, topic_prefix: str
) -> None:
    admin.create_topics(broker, topic_prefix, 3)

    with pytest.raises(BrokerError, match=r"expected 4 partitions, was: .*signals has 3"):
        admin.create_topics(broker, topic_prefix, 4)


def test_a_topic_has_an_id_and_a_missing_one_none(broker: str, topic_prefix: str) -> None:
    admin.create_topics(broker, topic_prefix, 1)
    ids = admin.topic_ids(broker, [f"{topic_prefix}bars", f"{topic_prefix}ticks", "missing"])

    assert set(ids) == {f"{topic_prefix}bars", f"{topic_prefix}ticks"}
    assert len(set(ids.values())) == 2


def test_the_end_of_a_topic_counts_each_record_of_a_batch(broker: str, topic_prefix: str) -> None:
    admin.create_topics(broker, topic_prefix, 2)
    topic = f"{topic_prefix}bars"
    empty = {(topic, 0): 0, (topic, 1): 0}

    assert admin.end_offsets(broker, [topic, "missing"]) == empty
    publish(broker, topic, 500)
    assert sum(admin.end_offsets(broker, [topic]).values()) == 500


def test_committed_offsets_meet_the_ends_when_all_is_read(broker: str, topic_prefix: str) -> None:
    admin.create_topics(broker, topic_prefix, 2)
    topic = f"{topic_prefix}ticks"
    publish(broker, topic, 100)
    assert admin.committed_offsets(broker, topic_prefix) == {}

    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=broker,
        group_id=topic_prefix,
        session_timeout_ms=6000,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    seen = 0
    while seen < 100:
        seen += sum(len(records) for records in consumer.poll(500).values())
    consumer.commit()
    consumer.close()

    assert admin.committed_offsets(broker, topic_prefix) == admin.end_offsets(broker, [topic])


def test_a_silent_broker_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "TIMEOUT_MS", 300)

    with pytest.raises(BrokerError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        admin.topic_ids("127.0.0.1:1", ["bars"])


def test_the_broker_is_gone_after_its_block(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        process = broker.process
        assert process
        assert process.poll() is None

    assert process.poll() is not None


def test_a_taken_port_is_refused(embedded_broker: str, tmp_path: Path) -> None:
    port = int(embedded_broker.rpartition(":")[2])

    with pytest.raises(BrokerError, match="is in use"):
        EmbeddedBroker(tmp_path / "broker.log", port=port).start()


def test_a_broker_that_ends_at_once_tells_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "broker.log"
    process = children.start(["sh", "-c", "echo no memory; exit 3"], log=log)

    with pytest.raises(BrokerError, match="status 3: no memory"):
        wait_until_answering(process, 1, 10, log)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans")
def test_the_broker_dies_with_its_parent_even_by_kill_9(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal\n"
        "from signal_tracker.broker import EmbeddedBroker\n"
        "broker = EmbeddedBroker(pathlib.Path('broker.log'))\n"
        "broker.start()\nprint(broker.process.pid, flush=True)\nsignal.pause()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=tmp_path, env=env) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        handle = os.pidfd_open(pid)
        parent.kill()
        ended = signal_of_end(handle)

    assert ended


def signal_of_end(handle: int) -> bool:
    import select

    readable, _, _ = select.select([handle], [], [], 10)
    return bool(readable)


def test_the_broker_command_prints_its_address_and_ends_cleanly(tmp_path: Path) -> None:
    argv = [*MAIN, "broker", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        address = process.stdout.readline().decode().strip()
        created = subprocess.run(
            [*MAIN, "topics", "create", "--broker", address], capture_output=True, check=False
        )
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)

    assert created.stdout.decode().splitlines()[0] == "signals created"
    assert process.returncode == 0
    assert b"keeps nothing" in told
