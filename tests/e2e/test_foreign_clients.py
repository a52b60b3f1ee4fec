"""Records of another client library: judged where they belong, or refused with a reason.

librdkafka places a key by crc32, and a record without a key anywhere; a ticker belongs
to the partition of its murmur2.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import KafkaException, Message, Producer

from schemas.codec import MAX_RECORD_BYTES, decode_fields, decode_inbound
from schemas.topics import DEAD_LETTERS, SIGNALS, TICKS, partition_of
from signal_tracker.reading import read
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import differences, query, table_rows
from tests.e2e.malformed import MALFORMED, SIGNAL, Malformed, json_of
from tests.e2e.processes import processes_in
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals

PARTITIONS = 4
TICKERS = ("AAPL", "MSFT", "BTC-USD", "BRK.B", "^GSPC", "Q1", "Q2", "Q3")
TWO_MB = 2_000_000


@dataclass(slots=True)
class Foreign:
    """A producer of librdkafka, which remembers where each record went."""

    producer: Producer
    placed: list[Message] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)

    def send(self, topic: str, value: bytes | None, **where: Any) -> None:
        self.producer.produce(topic, value=value, on_delivery=self._delivered, **where)
        self.producer.poll(0)

    def flush(self) -> None:
        assert self.producer.flush(30) == 0

    def _delivered(self, error: Any, message: Message) -> None:
        if error is None:
            self.placed.append(message)
        else:
            self.refused.append(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent, to where, and what the oracle makes of the good part of it."""

    pipeline: Pipeline
    malformed: dict[str, Message]
    mixed: Message
    large: Foreign
    good: list[Message]
    wanted: dict[str, dict[str, Any]]


@pytest.fixture(
    scope="module", params=["embedded", pytest.param("kafka", marks=pytest.mark.containers)]
)
def sent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sent]:
    """Malformed records, then good ones, through one worker and one sink."""
    folder = tmp_path_factory.mktemp("foreign")
    if request.param == "embedded":
        address: str = request.getfixturevalue("embedded_broker")
    else:
        address = request.getfixturevalue("kafka").address
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, address, folder / "data", "foreign.")
        pipeline.create_topics(PARTITIONS)
        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        malformed, mixed = send_malformed(pipeline)
        large = send_two_megabytes(pipeline)
        pipeline.wait_until_stored(*parts)
        good, wanted = send_good(pipeline)
        pipeline.wait_until_stored(*parts)
        yield Sent(
            pipeline=pipeline,
            malformed=malformed,
            mixed=mixed,
            large=large,
            good=good,
            wanted=wanted,
        )


def foreign(pipeline: Pipeline, **settings: Any) -> Foreign:
    return Foreign(Producer({"bootstrap.servers": pipeline.broker, **settings}))


def send_malformed(pipeline: Pipeline) -> tuple[dict[str, Message], Message]:
    client = foreign(pipeline)
    placed = {}
    for each in MALFORMED:
        client.send(pipeline.topic(each.topic), each.value, key=each.name.encode())
        client.flush()
        placed[each.name] = client.placed[-1]
    elements = [
        {**SIGNAL, "signal_id": "first-of-a-list"},
        {**SIGNAL, "confidence": "high"},
        {**SIGNAL, "signal_id": "third-of-a-list", "ticker": "MSFT"},
    ]
    client.send(pipeline.topic(SIGNALS), orjson.dumps(elements))
    client.flush()
    return placed, client.placed[-1]


def send_two_megabytes(pipeline: Pipeline) -> Foreign:
    client = foreign(pipeline, **{"message.max.bytes": 10 * TWO_MB})
    value = json_of(SIGNAL, signal_id="large", reasoning="x" * TWO_MB)
    client.send(pipeline.topic(SIGNALS), value, key=b"AAPL")
    client.flush()
    return client


def send_good(pipeline: Pipeline) -> tuple[list[Message], dict[str, dict[str, Any]]]:
    rng = random.Random(4)
    market = random_market(rng, TICKERS, "2023-01-03", "2023-07-31")
    signals = random_signals(rng, TICKERS, "2023-01-03", "2023-07-31", 60)
    wanted = judge([*signals, *of_the_list()], market)
    client = foreign(pipeline)
    # publishing times that no clock gives again, so that a copy can be told by its own
    before = int(time.time() * 1000) - 3_600_000
    records = [(SIGNALS, each) for each in signals] + [(TICKS, each) for each in market]
    rng.shuffle(records)
    for number, (topic, record) in enumerate(records):
        key = record["ticker"].encode() if number % 3 else None
        value = orjson.dumps(record)
        client.send(pipeline.topic(topic), value, key=key, timestamp=before + number)
    client.flush()
    return client.placed, wanted


def of_the_list() -> list[dict[str, Any]]:
    return [
        {**SIGNAL, "signal_id": "first-of-a-list"},
        {**SIGNAL, "signal_id": "third-of-a-list", "ticker": "MSFT"},
    ]


def test_good_records_are_judged_after_all_the_bad_ones(sent: Sent) -> None:
    rows = {row["signal_id"]: row for row in table_rows(sent.pipeline.database)["signal_rows"]}

    assert differences(rows, sent.wanted) == []


def test_what_lies_elsewhere_is_sent_home_with_its_time_of_publishing(sent: Sent) -> None:
    away: dict[tuple[str, int], str] = {}
    for each in sent.good:
        ticker = str(orjson.loads(each.value())["ticker"])
        if partition_of(ticker, PARTITIONS) != each.partition():
            away[str(each.topic()), each.timestamp()[1]] = ticker
    assert 100 < len(away) < len(sent.good) - 100

    home = {}
    for topic in (SIGNALS, TICKS):
        name = sent.pipeline.topic(topic)
        for record in read(sent.pipeline.broker, name):
            if (name, record.timestamp) not in away or not record.value:
                continue
            ((_, found),) = decode_inbound(record.value, topic.records)
            ticker = str(getattr(found, "ticker", ""))
            if record.partition == partition_of(ticker, PARTITIONS):
                assert record.key == ticker.encode()
                home[name, record.timestamp] = ticker
    assert home == away


def dead_letters(sent: Sent) -> dict[tuple[str, int, int], list[dict[str, Any]]]:
    """Return the dead letters of the table by topic, partition and offset."""
    names = ("index_", "error_class", "message", "key", "value", "original_size")
    columns = ", ".join(names)
    found: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    sql = f'SELECT topic, "partition", "offset", {columns} FROM dead_letters'
    for topic, partition, offset, *values in query(sent.pipeline.database, sql):
        letter = dict(zip(names, values, strict=True))
        found.setdefault((topic, partition, offset), []).append(letter)
    return found


def place(message: Message) -> tuple[str, int, int]:
    return str(message.topic()), int(message.partition()), int(message.offset())


@pytest.mark.parametrize("each", MALFORMED, ids=lambda each: each.name)
def test_a_malformed_record_ends_in_dead_letters_with_its_reason(
    each: Malformed, sent: Sent
) -> None:
    (letter,) = dead_letters(sent)[place(sent.malformed[each.name])]

    assert letter["error_class"] == each.error_class
    assert each.says in letter["message"]
    assert letter["key"] == each.name.encode()
    assert letter["value"] == (each.value or b"")
    assert letter["original_size"] == len(each.value or b"")
    assert letter["index_"] == -1


def test_the_topic_holds_the_same_dead_letters_as_the_table(sent: Sent) -> None:
    stored = {
        (*where, letter["index_"], letter["error_class"], letter["message"], letter["value"])
        for where, letters in dead_letters(sent).items()
        for letter in letters
    }
    told = set()
    for record in read(sent.pipeline.broker, sent.pipeline.topic(DEAD_LETTERS)):
        name, content = decode_fields(record.value)
        assert name == "DeadLetter"
        where = content["topic"], content["partition"], content["offset"]
        index = -1 if content["index"] is None else content["index"]
        told.add((*where, index, content["error_class"], content["message"], content["value"]))

    assert told == stored
    assert len(told) == len(MALFORMED) + 1 + len(sent.large.placed)


def test_one_bad_element_of_a_list_is_named_and_the_others_are_taken(sent: Sent) -> None:
    (letter,) = dead_letters(sent)[place(sent.mixed)]

    assert letter["index_"] == 1
    assert "confidence" in letter["message"]
    assert orjson.loads(letter["value"])["confidence"] == "high"
    assert {"first-of-a-list", "third-of-a-list"} <= sent.wanted.keys()


def test_two_megabytes_are_refused_at_the_door_or_end_in_dead_letters(sent: Sent) -> None:
    for message in sent.large.placed:
        (letter,) = dead_letters(sent)[place(message)]
        assert letter["error_class"] == "TooLarge"
        assert str(MAX_RECORD_BYTES) in letter["message"]
        assert letter["original_size"] > TWO_MB
        assert len(letter["value"]) < letter["original_size"]
    for error in sent.large.refused:
        assert "too large" in str(error).lower()
    assert len(sent.large.placed) + len(sent.large.refused) == 1


def test_a_client_with_its_own_limit_refuses_two_megabytes(sent: Sent) -> None:
    with pytest.raises(KafkaException, match=r"(?i)too large"):
        foreign(sent.pipeline).send(sent.pipeline.topic(SIGNALS), b"x" * TWO_MB)


def test_publish_refuses_a_line_of_two_megabytes_and_sends_the_rest(
    sent: Sent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "S.jsonl"
    lines = [
        json_of(SIGNAL, signal_id="large", reasoning="x" * TWO_MB),
        json_of(SIGNAL, signal_id="first-of-a-list"),
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))

    sent.pipeline.publish("signals", path, expect=1)

    out, err = capsys.readouterr()
    assert out == "signals: 1 sent, 1 refused\n"
    assert "line 1: " in err
