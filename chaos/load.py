"""Ticks and signals at a steady rate with acks=all, and a look at the events that follow.

Both are threads of librdkafka's clients, which cost a tenth of kafka-python's.
"""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.topics import SIGNALS, TICKS, VALIDATION_EVENTS, partition_of, prefixed

# An XNYS session of 2019, open from 14:30 to 21:00 UTC.
_OPEN_MS = 1_557_149_400_000
_OPEN_LASTS_MS = 23_000_000
_TICKERS = [f"T{n:03d}" for n in range(100)]
_SIGNAL_EVERY = 50
_STEP_S = 0.05
_QUEUE = 2_000_000


class Load(threading.Thread):
    """So many records a second, one of fifty a signal, until it is told to stop."""

    def __init__(self, broker: str, prefix: str, partitions: int, rate: int) -> None:
        super().__init__(daemon=True)
        self._producer = Producer(
            {
                "bootstrap.servers": broker,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 20,
                "queue.buffering.max.messages": _QUEUE,
                "message.timeout.ms": 600_000,
                "log_level": 0,
            }
        )
        self._prefix = prefix
        self._partitions = partitions
        self._rate = rate
        self._end = threading.Event()
        self.sent = self.acknowledged = 0
        self.failed: list[str] = []
        self.signals: set[str] = set()

    def run(self) -> None:
        """Publish; what is late is made up for."""
        begun = time.monotonic()
        while not self._end.is_set():
            due = int((time.monotonic() - begun) * self._rate)
            while self.sent < due:
                self._send(self.sent)
                self.sent += 1
            self._producer.poll(0)
            self._end.wait(_STEP_S)
        while self._producer.flush(10.0):
            pass

    def finish(self) -> None:
        """End when everything is acknowledged or given up."""
        self._end.set()
        self.join()

    def _send(self, number: int) -> None:
        # 100 and 50 share a factor: a signal of every ticker needs the whole rounds, too
        ticker = _TICKERS[(number + number // len(_TICKERS)) % len(_TICKERS)]
        moment = _OPEN_MS + number % _OPEN_LASTS_MS
        topic, record, signal_id = TICKS, _tick(ticker, moment, number), None
        if number % _SIGNAL_EVERY == 0:
            signal_id = f"load-{number:08d}"
            topic, record = SIGNALS, _signal(ticker, moment, signal_id)

        def acknowledged(error: Any, _message: Any) -> None:
            if error is not None:
                self.failed.append(str(error))
                return
            self.acknowledged += 1
            if signal_id is not None:
                self.signals.add(signal_id)

        self._producer.produce(
            prefixed(self._prefix, topic),
            orjson.dumps(record),
            partition=partition_of(ticker, self._partitions),
            on_delivery=acknowledged,
        )


class EventWatch(threading.Thread):
    """When validation events come in, and how long none did."""

    def __init__(self, broker: str, prefix: str, partitions: int) -> None:
        super().__init__(daemon=True)
        topic = prefixed(prefix, VALIDATION_EVENTS)
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": "chaos-watch",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, n, 0) for n in range(partitions)])
        self._end = threading.Event()
        self.times: dict[int, list[float]] = {n: [] for n in range(partitions)}

    def run(self) -> None:
        """Note every event's time."""
        while not self._end.is_set():
            try:
                message = self._consumer.poll(0.1)
            except KafkaException:
                continue
            if message is not None and message.error() is None:
                self.times[message.partition() or 0].append(time.monotonic())
        self._consumer.close()

    def finish(self) -> None:
        """End."""
        self._end.set()
        self.join()

    @property
    def all_times(self) -> list[float]:
        """Return the times of the events of all partitions, in order."""
        return sorted(each for times in self.times.values() for each in times)


def longest_gap(times: list[float], until: float) -> float:
    """Return the longest time between two events up to a moment.

    >>> longest_gap([1.0, 2.0, 5.0, 9.0], until=6.0)
    3.0
    """
    some = [each for each in times if each <= until]
    gaps = (later - earlier for earlier, later in pairwise(some))
    return max(gaps, default=0.0)


def wait_for(holds: Callable[[], bool], look: Callable[[], None], seconds: float) -> float | None:
    """Return after how long something held, None where it did not."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            return None
        look()
        time.sleep(_STEP_S)
    return time.monotonic() - begun


def _tick(ticker: str, moment: int, number: int) -> dict[str, Any]:
    return {"ticker": ticker, "price": 100 + number % 977 / 100, "ts_event_ms": moment}


def _signal(ticker: str, moment: int, signal_id: str) -> dict[str, Any]:
    return {
        "signal_id": signal_id,
        "ticker": ticker,
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": moment,
        "source": "load",
        "source_kind": "rule",
        "model": "m",
        "data_kind": "replay",
    }
