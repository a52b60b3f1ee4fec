"""The epochs of partitions on a broker: what a new group finds, and what is out of order there."""

import asyncio

from kafka import KafkaProducer

from schemas.codec import encode
from schemas.topics import BARS, SIGNAL_STATES, prefixed
from signal_tracker import admin
from streams.told_epochs import told_epochs
from tests.unit.sinks.samples import make_bar, make_state


def test_a_group_that_is_new_to_old_topics_finds_their_greatest_epochs(
    embedded_broker: str, topic_prefix: str
) -> None:
    admin.create_topics(embedded_broker, topic_prefix, 3)
    producer = KafkaProducer(bootstrap_servers=embedded_broker)
    for partition, topic, value in (
        (0, BARS, encode(make_bar(epoch=4))),
        (0, BARS, encode(make_bar(epoch=5))),
        (0, SIGNAL_STATES, encode(make_state(epoch=7))),
        (1, BARS, encode(make_bar(epoch=2))),
        (1, SIGNAL_STATES, b"not one of ours"),
    ):
        producer.send(prefixed(topic_prefix, topic), value, key=b"k", partition=partition)
    producer.flush()
    producer.close()

    found = asyncio.run(told_epochs(embedded_broker, topic_prefix, range(3)))

    assert found == {0: 7, 1: 2}
