"""The catalogue, and where a ticker's records lie."""

import pytest
from aiokafka.partitioner import murmur2 as murmur2_of_aiokafka
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as murmur2_of_kafka_python

from schemas.topics import CATALOGUE, INBOUND, OUTBOUND, TICKS, partition_of, prefixed


def test_topics_have_one_name_each_and_stand_behind_the_prefix() -> None:
    names = [topic.name for topic in CATALOGUE]

    assert len(set(names)) == len(names) == 10
    assert prefixed("demo.", TICKS) == "demo.ticks"
    assert all(topic.inbound for topic in INBOUND)
    assert not any(topic.inbound for topic in OUTBOUND)


def test_a_compacted_topic_has_no_retention() -> None:
    for topic in CATALOGUE:
        assert ("retention.ms" in topic.configs) == (topic.cleanup == "delete")
    assert TICKS.configs == {"cleanup.policy": "delete", "retention.ms": "604800000"}


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.integers(1, 64))
def test_partitions_are_those_of_the_kafka_clients(ticker: str, partitions: int) -> None:
    key = ticker.encode()
    found = partition_of(ticker, partitions)

    assert found == (murmur2_of_kafka_python(key) & 0x7FFFFFFF) % partitions
    assert found == (murmur2_of_aiokafka(key) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_partitions_are_those_of_the_java_client(key: str, hashed: int) -> None:
    """The golden values of Kafka's own UtilsTest."""
    for partitions in (1, 2, 7, 8, 2**31 - 1):
        assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions
