"""`dlq` on a real broker with a real worker: what is refused is listed, shown and replayed."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaProducer

from schemas.codec import encode
from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS, SIGNALS, TICKS, partition_of
from signal_tracker.reading import read
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import query
from tests.e2e.malformed import SIGNAL, json_of
from tests.e2e.processes import processes_in, run

BAD = b'{"ticker": "AAPL\x1b[31m'
BEFORE_MS = int(time.time() * 1000) - 3_600_000
PARTITIONS = 4
HOME = partition_of("AAPL", PARTITIONS)


@pytest.fixture(scope="module")
def refused(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Three bad signals, a list of ticks with two bad ones, and a letter of a good signal."""
    folder = tmp_path_factory.mktemp("dead")
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, embedded_broker, folder / "data", "dead.")
        pipeline.create_topics(PARTITIONS)
        parts = [pipeline.worker(), pipeline.sqlite_sink()]
        producer = KafkaProducer(bootstrap_servers=embedded_broker)
        for number in range(3):
            producer.send(
                pipeline.topic(SIGNALS),
                BAD,
                key=b"AAPL",
                headers=[("trace", b"%d" % number)],
                timestamp_ms=BEFORE_MS + number,
            )
        good = {"ticker": "AAPL", "price": 1.0, "session": "2024-01-02"}
        ticks = [{**good, "price": -1}, good, {**good, "price": "x"}]
        producer.send(pipeline.topic(TICKS), json.dumps(ticks).encode(), key=b"AAPL")
        producer.send(pipeline.topic(DEAD_LETTERS), encode(letter_of_a_good_signal(pipeline)))
        producer.flush()
        producer.close()
        pipeline.wait_until_stored(*parts)
        yield pipeline


def letter_of_a_good_signal(pipeline: Pipeline) -> DeadLetter:
    """Return what a worker wrote that knew less than the one of today."""
    value = json_of(SIGNAL, signal_id="once-refused")
    return DeadLetter(
        topic=pipeline.topic(SIGNALS),
        partition=HOME,
        offset=999,
        error_class="TooNew",
        message="an older worker did not know it",
        timestamp_ms=BEFORE_MS,
        value=value,
        original_size=len(value),
        key=b"AAPL",
    )


def dlq(pipeline: Pipeline, *words: str, expect: int = 0) -> Any:
    return run("dlq", *words, *pipeline.topics, expect=expect)


def test_the_list_counts_by_reason_and_by_origin(refused: Pipeline) -> None:
    told = json.loads(dlq(refused, "list", "--format", "json").stdout)

    assert told["by_reason"].items() >= {"BadJson": 3, "InvalidRecord": 1, "TooNew": 1}.items()
    assert told["by_topic"]["dead.ticks"] == 2
    table = dlq(refused, "list", "--topic", "ticks").stdout
    assert f"dead.ticks/{HOME}/0/2" in table
    assert "dead.signals" not in table


def test_show_has_the_bytes_the_key_and_the_headers(refused: Pipeline) -> None:
    text = dlq(refused, "show", f"dead.signals/{HOME}/1").stdout

    assert '{"ticker": "AAPL\\x1b[31m' in text
    assert "header trace: 1" in text
    shown = json.loads(dlq(refused, "show", f"dead.ticks[{HOME}]@0#2", "--format", "json").stdout)
    assert shown["reason"] == "WrongType"
    assert shown["index"] == 2


def test_what_is_not_there_is_named(refused: Pipeline) -> None:
    done = dlq(refused, "show", "dead.signals/0/12345", expect=1)

    assert "there is no dead letter of dead.signals/0/12345" in done.stderr


def test_replaying_twice_sends_as_many_and_tells_what_died_again(refused: Pipeline) -> None:
    dry = dlq(refused, "replay", "--reason", "BadJson", "--dry-run").stdout
    assert dry.count("BadJson") == 3
    assert "3 dead letters replayed" in dry

    data = ["--data", str(refused.data)]
    for before in ("", " (3 of replays before left out)"):
        done = dlq(refused, "replay", "--reason", "BadJson", *data, expect=1)
        assert done.stdout == f"3 dead letters replayed, 0 refused, 3 died again{before}\n"

    replayed = [
        each
        for each in read(refused.broker, refused.topic(SIGNALS))
        if each.value == BAD and len(each.headers) == 2
    ]
    assert [each.timestamp - BEFORE_MS for each in replayed] == [0, 1, 2, 0, 1, 2]
    assert {each.key for each in replayed} == {b"AAPL"}
    assert [dict(each.headers)["trace"] for each in replayed] == [b"0", b"1", b"2"] * 2


def test_what_is_accepted_now_counts_as_published_then(refused: Pipeline) -> None:
    place = f"dead.signals/{HOME}/999"
    for _ in range(2):
        done = dlq(refused, "replay", place, "--data", str(refused.data))
        assert done.stdout == "1 dead letter replayed, 0 refused, 0 died again\n"
    refused.wait_until_stored()

    rows = query(refused.database, "SELECT signal_id, status FROM signal_rows")
    assert rows == [("once-refused", "awaiting_entry")]
    times = [
        each.timestamp
        for each in read(refused.broker, refused.topic(SIGNALS))
        if b"once-refused" in (each.value or b"")
    ]
    assert times == [BEFORE_MS, BEFORE_MS]


@pytest.mark.parametrize("words", [[], ["--all", "dead.signals/0/1"], ["nowhere"]])
def test_a_replay_of_nothing_named_is_a_usage_error(words: list[str], refused: Pipeline) -> None:
    assert "Error: " in dlq(refused, "replay", *words, expect=2).stderr
