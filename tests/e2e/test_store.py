"""A worker with rows on disk: what it finds there at its next start, and what it does not."""

import random
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signal_tracker import admin
from sinks.sqlite_queries import committed
from streams.app import changelogs
from streams.shelf import Shelf
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import differences, table_rows
from tests.e2e.processes import PATIENCE_S, Processes, Running, processes_in, wait_until
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals, write_files

TICKERS = ("AAPL", "XOM", "BTC-USD", "^GSPC")
FIRST, LAST = "2006-01-03", "2006-12-29"
PARTS = 4
WORDS = ("--store", "rocksdb")


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with processes_in(tmp_path / "words") as started:
        yield started


class Story:
    """A pipeline that is given a part after the other, and what it has to come to."""

    def __init__(self, processes: Processes, broker: str, prefix: str, folder: Path) -> None:
        rng = random.Random(12)
        market = random_market(rng, TICKERS, FIRST, LAST)
        signals = random_signals(rng, TICKERS, FIRST, LAST, 200)
        self.wanted = judge(signals, market)
        rng.shuffle(market)
        self.pipeline = Pipeline(processes, broker, folder / "data", prefix)
        self.pipeline.create_topics()
        self._parts = []
        for number in range(PARTS):
            room = folder / f"part-{number}"
            room.mkdir()
            self._parts.append(write_files(room, signals[number::PARTS], market[number::PARTS]))
        self.sink = self.pipeline.sqlite_sink()

    @property
    def rows(self) -> Path:
        return self.pipeline.data / "state" / self.pipeline.group / "worker-1" / "rows"

    def worker(self, *words: str) -> Running:
        return self.pipeline.worker(*WORDS, *words)

    def publish(self, *numbers: int) -> None:
        for number in numbers:
            signals, ticks = self._parts[number]
            self.pipeline.publish("ticks", ticks)
            self.pipeline.publish("signals", signals)

    def assert_judged(self, *watched: Running) -> None:
        self.pipeline.wait_until_stored(*watched, self.sink)
        found = table_rows(self.pipeline.database)["signal_rows"]
        by_id: dict[str, dict[str, Any]] = {row["signal_id"]: row for row in found}
        assert differences(by_id, self.wanted) == []
        assert committed(self.pipeline.database)

    def changelog_ends(self) -> dict[tuple[str, int], int]:
        names = {name: table for table, name in changelogs(self.pipeline.group).items()}
        ends = admin.end_offsets(self.pipeline.broker, names)
        return {(names[name], partition): end for (name, partition), end in ends.items() if end}


@pytest.fixture
def story(processes: Processes, embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Story:
    return Story(processes, embedded_broker, topic_prefix, tmp_path)


def test_a_worker_that_starts_again_finds_all_of_its_changelogs_on_its_disk(story: Story) -> None:
    first = story.worker()
    story.publish(0, 1)
    story.pipeline.wait_until_judged(first)
    assert first.end() == 0

    with Shelf(story.rows) as shelf:
        read = {place: at + 1 for place, at in shelf.offsets().items()}
    assert read == story.changelog_ends()

    second = story.worker()
    story.publish(2, 3)
    story.assert_judged(second)
    assert "recovering" not in second.err.read_text()


@pytest.mark.parametrize("harm", ["nothing", "all is gone", "the last writes are torn", "damage"])
def test_rows_are_the_same_whatever_a_kill_leaves_on_the_disk(story: Story, harm: str) -> None:
    told = sum(story.pipeline.output_ends().values())
    first = story.worker()
    story.publish(0, 1, 2)
    wait_until(
        "outputs", lambda: sum(story.pipeline.output_ends().values()) > told, first, story.sink
    )
    first.kill_9()
    if harm == "all is gone":
        shutil.rmtree(story.pipeline.data / "state")
    elif harm == "the last writes are torn":
        for log in story.rows.glob("*.log"):
            log.write_bytes(log.read_bytes()[: -log.stat().st_size // 3])
    elif harm == "damage":
        (story.rows / "CURRENT").write_text("nothing\n")

    second = story.worker()
    story.publish(3)
    story.assert_judged(second)
    assert ("recovering" in second.err.read_text()) == (harm == "damage")


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of another process's files")
def test_a_full_disk_ends_the_worker_in_one_line_and_loses_nothing(story: Story) -> None:
    first = story.worker()
    story.publish(0)
    story.pipeline.wait_until_judged(first)

    # What makes its log of writes longer fails, as on a full disk; its own words go on.
    size = max(each.stat().st_size for each in story.rows.glob("*.log"))
    assert size > first.err.stat().st_size + 10_000
    resource.prlimit(first.process.pid, resource.RLIMIT_FSIZE, (size, size))
    story.publish(1)

    assert first.wait(PATIENCE_S) == 1, str(first)
    said = first.err.read_text()
    assert "File too large" in said.splitlines()[-1]
    assert "Traceback" not in said
    second = story.worker()
    story.publish(2, 3)
    story.assert_judged(second)


def test_a_partition_that_was_elsewhere_is_read_on_from_where_it_was(story: Story) -> None:
    state, aside = story.pipeline.data / "state", story.pipeline.data / "aside"
    first = story.worker()
    story.publish(0)
    story.pipeline.wait_until_judged(first)
    first.kill_9()
    state.rename(aside)
    second = story.worker()
    story.publish(1)
    story.pipeline.wait_until_judged(second)
    second.kill_9()
    shutil.rmtree(state)
    aside.rename(state)

    third = story.worker()
    story.publish(2, 3)

    story.assert_judged(third)
    assert "recovering" not in third.err.read_text()


def test_workers_on_one_machine_have_folders_of_their_own(story: Story) -> None:
    both = [story.worker(), story.worker()]
    story.publish(*range(PARTS))

    story.assert_judged(*both)
    assert sorted(each.name for each in story.rows.parents[1].iterdir()) == [
        "worker-1",
        "worker-2",
    ]


def test_rows_of_other_topics_are_not_used(story: Story) -> None:
    first = story.worker()
    story.publish(0)
    story.pipeline.wait_until_judged(first)
    assert first.end() == 0
    with Shelf(story.rows) as shelf:
        shelf.note_sources({table: "other" for table in shelf.sources})

    second = story.worker()
    story.publish(1, 2, 3)

    story.assert_judged(second)
    assert "are of other topics; recovering from the changelogs" in second.err.read_text()
