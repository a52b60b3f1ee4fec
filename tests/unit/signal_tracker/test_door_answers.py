"""What answers tell of journaled topics, in every version that a client may speak."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import FetchRequest, FetchResponse
from kafka.protocol.producer import ProduceRequest, ProduceResponse

from signal_tracker.door_answers import FETCH, PRODUCE, UNKNOWN, Request, ends_told, request_of

TOPIC_ID = uuid.UUID("01a209c1-344f-75b0-8560-833f14c59d0c")
NAMES = {str(TOPIC_ID): "signals", str(uuid.UUID(int=7)): "ticks"}
OTHER_ID = uuid.UUID(int=9)


def produced(version: int, name: str, topic_id: uuid.UUID, *, offset: int, error: int = 0) -> bytes:
    response = ProduceResponse
    topic = response.TopicProduceResponse
    part = topic.PartitionProduceResponse
    parts = [part(index=3, error_code=error, base_offset=offset, version=version)]
    topics = [topic(name=name, topic_id=topic_id, partition_responses=parts, version=version)]
    return encoded(response(responses=topics, version=version))


def fetched(version: int, name: str, topic_id: uuid.UUID, *, records: bytes | None) -> bytes:
    topic = FetchResponse.FetchableTopicResponse
    part = topic.PartitionData(
        partition_index=3, error_code=0, high_watermark=40, records=records, version=version
    )
    topics = [topic(topic=name, topic_id=topic_id, partitions=[part], version=version)]
    return encoded(FetchResponse(responses=topics, version=version))


def encoded(response: Any) -> bytes:
    response.with_header(correlation_id=5)
    return bytes(response.encode(header=True))


def asked(api_key: int, version: int) -> Request:
    return Request(api_key, version, 5, "c")


@pytest.mark.parametrize("version", range(3, 14))
def test_a_published_record_is_waited_for(version: int) -> None:
    answer = produced(version, "signals", TOPIC_ID, offset=39)

    assert ends_told(asked(PRODUCE, version), answer, NAMES) == {("signals", 3): 40}


@pytest.mark.parametrize("version", range(4, 18))
def test_a_record_that_is_read_is_waited_for(version: int) -> None:
    answer = fetched(version, "signals", TOPIC_ID, records=b"x" * 80)

    assert ends_told(asked(FETCH, version), answer, NAMES) == {("signals", 3): 40}


@pytest.mark.parametrize("version", range(4, 18))
@pytest.mark.parametrize("records", [None, b""])
def test_an_answer_without_records_is_not(version: int, records: bytes | None) -> None:
    answer = fetched(version, "signals", TOPIC_ID, records=records)

    assert ends_told(asked(FETCH, version), answer, NAMES) == {}


@pytest.mark.parametrize("version", range(3, 14))
def test_of_a_batch_sent_again_the_end_is_to_be_asked(version: int) -> None:
    answer = produced(version, "signals", TOPIC_ID, offset=-1, error=46)

    assert ends_told(asked(PRODUCE, version), answer, NAMES) == {("signals", 3): UNKNOWN}


@pytest.mark.parametrize("version", range(3, 14))
def test_other_topics_and_refused_records_are_not(version: int) -> None:
    for answer in (
        produced(version, "bars", OTHER_ID, offset=39),
        produced(version, "signals", TOPIC_ID, offset=-1),
    ):
        assert ends_told(asked(PRODUCE, version), answer, NAMES) == {}


@pytest.mark.parametrize(
    ("request_", "version"),
    [*((ProduceRequest, n) for n in range(3, 14)), *((FetchRequest, n) for n in range(4, 18))],
)
def test_a_request_says_what_it_is_and_of_whom(request_: Any, version: int) -> None:
    message = request_(version=version)
    message.with_header(correlation_id=77, client_id="a client")

    found = request_of(bytes(message.encode(header=True)))

    assert found == Request(request_.API_KEY, version, 77, "a client")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_value_error(content: bytes) -> None:
    try:
        found: Any = request_of(content)
    except ValueError:
        found = SimpleNamespace(correlation=0)
    assert isinstance(found.correlation, int)
