"""Read a topic without a consumer group: all of it, or on and on."""

from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from schemas.cluster import Broker, client_options
from signal_tracker import admin
from signal_tracker.errors import MissingTopicError

POLL_MS = 200


def read(
    broker: Broker,
    topic: str,
    *,
    from_end: bool = False,
    follow: bool = False,
    start: Mapping[tuple[str, int], int] | None = None,
) -> Iterator[Any]:
    """Yield kafka-python's records of a topic, each partition in its order.

    Without `follow` it ends at the ends taken at the call. With `start` it begins at these
    offsets. It commits nothing.
    """
    ends = admin.end_offsets(broker, [topic])
    if not ends:
        msg = f"there is no topic {topic} at {broker}"
        raise MissingTopicError(msg)
    tps = {TopicPartition(*tp): end for tp, end in ends.items()}
    consumer = KafkaConsumer(
        **client_options(broker),
        bootstrap_timeout_ms=admin.TIMEOUT_MS,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        consumer.assign(list(tps))
        for tp, end in tps.items():
            if from_end:
                consumer.seek(tp, end)
            elif start is not None:
                consumer.seek(tp, min(start.get(tuple(tp), 0), end))
            else:
                consumer.seek_to_beginning(tp)
        yield from _follow(consumer) if follow else _until(consumer, tps)
    finally:
        consumer.close()


def _follow(consumer: KafkaConsumer) -> Iterator[Any]:
    while True:
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            yield from records


def _until(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Iterator[Any]:
    # position, and not the last record seen: offsets have gaps where a topic is compacted
    while any(consumer.position(tp) < end for tp, end in ends.items()):
        for tp, records in consumer.poll(timeout_ms=POLL_MS).items():
            yield from (record for record in records if record.offset < ends[tp])
