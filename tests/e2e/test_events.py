"""`events tail`: validation events as JSON lines, whole or followed."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest
from kafka import KafkaProducer

from schemas.codec import encode
from schemas.records import ValidationEvent
from signal_tracker import admin, cli

MAIN = [sys.executable, "-c", "from signal_tracker.cli import main; main()"]


def make_event(number: int, *, signal_id: str, ticker: str = "AAPL") -> ValidationEvent:
    return ValidationEvent(
        event_id=f"e-{number}",
        signal_id=signal_id,
        ticker=ticker,
        from_status=None,
        to_status="registered",
        reason="registered",
        checks=[],
        policy="tracker",
        policy_hash="0" * 64,
        session=None,
        as_of_ms=number,
        revision=0,
    )


@pytest.fixture
def topics(embedded_broker: str, topic_prefix: str) -> list[str]:
    admin.create_topics(embedded_broker, topic_prefix, 2)
    return ["--broker", embedded_broker, "--prefix", topic_prefix]


def publish(topics: list[str], *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=topics[1], linger_ms=20)
    for value in values:
        producer.send(f"{topics[3]}validation-events", value, partition=1)
    producer.flush()
    producer.close()


def test_the_whole_topic_is_printed_and_it_ends(
    topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(topics, *(encode(make_event(n, signal_id=f"s-{n}")) for n in range(3)))

    assert cli.run(["events", "tail", *topics]) == 0

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["signal_id"] for each in events] == ["s-0", "s-1", "s-2"]
    assert set(events[0]) == {each.name for each in fields(ValidationEvent)}


def test_an_empty_topic_prints_nothing(
    topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["events", "tail", *topics]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--signal", "s-1"], ["e-1"]),
        (["--ticker", "MSFT"], ["e-1", "e-2"]),
        (["--ticker", "MSFT", "--signal", "s-2"], ["e-2"]),
        (["--signal", "nobody"], []),
        (["--from", "latest"], []),
    ],
)
def test_events_are_chosen_by_signal_and_ticker(
    words: list[str], ids: list[str], topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(
        topics,
        encode(make_event(0, signal_id="s-0")),
        encode(make_event(1, signal_id="s-1", ticker="MSFT")),
        encode(make_event(2, signal_id="s-2", ticker="MSFT")),
    )

    assert cli.run(["events", "tail", *topics, *words]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["event_id"] for line in lines] == ids


def test_a_record_that_is_no_event_is_named_and_skipped(
    topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(topics, b"junk", encode(make_event(1, signal_id="s-1")))

    assert cli.run(["events", "tail", *topics]) == 0

    out, err = capsys.readouterr()
    assert json.loads(out)["event_id"] == "e-1"
    assert "validation-events[1]@0: " in err


def test_follow_prints_what_comes_and_ends_with_0(topics: list[str]) -> None:
    publish(topics, encode(make_event(0, signal_id="s-0")))
    argv = [*MAIN, "events", "tail", "--follow", *topics]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        first = process.stdout.readline()
        publish(topics, encode(make_event(1, signal_id="s-1")))
        second = process.stdout.readline()
        process.terminate()

    assert [json.loads(each)["event_id"] for each in (first, second)] == ["e-0", "e-1"]
    assert process.returncode == 0


def test_a_missing_topic_is_one_clear_error(
    embedded_broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["events", "tail", "--broker", embedded_broker, "--prefix", "no."]) == 1
    assert "topics create" in capsys.readouterr().err
