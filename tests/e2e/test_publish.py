"""`publish` and `generate` against a real broker: counts, exit status, what lies on the topics."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from producers.errors import MissingTopicError, PublishError
from producers.publisher import KafkaPublisher
from schemas.codec import decode, decode_inbound
from schemas.records import Signal, TickBatch
from schemas.topics import SIGNALS, TICKS, partition_of
from signal_tracker import admin, cli
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.reading import read

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PARTITIONS = 3
SIGNAL: dict[str, Any] = {
    "ticker": "AAPL",
    "action": "BUY",
    "confidence": 0.6,
    "generated_at_ms": 1_577_998_860_000,
    "source": "desk",
    "source_kind": "rule",
    "model": "m",
}


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    # kafka-python leaves sockets to the collector; let them warn here and not in another test
    yield
    gc.collect()


@pytest.fixture
def topics(
    embedded_broker: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.setenv("SIGNAL_TRACKER_DATA", str(tmp_path / "data"))
    admin.create_topics(embedded_broker, topic_prefix, PARTITIONS)
    return ["--broker", embedded_broker, "--prefix", topic_prefix]


def test_ticks_lie_in_their_partition_and_bad_lines_are_named(
    topics: list[str], embedded_broker: str, topic_prefix: str, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "prices.csv"
    rows = [f"2020-01-02,T{n},{n + 0.1}" for n in range(100)]
    path.write_text("\n".join(["date,ticker,close", *rows, "2020-01-02,T1,x", ""]))

    assert cli.run(["publish", "ticks", str(path), *topics]) == 1

    out, err = capsys.readouterr()
    assert out == "ticks: 100 sent, 1 refused\n"
    assert "line 102: close: expected a number, was 'x'" in err
    found = {}
    for message in read(embedded_broker, f"{topic_prefix}{TICKS.name}"):
        batch = decode(message.value)
        assert isinstance(batch, TickBatch)
        assert message.key is None
        assert {partition_of(each, PARTITIONS) for each in batch.tickers} == {message.partition}
        index, price = np.frombuffer(batch.ticker_index, "<i4"), np.frombuffer(batch.price, "<f8")
        found |= {batch.tickers[i]: float(p) for i, p in zip(index, price, strict=True)}
    assert found == {f"T{n}": n + 0.1 for n in range(100)}
    log = (tmp_path / "data/logs/pipeline_run.log").read_text()
    assert f"published ticks: 100 sent, 1 refused ({path})" in log


def test_signals_lie_under_their_ticker(
    topics: list[str], topic_prefix: str, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text(json.dumps(SIGNAL) + "\n" + json.dumps({**SIGNAL, "ticker": "MSFT"}) + "\n")

    assert cli.run(["publish", "signals", str(path), *topics]) == 0

    assert capsys.readouterr().out == "signals: 2 sent, 0 refused\n"
    messages = list(read(topics[1], f"{topic_prefix}{SIGNALS.name}"))
    assert {message.key for message in messages} == {b"AAPL", b"MSFT"}
    for message in messages:
        ((_, record),) = decode_inbound(message.value, SIGNALS.records)
        assert isinstance(record, Signal)
        assert message.key == record.ticker.encode()
        assert message.partition == partition_of(record.ticker, PARTITIONS)


def test_generated_signals_are_published(
    topics: list[str],
    embedded_broker: str,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    monkeypatch.setenv("LLM_FORCE_FALLBACK", "1")

    words = ["--execution-mode", "synthetic", "--tickers", "AAPL", "MSFT"]
    assert cli.run(["generate", *words, *topics]) == 0

    out, err = capsys.readouterr()
    assert [line.split()[1:4] for line in out.splitlines()] == [
        ["AAPL", "HOLD", "0.35"],
        ["MSFT", "HOLD", "0.35"],
    ]
    assert "signals: 2 sent, 0 refused" in err
    assert len(list(read(embedded_broker, f"{topic_prefix}{SIGNALS.name}"))) == 2


@pytest.mark.parametrize("compression", ["lz4", None])
def test_the_publisher_knows_where_its_records_end(
    topics: list[str], topic_prefix: str, compression: str | None
) -> None:
    broker = topics[1]
    name = f"{topic_prefix}{SIGNALS.name}"

    with KafkaPublisher.connect(broker, compression=compression) as publisher:
        for number in range(1_000):
            publisher.publish(name, b"k", b"v", number % PARTITIONS)
        publisher.flush()

        assert publisher.ends == admin.end_offsets(broker, [name])
        assert sum(publisher.ends.values()) == 1_000


def test_a_missing_topic_is_said(embedded_broker: str, topic_prefix: str) -> None:
    with (
        KafkaPublisher.connect(embedded_broker) as publisher,
        pytest.raises(MissingTopicError, match="there is no topic"),
    ):
        publisher.partitions(f"{topic_prefix}nothing")


def test_a_broker_that_does_not_answer_is_an_error_in_one_line(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.publisher.BOOTSTRAP_MS", 300)
    path = tmp_path / "signals.jsonl"
    path.write_text(json.dumps(SIGNAL))

    assert cli.run(["publish", "signals", str(path), "--broker", "127.0.0.1:1"]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "Error: no Kafka broker answers at 127.0.0.1:1"


def test_a_broker_that_dies_is_an_error_and_not_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"REQUEST_MS": 500, "DELIVERY_MS": 1_000, "SILENCE_S": 2.0}.items():
        monkeypatch.setattr(f"producers.publisher.{name}", value)
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        admin.create_topics(broker.address, "", 1)
        publisher = KafkaPublisher.connect(broker.address)
    publisher.publish(SIGNALS.name, b"k", b"v", 0)

    with pytest.raises(PublishError, match="did not take a record"):
        publisher.close()
