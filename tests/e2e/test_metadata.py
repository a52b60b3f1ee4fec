"""What the worker's producer knows of the broker, with aiokafka's own client."""

import uuid

from aiokafka import AIOKafkaProducer

from signal_tracker.admin import connected
from streams.sending import keep_known


def create(broker: str, *names: str) -> None:
    with connected(broker) as admin:
        admin.create_topics(
            {name: {"num_partitions": 1, "replication_factor": 1} for name in names}
        )


async def test_a_topic_made_later_takes_no_other_away(embedded_broker: str) -> None:
    """Without it a batch for the older topic waited for a leader for ever."""
    old, new = (f"{uuid.uuid4().hex}-{each}" for each in ("old", "new"))
    create(embedded_broker, old)
    producer = AIOKafkaProducer(bootstrap_servers=embedded_broker)
    await producer.start()
    try:
        await keep_known(producer, [old])
        create(embedded_broker, new)
        await producer.send_and_wait(new, b"value", partition=0)

        assert producer.client.cluster.partitions_for_topic(old) == {0}
    finally:
        await producer.stop()
