"""Between a broker and its journal: what was kept is published again, what comes is kept.

`load` gives each record its offset of before, with its timestamp, key and headers.
`Tail` reads on from there in a thread of its own, and knows what is on the disk.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from schemas.cluster import client_options
from schemas.topics import INBOUND, prefixed
from signal_tracker.consumers import open_consumer
from signal_tracker.errors import JournalError
from signal_tracker.journal import Journal
from signal_tracker.journal_frames import Kept

Tp = tuple[str, int]

_PENDING_RECORDS = 2_000
_PENDING_BYTES = 32_000_000
_MAX_REQUEST_BYTES = 100_000_000
# A batch is kept as a whole: the door waits for its first record alone.
_NO_LIMIT = 1 << 30
_FETCH_BYTES = 16 * 1024 * 1024
_POLL_MS = 50
_STOP_S = 30.0


def load(journal: Journal, broker: str, client_id: str) -> int:
    """Publish what the journal holds onto new topics; return how many records.

    Raise JournalError where one does not come to lie where it lay.
    """
    producer = KafkaProducer(
        **client_options(broker),
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        batch_size=512 * 1024,
        max_request_size=_MAX_REQUEST_BYTES,
        compression_type="lz4",
        allow_auto_create_topics=False,
    )
    names = [prefixed(journal.manifest.prefix, each) for each in INBOUND]
    pending: deque[tuple[Any, str, Kept]] = deque()
    count = size = 0
    try:
        for record in journal.records():
            name = names[record.topic]
            future = producer.send(
                name,
                key=record.key,
                value=record.value or b"",
                partition=record.partition,
                timestamp_ms=record.timestamp_ms,
                # kafka-python takes no null here
                headers=[(name, value or b"") for name, value in record.headers],
            )
            pending.append((future, name, record))
            count += 1
            size += len(record.value or b"")
            while len(pending) > _PENDING_RECORDS or size > _PENDING_BYTES:
                size -= _settle(*pending.popleft())
        while pending:
            _settle(*pending.popleft())
    except KafkaError as error:
        msg = f"the broker did not take a record of {journal.folder} again: {error}"
        raise JournalError(msg) from error
    finally:
        producer.close(timeout=5)
    return count


def _settle(future: Any, name: str, record: Kept) -> int:
    found = future.get(timeout=60).offset
    if found != record.offset:
        msg = (
            f"expected {name}[{record.partition}]@{record.offset} again, was @{found}: "
            "somebody published while the journal was being read; start the broker again"
        )
        raise JournalError(msg)
    return len(record.value or b"")


class Tail:
    """Keeps what comes onto the inbound topics; `is_kept` says what is on the disk."""

    def __init__(
        self, journal: Journal, broker: str, client_id: str, on_moved: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._broker = broker
        self._names = [prefixed(journal.manifest.prefix, each) for each in INBOUND]
        self._reached: dict[Tp, int] = {}
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._on_moved = on_moved
        self._client_id = client_id
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Read on from where the journal ends."""
        for topic, name in enumerate(self._names):
            for partition in range(self._journal.manifest.partitions):
                self._reached[name, partition] = self._journal.ends.get((topic, partition), 0)
        self._thread.start()

    def stop(self) -> None:
        """Keep what has been read, then end; raise JournalError where that has gone wrong."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
            if self._thread.is_alive():
                msg = f"{self._journal.folder}: what came last was not kept within {_STOP_S:.0f} s"
                raise JournalError(msg)
        self.check()

    def check(self) -> None:
        """Raise what has gone wrong since."""
        if self._failure is not None:
            if isinstance(self._failure, JournalError):
                raise self._failure
            msg = f"{self._journal.folder} cannot be continued: {self._failure}"
            raise JournalError(msg) from self._failure

    def is_kept(self, ends: Mapping[Tp, int]) -> bool:
        """Say whether all records before these offsets are on the disk."""
        return all(self._reached.get(tp, 0) >= end for tp, end in ends.items())

    def _run(self) -> None:
        try:
            self._read_on()
        except Exception as error:
            self._failure = error

    def _read_on(self) -> None:
        consumer = open_consumer(
            self._broker,
            client_id=self._client_id,
            auto_offset_reset="none",
            fetch_max_bytes=_FETCH_BYTES,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_POLL_MS,
        )
        try:
            tps = {TopicPartition(*tp): offset for tp, offset in self._reached.items()}
            consumer.assign(list(tps))
            for tp, offset in tps.items():
                consumer.seek(tp, offset)
            while not self._stopping.is_set():
                polled = consumer.poll(timeout_ms=_POLL_MS, max_records=_NO_LIMIT)
                if polled:
                    self._keep(polled)
                    self._reached.update({tuple(tp): consumer.position(tp) for tp in polled})
                    self._on_moved()
        finally:
            consumer.close()

    def _keep(self, polled: Mapping[Any, Sequence[Any]]) -> None:
        kept = []
        for tp, records in polled.items():
            topic = self._names.index(tp.topic)
            start = self._journal.ends.get((topic, tp.partition), 0)
            kept += [
                Kept(
                    topic,
                    tp.partition,
                    # Offsets have gaps where transactions ended; in the journal they have none.
                    start + number,
                    each.timestamp,
                    each.key,
                    each.value,
                    tuple(each.headers),
                )
                for number, each in enumerate(records)
            ]
        self._journal.append(kept)
