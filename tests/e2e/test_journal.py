"""`broker --journal` over days of stop, start and kill: signals go on where they were."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.topics import INBOUND, SIGNALS
from signal_tracker.reading import read
from sinks.compression import read_every_compression
from sinks.errors import NoDatabaseError
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import differences, query, table_rows
from tests.e2e.malformed_batches import send_unreadable
from tests.e2e.processes import PATIENCE_S, Processes, Running, processes_in, run, wait_until
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals

TICKERS = ("AAPL", "MSFT", "BTC-USD")
PARTITIONS = 4
LAST_OF_A_DAY = ("2022-05-31", "2022-10-31", "2023-03-31")


class Days:
    """A laptop's folder: a broker with its journal, a worker and a sink, day after day."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self._processes = processes

    def broker(self, port: int = 0) -> tuple[Running, str]:
        words = ["--port", str(port), "--journal", "--partitions", str(PARTITIONS)]
        broker = self._processes.start("broker", *words, "--data", str(self.folder))
        return broker, wait_until("the broker's address", broker.lines, broker)[0]

    @contextmanager
    def day(self, *, killed: bool) -> Iterator[Pipeline]:
        """Run all parts; in the evening stop them in good order, or kill all at once."""
        broker, address = self.broker()
        pipeline = Pipeline(self._processes, address, self.folder)
        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        yield pipeline
        if killed:
            for each in (broker, *parts):
                each.kill_9()
        else:
            pipeline.wait_until_stored(*parts, broker)
            for each in (*reversed(parts), broker):
                assert each.end(within=PATIENCE_S) == 0, str(each)
        self.said.append(broker.err.read_text())


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    with processes_in(tmp_path / "words") as processes:
        yield Days(processes, tmp_path / "data")


def held(broker: str) -> dict[tuple[str, int, int], Any]:
    """Return all records of the inbound topics by where they lie."""
    read_every_compression()
    return {
        (each.topic, each.partition, each.offset): (
            each.timestamp, each.key, each.value, tuple(each.headers),
        )
        for topic in INBOUND
        for each in read(broker, topic.name)
    }  # fmt: skip


def price_day(tick: dict[str, Any]) -> int:
    """Return on which of the days a price is published."""
    return sum(str(tick["session"]) > last for last in LAST_OF_A_DAY[:-1])


def test_signals_go_on_where_they_were_after_stops_and_a_kill(days: Days) -> None:
    rng = random.Random(11)
    market = random_market(rng, TICKERS, "2022-01-03", "2023-03-31", oddities=False)
    signals = random_signals(rng, TICKERS, "2022-01-03", "2023-03-31", 60)
    before: dict[tuple[str, int, int], Any] = {}
    for number in range(3):
        with days.day(killed=number == 1) as pipeline:
            there = held(pipeline.broker)
            assert there == before
            pipeline.send_json(SIGNALS, signals[number::3])
            path = days.folder / f"day-{number}.csv"
            rows = [
                f"{each['session']},{each['ticker']},{each['price']}"
                for each in market
                if price_day(each) == number
            ]
            path.write_text("\n".join(["date,ticker,close", *rows, ""]))
            pipeline.publish("ticks", path)
            before = held(pipeline.broker)
            assert len(before) > len(there)

    rows_found = {each["signal_id"]: each for each in table_rows(pipeline.database)["signal_rows"]}
    assert differences(rows_found, judge(signals, market)) == []
    with days.day(killed=False) as pipeline:
        pipeline.wait_until_stored()
        audit = run("audit", *pipeline.topics, "--data", str(days.folder)).stdout
        assert audit.splitlines()[-1].startswith("audit=0 ")
        told = run("status", *pipeline.topics, "--data", str(days.folder)).stdout
        assert told.count("lag in all: 0") == 2
    assert f"{len(before)} records published again" in days.said[-1]


def test_worker_and_sink_come_back_when_the_broker_alone_was_killed(
    days: Days, tmp_path: Path
) -> None:
    closes = tmp_path / "closes.csv"
    broker, address = days.broker()
    with processes_in(tmp_path / "parts") as processes:
        pipeline = Pipeline(processes, address, days.folder)
        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        for number in range(2):
            closes.write_text(f"date,ticker,close\n2024-01-0{number + 2},AAPL,{number + 1}\n")
            pipeline.publish("ticks", closes)
            wait_until(
                "the close to be stored",
                lambda number=number: _bars(pipeline) == number + 1,
                broker,
                *parts,
            )
            broker.kill_9()
            broker, _ = days.broker(int(address.rpartition(":")[2]))
        pipeline.wait_until_stored(*parts)
        assert [each.end(within=PATIENCE_S) for each in parts] == [0, 0]
    assert broker.end() == 0


def _bars(pipeline: Pipeline) -> int:
    try:
        ((count,),) = query(pipeline.database, "SELECT count(*) FROM bars")
    except NoDatabaseError:
        return 0
    return int(count)


def test_what_anybody_was_told_of_is_there_after_a_kill_in_mid_stream(days: Days) -> None:
    """A publisher's acknowledgement and a reader's record alike; at the same offsets."""
    seen: dict[tuple[int, int], bytes] = {}

    def acknowledged(error: Any, message: Any) -> None:
        if error is None:
            seen[message.partition(), message.offset()] = message.value()

    for round_ in range(3):
        broker, address = days.broker()
        there = {(each.partition, each.offset): each.value for each in read(address, "signals")}
        assert there.items() >= seen.items()
        consumer = KafkaConsumer(bootstrap_servers=address, fetch_max_wait_ms=20)
        consumer.assign([TopicPartition("signals", number) for number in range(PARTITIONS)])
        consumer.seek_to_beginning()
        client = Producer({"bootstrap.servers": address, "linger.ms": 1, "log_level": 0})
        for number in range(1_500):
            value = b"%d of %d" % (number, round_)
            client.produce(
                "signals", value, partition=number % PARTITIONS, on_delivery=acknowledged
            )
            client.poll(0)
            if number % 100 == 0:
                for records in consumer.poll(timeout_ms=5).values():
                    seen |= {(each.partition, each.offset): each.value for each in records}
        broker.kill_9()
        client.purge()
        client.flush(5)
        consumer.close()
    assert len(seen) > 1_000

    broker, address = days.broker()
    found = {(each.partition, each.offset): each.value for each in read(address, "signals")}
    assert found.items() >= seen.items()
    assert broker.end() == 0


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_whatever_a_foreign_client_sends_comes_again(codec: str, days: Days) -> None:
    """Compressed, without key, without value, with headers twice or without a value."""
    broker, address = days.broker()
    client = Producer({"bootstrap.servers": address, "compression.type": codec})
    headers = [("a", b"1"), ("a", None), ("b", b"")]
    for number in range(500):
        value = None if number == 9 else b"%d " % number + bytes(200)
        key = b"k" if number % 2 else None
        client.produce("ticks", value, key, 1, timestamp=10**12 + number, headers=headers)
    assert client.flush(60) == 0
    before = held(address)
    assert broker.end() == 0

    broker, address = days.broker()
    after = held(address)
    assert broker.end() == 0
    # null and empty are one: kafka-python publishes no null
    assert {place: _empty(each) for place, each in before.items()} == after
    assert len(after) == 500


def test_a_batch_that_cannot_be_read_ends_the_broker_in_one_line(days: Days) -> None:
    """A record that is not kept may not be acknowledged, and none behind it either."""
    broker, address = days.broker()

    send_unreadable(address, "signals")

    assert broker.wait(PATIENCE_S) == 1, str(broker)
    said = broker.err.read_text()
    assert "cannot be continued: " in said.splitlines()[-1]
    assert "Traceback" not in said
    broker, _ = days.broker()
    assert broker.end() == 0


def _empty(record: Any) -> Any:
    timestamp, key, value, headers = record
    return timestamp, key, value or b"", tuple((name, each or b"") for name, each in headers)


def test_a_journal_takes_one_broker(days: Days) -> None:
    broker, _ = days.broker()

    words = ["broker", "--port", "0", "--journal", "--data", str(days.folder)]
    assert "in use by another broker" in run(*words, expect=1).stderr
    assert broker.end() == 0


def test_a_damaged_journal_is_told_and_left_as_it_is(days: Days) -> None:
    broker, address = days.broker()
    producer = KafkaProducer(bootstrap_servers=address)
    producer.send("signals", b"{}", timestamp_ms=int(time.time() * 1000) - 86_400_000)
    producer.flush()
    producer.close()
    assert broker.end() == 0
    segment = days.folder / "journal" / "00000001.segment"
    content = segment.read_bytes()
    segment.write_bytes(content[:-1])

    words = ["broker", "--port", "0", "--journal", "--data", str(days.folder)]
    for _ in range(2):
        assert "is damaged: expected" in run(*words, expect=1).stderr
    assert segment.read_bytes() == content[:-1]
    segment.write_bytes(content)
    broker, _ = days.broker()
    assert broker.end() == 0


def test_the_journal_of_other_topics_is_refused(days: Days) -> None:
    broker, _ = days.broker()
    assert broker.end() == 0
    manifest = json.loads((days.folder / "journal" / "journal.json").read_text())
    assert manifest["partitions"] == PARTITIONS

    words = ["broker", "--port", "0", "--journal", "--data", str(days.folder)]
    assert "of 4 partitions, was" in run(*words, "--partitions", "8", expect=1).stderr
    assert "behind the prefix ''" in run(*words, "--prefix", "x.", expect=1).stderr
    assert "--journal is of the embedded" in run(*words, "--kind", "kafka", expect=2).stderr
