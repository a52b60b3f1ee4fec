"""Read a topic without a consumer group: all of it, or on and on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from schemas.cluster import Broker
from schemas.sources import is_later_start
from signal_tracker import admin
from signal_tracker.consumers import open_consumer
from signal_tracker.errors import BrokerError, MissingTopicError, SilentBrokerError
from signal_tracker.progress import say
from signal_tracker.waiting import EVERY_S, Waiting

POLL_MS = 200
_SILENCE_S = 60.0


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
    offsets. It commits nothing. With `follow` a broker that is away is waited for, and said to be;
    without, SilentBrokerError says that it has sent nothing for a minute.
    """
    ends = admin.end_offsets(broker, [topic])
    if not ends:
        msg = f"there is no topic {topic} at {broker}"
        raise MissingTopicError(msg)
    tps = {TopicPartition(*tp): end for tp, end in ends.items()}
    consumer = open_consumer(
        broker, bootstrap_timeout_ms=admin.TIMEOUT_MS, auto_offset_reset="earliest"
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
        yield from _follow(consumer, broker, topic) if follow else _until(consumer, broker, tps)
    finally:
        consumer.close()


def _follow(consumer: KafkaConsumer, broker: Broker, topic: str) -> Iterator[Any]:
    followed = _Followed(consumer, broker, topic)
    heard = monotonic()
    while True:
        polled = consumer.poll(timeout_ms=POLL_MS)
        for records in polled.values():
            yield from records
        if polled:
            heard = monotonic()
        elif monotonic() - heard > EVERY_S:
            followed.look()
            heard = monotonic()


class _Followed:
    """A topic that is followed, looked at where nothing comes of it."""

    def __init__(self, consumer: KafkaConsumer, broker: Broker, topic: str) -> None:
        self._consumer = consumer
        self._broker = broker
        self._topic = topic
        self._waiting = Waiting(broker, say)
        self._id = self._ask()

    def look(self) -> None:
        """Tell where the broker is away; raise BrokerError where it has lost the topic."""
        try:
            found = self._ask()
        except SilentBrokerError:
            self._waiting.goes_on()
            return
        self._waiting.is_over()
        if found != self._id:
            if not is_later_start(self._id, found):
                msg = f"the topic {self._topic} was made anew at {self._broker}: start again"
                raise BrokerError(msg)
            # A journal's broker tells the same records again.
            self._consumer.seek_to_beginning()
            self._id = found

    def _ask(self) -> str:
        found = admin.topic_ids(self._broker, [self._topic])
        if self._topic not in found:
            msg = f"there is no topic {self._topic} at {self._broker}"
            raise MissingTopicError(msg)
        return found[self._topic]


def _until(
    consumer: KafkaConsumer,
    broker: Broker,
    ends: Mapping[TopicPartition, int],
    clock: Callable[[], float] = monotonic,
) -> Iterator[Any]:
    reached = _positions(consumer, ends)
    heard = clock()
    while behind := [tp for tp, end in ends.items() if reached[tp] < end]:
        polled = consumer.poll(timeout_ms=POLL_MS)
        for tp, records in polled.items():
            yield from (record for record in records if record.offset < ends[tp])
        # position, and not the last record seen: offsets have gaps where a topic is compacted
        before, reached = reached, _positions(consumer, ends)
        if polled or reached != before:
            heard = clock()
        elif clock() - heard > _SILENCE_S:
            part = behind[0]
            msg = (
                f"no record of {part.topic}[{part.partition}]@{reached[part]} from {broker}"
                f" for {_SILENCE_S:.0f} s, though it goes to @{ends[part]}"
            )
            raise SilentBrokerError(msg)


def _positions(
    consumer: KafkaConsumer, tps: Iterable[TopicPartition]
) -> Mapping[TopicPartition, int]:
    return {tp: consumer.position(tp) for tp in tps}
