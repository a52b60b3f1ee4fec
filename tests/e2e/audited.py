"""A pipeline on the embedded broker that has judged a market, and `audit` beside it."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from kafka import KafkaProducer

from schemas.topics import CORPORATE_ACTIONS, DECISIONS, SIGNALS, TICKS
from tests.e2e.by_hand import Pipeline
from tests.e2e.malformed import MALFORMED
from tests.e2e.processes import Running, processes_in, run
from tests.oracle.scenarios import random_market, random_signals

TICKERS = ("AAPL", "MSFT", "BTC-USD", "^GSPC")
FIRST, LAST = "2022-01-03", "2022-09-30"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command said."""

    out: list[str]
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A pipeline that has judged and stored what was published."""

    pipeline: Pipeline
    worker: Running
    sink: Running

    @property
    def words(self) -> list[str]:
        return [*self.pipeline.topics, "--data", str(self.pipeline.data)]

    def audit(self, *words: str, expect: int = 0) -> Told:
        return self._typed("audit", *words, expect=expect)

    def rebuild(self, *words: str, expect: int = 0) -> Told:
        return self._typed("rebuild", *words, expect=expect)

    def tamper(self, *statements: str) -> None:
        connection = sqlite3.connect(self.pipeline.database)
        for each in statements:
            assert connection.execute(each).rowcount > 0
        connection.commit()
        connection.close()

    def _typed(self, *words: str, expect: int) -> Told:
        done = run(*words, *self.words, expect=expect)
        return Told(out=done.stdout.splitlines(), err=done.stderr)


@contextmanager
def stored_in(folder: Path, broker: str, prefix: str) -> Iterator[Stored]:
    """Yield a pipeline with everything in it: unreadable records, and some on wrong partitions."""
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, broker, folder / "data", prefix)
        pipeline.create_topics(4)
        worker, sink = pipeline.worker(), pipeline.sqlite_sink()
        _send(pipeline)
        pipeline.wait_until_stored(worker, sink)
        yield Stored(pipeline=pipeline, worker=worker, sink=sink)


def _send(pipeline: Pipeline) -> None:
    rng = random.Random(11)
    signals = random_signals(rng, TICKERS, FIRST, LAST, 60)
    named = [each for each in signals if "signal_id" in each][:20]
    decisions = [
        {
            "decision_id": f"d-{number}",
            "signal_id": each["signal_id"],
            "ticker": each["ticker"],
            "kind": "cancel",
            "decided_at_ms": each["generated_at_ms"] + rng.choice((1, 10**9)),
        }
        for number, each in enumerate(named)
    ]
    split = {"ticker": "AAPL", "ex_date": "2022-03-01", "kind": "split", "ratio": 2.0}
    pipeline.send_json(CORPORATE_ACTIONS, [split])
    pipeline.send_json(DECISIONS, decisions)
    pipeline.send_json(SIGNALS, signals)
    market = random_market(rng, TICKERS, FIRST, LAST)
    pipeline.send_json(TICKS, market[::2])
    producer = KafkaProducer(bootstrap_servers=pipeline.broker, linger_ms=20)
    for number, each in enumerate(market[1::2]):
        value = orjson.dumps({**each, "final": True})
        producer.send(pipeline.topic(TICKS), value, partition=number % 4)
    for case in MALFORMED:
        producer.send(pipeline.topic(case.topic), case.value, key=b"k", partition=1)
    producer.flush()
    producer.close()
