"""What the broker holds: topics, their ids, where they end, and what a group has committed."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    RetriableError,
    TopicAuthorizationFailedError,
)

from schemas.cluster import TOPIC_DENIED, Broker, client_options, denied
from schemas.sources import source_id
from schemas.topics import CATALOGUE, prefixed
from signal_tracker.consumers import open_consumer
from signal_tracker.doors import check_once, explained
from signal_tracker.errors import BrokerError
from sinks.hearing import is_silence

T = TypeVar("T")

TIMEOUT_MS = 15_000
_SILENCE_S = 30.0

_ALREADY_EXISTS = 36


def create_topics(
    broker: Broker,
    prefix: str,
    partitions: int,
    *,
    replication_factor: int = 1,
    more_configs: Mapping[str, str] | None = None,
    client_id: str | None = None,
) -> list[str]:
    """Create the catalogue's missing topics; return their names on the broker.

    Raise BrokerError, before anything is created, where a topic has another
    partition count: all topics share one, as a ticker has one partition number.
    """
    with connected(broker, client_id) as admin:
        names = [prefixed(prefix, topic) for topic in CATALOGUE]
        held = _partition_counts(admin, names)
        _refuse_other_counts(held, partitions)
        wanted = {
            prefixed(prefix, topic): {
                "num_partitions": partitions,
                "replication_factor": replication_factor,
                "configs": {**topic.configs, **(more_configs or {})},
            }
            for topic in CATALOGUE
            if prefixed(prefix, topic) not in held
        }
        if not wanted:
            return []
        answer = admin.create_topics(wanted, raise_errors=False)
        created = [each["name"] for each in answer["topics"] if _is_created(each)]
        _refuse_other_counts(_wait_for_leaders(admin, names), partitions)
    return created


def topic_ids(
    broker: Broker, names: Iterable[str], *, client_id: str | None = None
) -> dict[str, str]:
    """Return the id of each topic that exists: a topic deleted and made again has another.

    Of a broker with a journal it tells the journal, too (`schemas.sources`).
    """
    with connected(broker, client_id) as admin:
        found = _describe(admin, names)
        cluster_id = admin.describe_cluster()["cluster_id"]
    return {name: source_id(cluster_id, str(each["topic_id"])) for name, each in found.items()}


def partition_counts(broker: Broker, names: Iterable[str]) -> dict[str, int]:
    """Return the partition count of each topic that exists."""
    with connected(broker) as admin:
        return _partition_counts(admin, names)


def replica_counts(broker: Broker, names: Iterable[str]) -> dict[str, int]:
    """Return on how many brokers each topic that exists is kept."""
    with connected(broker) as admin:
        found = _describe(admin, names)
    return {name: len(each["partitions"][0]["replica_nodes"]) for name, each in found.items()}


def end_offsets(broker: Broker, names: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the offset after the last record of each partition of the topics that exist.

    Taken from the high watermark of a fetch: Tansu's answer to ListOffsets is
    one past the *first* record of the last batch.
    """
    counts = partition_counts(broker, names)
    tps = [TopicPartition(name, n) for name, count in counts.items() for n in range(count)]
    if not tps:
        return {}
    with _connecting(broker):
        consumer = open_consumer(
            broker,
            bootstrap_timeout_ms=TIMEOUT_MS,
            fetch_max_wait_ms=1,
            max_partition_fetch_bytes=1,
        )
        try:
            return _highwaters(consumer, tps)
        finally:
            consumer.close()


def committed_offsets(broker: Broker, group: str) -> dict[tuple[str, int], int]:
    """Return what a consumer group has committed; a partition without a commit is absent."""
    with connected(broker) as admin:
        held: dict[TopicPartition, Any] = of_group(lambda: admin.list_group_offsets(group), group)
    return {(tp.topic, tp.partition): each.offset for tp, each in held.items() if each.offset >= 0}


@contextmanager
def connected(broker: Broker, client_id: str | None = None) -> Iterator[KafkaAdminClient]:
    """Yield an admin client; any trouble with the broker becomes one BrokerError."""
    with _connecting(broker):
        admin = KafkaAdminClient(
            **client_options(broker),
            bootstrap_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
            **({} if client_id is None else {"client_id": client_id}),
        )
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def _connecting(broker: Broker) -> Iterator[None]:
    check_once(broker)
    try:
        yield
    except KafkaError as error:
        if is_silence(error):
            raise explained(broker, f"no Kafka broker answers at {broker}") from error
        raise BrokerError(_refusal(broker, error)) from error


def _refusal(broker: Broker, error: KafkaError) -> str:
    if isinstance(error, TopicAuthorizationFailedError):
        return denied(broker, "see or use the topic", error.args[0])
    if isinstance(error, GroupAuthorizationFailedError):
        return denied(broker, "see or use the consumer group")
    return f"the broker at {broker} refused: {error}"


def of_group(ask: Callable[[], dict[str, T]], group: str) -> T:
    """Return the answer about a group, waiting for a new cluster to be able to give one."""
    # it makes its offsets topic when it is first asked, and says "not available" so long
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        try:
            return ask()[group]
        except RetriableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _describe(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    answer = admin.describe_topics(list(names))
    hidden = [each["name"] for each in answer if each["error_code"] == TOPIC_DENIED]
    if hidden:
        raise TopicAuthorizationFailedError(hidden)
    return {each["name"]: each for each in answer if each["error_code"] == 0}


def _partition_counts(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    return {name: len(each["partitions"]) for name, each in _describe(admin, names).items()}


def _wait_for_leaders(admin: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    # a Kafka broker answers before its own metadata shows the topic and who leads its partitions
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        found = _describe(admin, names)
        waiting = [name for name in names if name not in found or not _is_led(found[name])]
        if not waiting:
            return {name: len(each["partitions"]) for name, each in found.items()}
        if time.monotonic() > deadline:
            msg = f"topic {waiting[0]} was created, but has no leader yet: try again"
            raise BrokerError(msg)
        time.sleep(0.05)


def _is_led(topic: dict[str, Any]) -> bool:
    return all(each["leader_id"] >= 0 for each in topic["partitions"])


def _refuse_other_counts(held: dict[str, int], partitions: int) -> None:
    other = {name: count for name, count in held.items() if count != partitions}
    if other:
        told = ", ".join(f"{name} has {count}" for name, count in other.items())
        msg = (
            f"expected {partitions} partitions, was: {told}. "
            "All topics have the same count: use --partitions, or another --prefix"
        )
        raise BrokerError(msg)


def _is_created(answer: dict[str, Any]) -> bool:
    if answer["error_code"] == _ALREADY_EXISTS:
        return False
    if answer["error_code"]:
        if answer["error_code"] == TOPIC_DENIED:
            raise TopicAuthorizationFailedError([answer["name"]])
        told = answer["error_message"] or f"error {answer['error_code']}"
        msg = f"topic {answer['name']} was not created: {told}"
        raise BrokerError(msg)
    return True


def _highwaters(consumer: KafkaConsumer, tps: list[TopicPartition]) -> dict[tuple[str, int], int]:
    consumer.assign(tps)
    for tp, offset in consumer.end_offsets(tps).items():
        consumer.seek(tp, offset)
    known: dict[tuple[str, int], int] = {}
    heard, answered = time.monotonic(), 0
    while len(known) < len(tps):
        # A busy broker answers one partition after the other: silence counts, not the whole time.
        if len(known) > answered:
            heard, answered = time.monotonic(), len(known)
        if time.monotonic() - heard > _SILENCE_S:
            silent = next(tp for tp in tps if tuple(tp) not in known)
            msg = f"no answer about the end of {silent.topic}[{silent.partition}]"
            raise BrokerError(msg)
        consumer.poll(timeout_ms=20, max_records=1)
        for tp in tps:
            offset = consumer.highwater(tp)
            if offset is not None:
                known[tp.topic, tp.partition] = offset
    return known
