"""The sink worker: consume, decode, write rows and offsets in one step; then read on.

That order is the guarantee: the positions live in the sink, in the transaction
of the rows they follow, and the broker is told nothing. A kill at any point is
a restart from the last stored batch. Uses kafka-python.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import (
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from schemas.cluster import TOPIC_DENIED, Broker, client_options, denied
from schemas.sources import is_later_start, source_id
from schemas.topics import OUTBOUND, prefixed
from sinks.compression import read_every_compression
from sinks.decoding import decode_parts
from sinks.errors import (
    BrokerError,
    MissingTopicError,
    NoBrokerError,
    SinkError,
    SourceMismatchError,
)
from sinks.fetching import read_quickly
from sinks.hearing import Hearing, is_silence
from sinks.sink import Batch, Position, Sink, Written
from sinks.sink import TopicPartition as Tp

BATCH_RECORDS = 5000
POLL_MS = 250
_REQUEST_MS = 10_000
# Whoever asks the sink to end waits for an answer that does not come, too.
_LOOK_MS = 6_000
# Bounds the memory of a batch: records are up to half a megabyte.
_FETCH_BYTES = 16 * 1024 * 1024
_HINT = "use another --data (SIGNAL_TRACKER_DATA), or `signal-tracker rebuild`"


def run_sink(
    sink: Sink,
    *,
    broker: Broker,
    prefix: str = "",
    run_id: str = "",
    should_stop: Callable[[], bool],
    on_start: Callable[[int], None] = lambda _partitions: None,
    on_batch: Callable[[Written], None] = lambda _written: None,
    on_silence: Callable[[], None] = lambda: None,
    on_answer: Callable[[], None] = lambda: None,
) -> None:
    """Carry the outbound topics into the sink until `should_stop`; raise SinkError.

    A broker that answered once and is away is waited for: `on_silence` is called about every
    ten seconds, and what it raises ends the sink. `on_answer` follows each look that went well.
    The sink is opened when broker and topics are there, so that a wrong address
    leaves no empty store behind.
    """
    with ExitStack() as open_things:
        try:
            admin = KafkaAdminClient(
                **client_options(broker),
                bootstrap_timeout_ms=_REQUEST_MS,
                request_timeout_ms=_LOOK_MS,
            )
            open_things.callback(admin.close)
            consumer = _consumer(broker)
            open_things.callback(consumer.close, autocommit=False)
            source = _Source(admin, broker, prefix, run_id)
            sink.open()
            open_things.callback(sink.close)
            start = source.start(consumer, sink.positions())
            sink.write(Batch(positions=start))
            on_start(len(start))
            heard = Hearing(on_silence, on_answer)
            _carry(consumer, sink, source, on_batch, heard, should_stop=should_stop)
        except OffsetOutOfRangeError as error:
            msg = f"records were deleted by retention before this sink read them; {_HINT}"
            raise SinkError(msg) from error
        except KafkaError as error:
            raise _trouble(broker, error) from error


def _carry(
    consumer: Any,
    sink: Sink,
    source: "_Source",
    on_batch: Callable[[Written], None],
    heard: Hearing,
    *,
    should_stop: Callable[[], bool],
) -> None:
    while not should_stop():
        polled = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
        if polled:
            with _uncollected():
                batch = decode_parts(polled, source.prefix, source.epochs)
                batch.positions.update(source.after(polled, batch.epochs))
                written = sink.write(batch)
            on_batch(written)
            heard.records()
        if heard.should_ask():
            with heard.an_answer():
                if source.is_renewed():
                    sink.write(Batch(positions=source.start(consumer, sink.positions())))


@contextmanager
def _uncollected() -> Iterator[None]:
    # The objects of a batch hold no circles: to look for some takes a tenth of the time.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Source:
    """The topics behind the offsets: which they are, and that they are still those."""

    def __init__(self, admin: Any, broker: Broker, prefix: str, run_id: str) -> None:
        self.prefix = prefix
        self._admin = admin
        self._broker = broker
        self._topics = [prefixed(prefix, topic) for topic in OUTBOUND]
        self._run_id = run_id
        self._found = self._describe()
        self.epochs: dict[Tp, int] = {}

    def start(self, consumer: Any, stored: Mapping[Tp, Position]) -> dict[Tp, Position]:
        """Assign every partition at its stored position, else at its beginning."""
        refuse_other_source(stored, self._ids, self._run_id)
        # A journal's broker has made its topics anew, of the same records: what follows from them
        # is told again from the beginning, and writes over the same rows.
        stored = {tp: at for tp, at in stored.items() if at.topic_id == self._ids[tp[0]]}
        parts = [
            TopicPartition(name, number)
            for name, (_, partitions) in self._found.items()
            for number in partitions
        ]
        beginnings = consumer.beginning_offsets(parts)
        consumer.assign(parts)
        start = {}
        for part in parts:
            held = stored.get((part.topic, part.partition))
            start[part.topic, part.partition] = (
                self._position(part.topic, beginnings[part], 0)
                if held is None
                else self._position(part.topic, held.next_offset, held.epoch)
            )
            consumer.seek(part, start[part.topic, part.partition].next_offset)
        self.epochs = {tp: position.epoch for tp, position in start.items()}
        return start

    def after(
        self, polled: Mapping[Any, Sequence[Any]], epochs: Mapping[Tp, int]
    ) -> dict[Tp, Position]:
        """Return the positions after these records, which reached these epochs."""
        self.epochs.update(epochs)
        return {
            (part.topic, part.partition): self._position(
                part.topic, records[-1].offset + 1, epochs[part.topic, part.partition]
            )
            for part, records in polled.items()
        }

    def is_renewed(self) -> bool:
        """Say whether a journal's broker was started again, so that `start` has to follow.

        Raise where the broker holds other topics of these names, or does not answer.
        """
        found = self._describe()
        if found == self._found:
            return False
        if not all(is_later_start(self._ids[name], found[name][0]) for name in found):
            msg = f"the topics were made anew while the sink was reading them; {_HINT}"
            raise SourceMismatchError(msg)
        self._found = found
        return True

    @property
    def _ids(self) -> dict[str, str]:
        return {name: topic_id for name, (topic_id, _) in self._found.items()}

    def _describe(self) -> dict[str, tuple[str, list[int]]]:
        return describe_topics(self._admin, self._broker, self._topics)

    def _position(self, topic: str, offset: int, epoch: int) -> Position:
        return Position(
            next_offset=offset, topic_id=self._ids[topic], run_id=self._run_id, epoch=epoch
        )


def refuse_other_source(
    stored: Mapping[Tp, Position], topic_ids: Mapping[str, str], run_id: str
) -> None:
    """Raise SourceMismatchError where stored offsets belong to other topics or another run."""
    for (topic, partition), position in stored.items():
        if topic not in topic_ids:
            msg = f"the database holds rows of the topic {topic}, which is not read here; {_HINT}"
            raise SourceMismatchError(msg)
        found = topic_ids[topic]
        if position.topic_id != found and not is_later_start(position.topic_id, found):
            msg = (
                "the database holds rows of another broker, or of topics that were made anew "
                f"since (expected {topic} with id {position.topic_id}, from which "
                f"{topic}[{partition}]@{position.next_offset} was stored, "
                f"was {found}); {_HINT}"
            )
            raise SourceMismatchError(msg)
        if position.run_id != run_id:
            msg = (
                "the database holds rows of another run "
                f"(expected {position.run_id!r}, was {run_id!r}); {_HINT}"
            )
            raise SourceMismatchError(msg)


def describe_topics(
    admin: Any, broker: Broker, topics: Sequence[str]
) -> dict[str, tuple[str, list[int]]]:
    """Return the id and the partition numbers of each topic (KIP-516 topic ids).

    Of a broker with a journal the id tells the journal, too (`schemas.sources`).
    """
    described = {each["name"]: each for each in admin.describe_topics(list(topics))}
    hidden = [name for name, each in described.items() if each.get("error_code") == TOPIC_DENIED]
    if hidden:
        raise BrokerError(denied(broker, "read the topic", hidden))
    missing = [name for name in topics if not described.get(name, {}).get("partitions")]
    if missing:
        msg = f"there is no topic {', '.join(missing)} at {broker}"
        raise MissingTopicError(msg)
    cluster_id = admin.describe_cluster()["cluster_id"]
    return {
        name: (
            source_id(cluster_id, str(described[name]["topic_id"])),
            sorted(each["partition_index"] for each in described[name]["partitions"]),
        )
        for name in topics
    }


def _trouble(broker: Broker, error: KafkaError) -> BrokerError:
    if is_silence(error):
        return NoBrokerError(f"no Kafka broker answers at {broker}")
    if isinstance(error, TopicAuthorizationFailedError):
        return BrokerError(denied(broker, "read the topic", error.args[0]))
    return BrokerError(f"the broker at {broker} refused: {error}")


def _consumer(broker: Broker) -> Any:
    read_every_compression()
    consumer = KafkaConsumer(
        **client_options(broker),
        group_id=None,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        auto_offset_reset="none",
        bootstrap_timeout_ms=_REQUEST_MS,
        fetch_max_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    read_quickly(consumer)
    return consumer
