"""Kafka consumers of the commands: no group, no commits, every compression."""

from typing import Any

from kafka import KafkaConsumer

from schemas.cluster import Broker, client_options
from sinks.compression import read_every_compression


def open_consumer(broker: Broker, **more: Any) -> KafkaConsumer:
    """Return a consumer without a group; `more` are kafka-python's own options."""
    read_every_compression()
    return KafkaConsumer(
        **client_options(broker),
        group_id=None,
        enable_auto_commit=False,
        **more,
    )
