"""`kill -9` in the middle: what is stored afterwards is what would be without the kill.

A process is frozen before it is killed, and killed only where it is certainly in the
middle: outputs are out and inputs not committed, or inputs are committed and more is there.
"""

import random
import re
import signal
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from os import kill
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import TICKS
from signal_tracker import admin
from sinks.sqlite_queries import committed
from streams.tables import EPOCHS, TABLE_NAMES
from tests.e2e.by_hand import Offsets, Pipeline, behind
from tests.e2e.judged import csv_rows, differences, table_rows
from tests.e2e.processes import Processes, Running, marked, processes_in, wait_until
from tests.oracle.examples import days
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_intraday, random_market, random_signals, write_files

TICKERS = ("AAPL", "XOM", "BTC-USD", "^GSPC")
FIRST, LAST = "2006-01-03", "2007-12-31"
PARTS = 8
PARTS_OF_A_RUN = re.compile(r"signal_tracker (worker|sink)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A share of what is published: signals, closes and single ticks, in no order of time."""

    signals: Path
    closes: Path
    ticks: list[dict[str, Any]]

    def publish(self, *pipelines: Pipeline) -> None:
        for pipeline in pipelines:
            pipeline.publish("ticks", self.closes)
            pipeline.publish("signals", self.signals)
            pipeline.send_json(TICKS, self.ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """All parts, and what the oracle makes of them."""

    parts: list[Part]
    wanted: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    rng = random.Random(8)
    market = random_market(rng, TICKERS, FIRST, LAST)
    intraday = random_intraday(rng, "AAPL", days(FIRST, 400))
    signals = random_signals(rng, TICKERS, FIRST, LAST, 400)
    wanted = judge(signals, [*market, *intraday])
    rng.shuffle(market)
    parts = []
    for number in range(PARTS):
        folder = tmp_path_factory.mktemp("part")
        paths = write_files(folder, signals[number::PARTS], market[number::PARTS])
        parts.append(Part(signals=paths[0], closes=paths[1], ticks=intraday[number::PARTS]))
    return Feed(parts=parts, wanted=wanted)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with processes_in(tmp_path / "words") as started:
        yield started


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the workers of a test keep their rows."""
    monkeypatch.setenv("SIGNAL_TRACKER_STORE", request.param)


def total(offsets: Offsets) -> int:
    return sum(offsets.values())


def row_ends(pipeline: Pipeline) -> Offsets:
    names = [f"{pipeline.group}-{name}-changelog" for name in TABLE_NAMES if name != EPOCHS]
    return admin.end_offsets(pipeline.broker, names)


def times_ready(worker: Running) -> int:
    return worker.err.read_text(errors="replace").count("ready: judging")


def rows_by_id(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    return {row["signal_id"]: row for row in table_rows(pipeline.database)["signal_rows"]}


class Worker:
    """A worker that is killed and started again."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.running = pipeline.worker()
        self.kills = {"outputs out, inputs not committed": 0, "inputs committed, more to read": 0}

    def kill_before_its_commit(self, part: Part) -> None:
        """Kill when outputs that follow from the part are out; miss where all is committed."""
        told = total(self._pipeline.output_ends())
        part.publish(self._pipeline)
        wait_until("outputs", lambda: total(self._pipeline.output_ends()) > told, self.running)
        self.running.freeze()
        self._kill_in_the_middle("outputs out, inputs not committed")

    def kill_after_a_commit(self, part: Part, more: Part) -> None:
        """Kill when inputs of the part are committed; more comes while it stands still."""
        judged = total(self._pipeline.judged())
        part.publish(self._pipeline)
        wait_until("a commit", lambda: total(self._pipeline.judged()) > judged, self.running)
        self.running.freeze()
        more.publish(self._pipeline)
        self._kill_in_the_middle("inputs committed, more to read")

    def _kill_in_the_middle(self, kind: str) -> None:
        if not behind(self._pipeline.input_ends(), self._pipeline.judged()):
            self.running.thaw()
            return
        self.running.kill_9()
        self.kills[kind] += 1
        self.running = self._pipeline.worker()


@pytest.mark.usefixtures("store")
def test_rows_are_the_same_after_kills_of_the_worker(
    feed: Feed, processes: Processes, embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    calm = Pipeline(processes, embedded_broker, tmp_path / "calm", f"{topic_prefix}calm.")
    hurt = Pipeline(processes, embedded_broker, tmp_path / "hurt", f"{topic_prefix}hurt.")
    calm.create_topics()
    hurt.create_topics()
    others = [calm.worker(), calm.sqlite_sink(), hurt.sqlite_sink()]
    for part in feed.parts:
        part.publish(calm)
    worker = Worker(hurt)

    worker.kill_after_a_commit(feed.parts[0], feed.parts[1])
    for part in feed.parts[2:4]:
        worker.kill_before_its_commit(part)
    for part in feed.parts[4:]:
        part.publish(hurt)
    calm.wait_until_stored(*others)
    hurt.wait_until_stored(worker.running, *others)

    assert all(worker.kills.values()), worker.kills
    assert differences(rows_by_id(hurt), feed.wanted) == []
    assert table_rows(hurt.database) == table_rows(calm.database)


@pytest.mark.usefixtures("store")
def test_a_worker_that_wakes_up_after_its_partitions_moved_changes_nothing(
    feed: Feed, processes: Processes, embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    pipeline = Pipeline(processes, embedded_broker, tmp_path / "data", topic_prefix)
    pipeline.create_topics()
    sink, paused, other = pipeline.sqlite_sink(), pipeline.worker(), pipeline.worker()
    told = total(pipeline.output_ends())
    for part in feed.parts[:4]:
        part.publish(pipeline)
    wait_until("outputs", lambda: total(pipeline.output_ends()) > told, paused, other)
    paused.freeze()
    # more for its partitions: its session times out, and the other judges what it had in hand, too
    feed.parts[4].publish(pipeline)
    pipeline.wait_until_stored(other, sink)
    rows, ready = row_ends(pipeline), times_ready(paused)

    paused.thaw()
    wait_until("its return to the group", lambda: times_ready(paused) > ready, paused, other)
    assert row_ends(pipeline) == rows
    for part in feed.parts[5:]:
        part.publish(pipeline)
    pipeline.wait_until_stored(other, paused, sink)
    assert differences(rows_by_id(pipeline), feed.wanted) == []


@pytest.mark.usefixtures("store")
def test_a_standby_takes_over_from_a_worker_that_is_killed(
    feed: Feed, processes: Processes, embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    pipeline = Pipeline(processes, embedded_broker, tmp_path / "data", topic_prefix)
    pipeline.create_topics()
    sink = pipeline.sqlite_sink()
    first, second = (pipeline.worker("--standby", "1") for _ in range(2))
    for part in feed.parts[:3]:
        part.publish(pipeline)
    pipeline.wait_until_judged(first, second, sink)
    first.kill_9()
    for part in feed.parts[3:5]:
        part.publish(pipeline)
    pipeline.wait_until_judged(second, sink)
    third = pipeline.worker("--standby", "1")
    ready = times_ready(third)
    wait_until("a share for the third", lambda: times_ready(third) > ready, second, third)
    second.kill_9()
    for part in feed.parts[5:]:
        part.publish(pipeline)
    pipeline.wait_until_stored(third, sink)

    assert differences(rows_by_id(pipeline), feed.wanted) == []


def test_rows_are_the_same_after_kills_of_the_sqlite_sink(
    feed: Feed, processes: Processes, embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    calm = Pipeline(processes, embedded_broker, tmp_path / "calm", topic_prefix)
    hurt = Pipeline(processes, embedded_broker, tmp_path / "hurt", topic_prefix)
    calm.create_topics()
    others = [calm.worker(), calm.sqlite_sink()]
    sink = hurt.sqlite_sink()
    kills = 0
    for part, more in zip(feed.parts[::2], feed.parts[1::2], strict=True):
        stored = total(hurt.stored())
        part.publish(calm)
        wait_until(
            "rows of the part", lambda seen=stored: total(hurt.stored()) > seen, sink, *others
        )
        sink.freeze()
        # what follows from more comes while it stands still, so that it is not at the end
        more.publish(calm)
        wait_until("outputs of more", lambda: behind(hurt.output_ends(), hurt.stored()), *others)
        sink.kill_9()
        kills += 1
        sink = hurt.sqlite_sink()
    calm.wait_until_stored(*others)
    hurt.wait_until_stored(sink)

    assert kills == PARTS // 2
    assert differences(rows_by_id(hurt), feed.wanted) == []
    assert table_rows(hurt.database) == table_rows(calm.database)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of the run in /proc")
def test_a_replay_whose_worker_and_sink_are_killed_is_complete_all_the_same(
    processes: Processes, tmp_path: Path
) -> None:
    rng = random.Random(9)
    market = random_market(rng, TICKERS, FIRST, LAST)
    records = random_signals(rng, TICKERS, FIRST, LAST, 400)
    signals, ticks = write_files(tmp_path, records, market)
    out, mark = tmp_path / "out", uuid.uuid4().hex
    words = ["--signals", str(signals), "--ticks", str(ticks), "--out", str(out)]
    replay = processes.start("replay", *words, env={"MARK": mark})

    def stored() -> int:
        built = tmp_path.glob(".out.building-*/signals.db")
        return sum(total(committed(each)) for each in built)

    wait_until("first rows", stored, replay)
    victims = [pid for pid, words in marked(mark).items() if PARTS_OF_A_RUN.search(words)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        at_the_kill = stored()
        for victim in victims:
            kill(victim, number)
    assert replay.wait(within=90) == 0, str(replay)

    assert len(victims) == 2
    assert 0 < at_the_kill < total(committed(out / "signals.db"))
    assert differences(csv_rows(out), judge(records, market)) == []
