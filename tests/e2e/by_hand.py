"""One pipeline whose parts are started by hand: topics, workers, sinks, published files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaProducer

from schemas.topics import INBOUND, OUTBOUND, Topic, prefixed
from signal_tracker import admin, cli
from signal_tracker.options import DEFAULT_APP_ID
from sinks.sqlite_queries import committed
from tests.e2e.processes import PATIENCE_S, Processes, Running, wait_until

Offsets = Mapping[tuple[str, int], int]


class Pipeline:
    """The topics behind one prefix, the group that reads them, the folder they end in."""

    def __init__(self, processes: Processes, broker: str, data: Path, prefix: str = "") -> None:
        self.data = data
        self.database = data / "signals.db"
        self.broker = broker
        self.prefix = prefix
        self.group = f"{prefix}{DEFAULT_APP_ID}"
        self.topics = ["--broker", broker, "--prefix", prefix]
        self.env: Mapping[str, str] = {}
        self.patience = PATIENCE_S
        self._processes = processes
        data.mkdir(parents=True, exist_ok=True)

    def create_topics(self, partitions: int = 4) -> None:
        """Create the topics."""
        admin.create_topics(self.broker, self.prefix, partitions)

    def worker(self, *words: str) -> Running:
        """Start a worker."""
        return self._start("worker", *self.topics, *words)

    def sqlite_sink(self, *words: str) -> Running:
        """Start the SQLite sink."""
        return self._start("sink", "sqlite", *self.topics, *words)

    def reports_sink(self) -> Running:
        """Start the sink of the report files."""
        return self._start("sink", "reports")

    def publish(self, kind: str, path: Path, expect: int = 0) -> None:
        """Publish a file."""
        words = ["publish", kind, str(path), *self.topics, "--data", str(self.data)]
        assert cli.run(words) == expect

    def send_json(self, topic: Topic, records: Iterable[Mapping[str, Any]]) -> None:
        """Send records as a plain Kafka client does: JSON, keyed by ticker."""
        producer = KafkaProducer(bootstrap_servers=self.broker, linger_ms=20)
        for each in records:
            key = str(each["ticker"]).encode()
            producer.send(self.topic(topic), orjson.dumps(each), key=key)
        producer.flush()
        producer.close()

    def topic(self, topic: Topic) -> str:
        """Return a topic's name on the broker."""
        return prefixed(self.prefix, topic)

    def input_ends(self) -> Offsets:
        """Return where the inbound topics end."""
        return admin.end_offsets(self.broker, [self.topic(each) for each in INBOUND])

    def output_ends(self) -> Offsets:
        """Return where the outbound topics end."""
        return admin.end_offsets(self.broker, [self.topic(each) for each in OUTBOUND])

    def judged(self) -> Offsets:
        """Return what the workers have committed."""
        return admin.committed_offsets(self.broker, self.group)

    def stored(self) -> Offsets:
        """Return what the SQLite sink has committed."""
        return committed(self.database)

    def wait_until_judged(self, *watched: Running) -> None:
        """Return when the workers have committed all that was published, also by themselves."""

        def complete() -> bool:
            ends = self.input_ends()
            # a worker sends an element on before it commits, so the ends are final afterwards
            return not behind(ends, self.judged()) and self.input_ends() == ends

        wait_until(
            "the workers to judge all inputs",
            complete,
            *watched,
            seconds=self.patience,
            more=self._lag,
        )

    def wait_until_stored(self, *watched: Running) -> None:
        """Return when all that was published is judged and stored."""
        self.wait_until_judged(*watched)
        ends = self.output_ends()
        wait_until(
            "the SQLite sink to store all outputs",
            lambda: not behind(ends, self.stored()),
            *watched,
            seconds=self.patience,
            more=self._lag,
        )

    def _lag(self) -> str:
        inputs = behind(self.input_ends(), self.judged())
        return f"to judge: {inputs}, to store: {behind(self.output_ends(), self.stored())}"

    def _start(self, *words: str) -> Running:
        return self._processes.start(*words, "--data", str(self.data), env=self.env)


def behind(ends: Offsets, reached: Offsets) -> dict[tuple[str, int], int]:
    """Return how many records are still to be read, of partitions that have some."""
    lags = {tp: end - reached.get(tp, 0) for tp, end in ends.items()}
    return {tp: lag for tp, lag in lags.items() if lag}
