"""`audit` and `rebuild` as commands, beside a worker and a sink on the embedded broker."""

import json
import random
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from schemas.topics import CORPORATE_ACTIONS, DECISIONS, SIGNALS, TICKS
from tests.e2e.by_hand import Pipeline
from tests.e2e.malformed import MALFORMED
from tests.e2e.processes import Processes, Running, processes_in, run
from tests.oracle.scenarios import random_market, random_signals

TICKERS = ("AAPL", "MSFT", "BTC-USD", "^GSPC")
FIRST, LAST = "2022-01-03", "2022-09-30"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A pipeline that has judged and stored what was published."""

    pipeline: Pipeline
    worker: Running
    sink: Running
    processes: Processes

    def audit(self, *words: str, expect: int = 0) -> "Told":
        done = run("audit", *self.words, *words, expect=expect)
        return Told(out=done.stdout.splitlines(), err=done.stderr)

    @property
    def words(self) -> list[str]:
        return [*self.pipeline.topics, "--data", str(self.pipeline.data)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    out: list[str]
    err: str


@pytest.fixture
def stored(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Stored]:
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, embedded_broker, tmp_path / "data", topic_prefix)
        pipeline.create_topics(4)
        worker, sink = pipeline.worker(), pipeline.sqlite_sink()
        send_everything(pipeline)
        pipeline.wait_until_stored(worker, sink)
        yield Stored(pipeline=pipeline, worker=worker, sink=sink, processes=processes)


def send_everything(pipeline: Pipeline) -> None:
    """A market, signals, decisions and a split; some on a wrong partition, some unreadable."""
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


def test_every_row_is_as_the_sources_call_for_and_a_touched_one_is_named(stored: Stored) -> None:
    told = stored.audit("--wait", "60")

    assert told.out[-1].startswith("audit=0 rows=")
    assert told.out[-1].endswith(" unsettled=0")
    counts = {line.split()[0]: line.split()[1:] for line in told.out[1:-1]}
    assert all(int(counts[each][0]) > 10 for each in ("llm_signals", "bars", "observations"))
    assert int(counts["dead_letters"][0]) >= len(MALFORMED)
    assert "folding" in told.err

    stored.sink.end(signal.SIGTERM)
    tamper(
        stored.pipeline.database,
        f"UPDATE bars SET close = close + 1 WHERE {ONE_BAR}",
        "DELETE FROM dead_letters WHERE error_class = 'EmptyValue'",
    )
    told = stored.audit("--format", "json", expect=1)

    *found, summary = map(json.loads, told.out)
    assert columns_of(found) == {("bars", "close"), ("dead_letters", None)}
    assert summary["audit"] == len(found)
    assert summary["tables"]["bars"]["differences"] == 1
    assert stored.audit("--show", "1", expect=1).out[-1].startswith(f"audit={len(found)} ")


ONE_BAR = "ticker = 'MSFT' AND session = (SELECT min(session) FROM bars WHERE ticker = 'MSFT')"


def test_what_is_on_its_way_is_not_compared_but_named(stored: Stored) -> None:
    stored.worker.end(signal.SIGTERM)
    signal_ = {
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": 1_656_000_000_000,
        "source": "desk",
        "source_kind": "rule",
        "model": "m",
    }
    stored.pipeline.send_json(SIGNALS, [signal_])

    told = stored.audit(expect=1)

    assert told.out[-1].startswith("audit=0 ")
    assert told.out[-1].endswith(" unsettled=1")
    assert "the worker is 1 record behind" in told.err
    assert "1 ticker not compared, for records of them are still on their way: AAPL;" in told.err
    restarted = stored.pipeline.worker()
    assert stored.audit("--wait", "60").out[-1].endswith(" unsettled=0")
    assert restarted.status is None


def test_what_cannot_be_compared_is_said_in_one_line(stored: Stored, tmp_path: Path) -> None:
    words = stored.pipeline.topics
    for more, expect, said in (
        (["--policy", "mvs"], 1, "was tracker"),
        (["--app-id", "nobody"], 1, "name the --app-id of the worker"),
        (["--policy", "none.toml"], 2, "none.toml"),
    ):
        assert said in stored.audit(*more, expect=expect).err
    empty = run("audit", *words, "--data", str(tmp_path / "empty"), expect=1)
    assert "run `signal-tracker sink sqlite` first" in empty.stderr
    elsewhere = run("audit", *words[:2], "--prefix", "none.", *stored.words[-2:], expect=1)
    assert "none." in elsewhere.stderr


def tamper(database: Path, *statements: str) -> None:
    with sqlite3.connect(database) as connection:
        for each in statements:
            assert connection.execute(each).rowcount > 0
    connection.close()


def columns_of(found: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(each["table"], each["column"]) for each in found}
