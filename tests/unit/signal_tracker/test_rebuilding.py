"""When a rebuild has read enough, what it carries over, and what it says instead."""

from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from schemas.topics import DEAD_LETTERS, VALIDATION_EVENTS, Topic, partition_of
from signal_tracker import admin
from signal_tracker.errors import RunError, TrackerError
from signal_tracker.kafka_log import KafkaLog
from signal_tracker.rebuilding import (
    Order,
    UntilEnds,
    _aside,
    _dropped,
    _forgotten,
    _say_or_refuse,
)
from sinks.sink import Batch, Position
from sinks.snapshot import DATABASE
from sinks.sqlite import SqliteSink
from sinks.sqlite_rebuild import Kept

ORDER = Order(broker="h:1", prefix="", path=Path(DATABASE))


class OldLog:
    """Topics whose partition 1 has forgotten its first records."""

    prefix = ""
    partitions = 2

    def beginning(self, topic: Topic, partition: int) -> int:
        return partition if topic in (DEAD_LETTERS, VALIDATION_EVENTS) else 0


def forgotten(monkeypatch: pytest.MonkeyPatch, topic_id: str = "a1") -> Any:
    monkeypatch.setattr(admin, "topic_ids", lambda _broker, names: dict.fromkeys(names, topic_id))
    return _forgotten(cast(KafkaLog, OldLog()), ORDER)


def test_what_a_partition_has_forgotten_goes_on_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_forgotten = forgotten(monkeypatch)
    letters = [{"topic": "ticks", "partition": each} for each in (0, 1, 2)]
    assert [is_forgotten("dead_letters", each) for each in letters] == [False, True, False]
    assert is_forgotten("dead_letters", {"topic": "bars", "partition": 0}), "the sink's own"
    events = {partition_of(each, 2): {"ticker": each} for each in ("AAPL", "MSFT", "IBM", "XOM")}
    assert [is_forgotten("validation_events", events[each]) for each in (0, 1)] == [False, True]


def test_of_a_journals_broker_all_that_was_told_before_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_forgotten = forgotten(monkeypatch, "signal-tracker-journal-5f-3/a1")

    assert is_forgotten("validation_events", {"ticker": "AAPL"})
    assert is_forgotten("dead_letters", {"topic": "ticks", "partition": 0})


def test_it_is_done_when_every_partition_is_read_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    ends = {("bars", 0): 3, ("bars", 1): 0, ("policies", 0): 1}
    sink = UntilEnds(SqliteSink(tmp_path / DATABASE), ends, steps.append)
    sink.open()

    def reach(**offsets: int) -> bool:
        positions = {(t, 0): Position(next_offset=n, topic_id="a") for t, n in offsets.items()}
        sink.write(Batch(positions=positions))
        return sink.is_done()

    assert [reach(bars=2), reach(policies=1), reach(bars=3)] == [False, False, True]
    assert steps == [2, 1, 1]
    assert sink.positions()["bars", 0].next_offset == 3
    silent = UntilEnds(SqliteSink(tmp_path / DATABASE), ends, steps.append)
    monkeypatch.setattr("signal_tracker.rebuilding._SILENCE_S", -1.0)
    with pytest.raises(RunError, match=r"nothing came of bars\[0\] and 1 more"):
        silent.is_done()
    sink.close()


def test_rows_that_would_be_lost_are_named_with_an_example() -> None:
    kept = Kept(dropped=Counter(bars=2), examples={"bars": ("GHOST", "2024-01-02")})

    told = _dropped(Path("signals.db"), kept)

    assert told.startswith("signals.db holds rows that these topics never did: bars 2 ")
    assert "(as GHOST 2024-01-02)" in told


def test_without_force_trouble_ends_it_and_with_force_it_is_said() -> None:
    said: list[str] = []
    with pytest.raises(TrackerError, match="x; --force"):
        _say_or_refuse("x", ORDER, said.append)
    _say_or_refuse(None, ORDER, said.append)
    _say_or_refuse("x", Order(broker="h:1", prefix="", path=ORDER.path, force=True), said.append)

    assert said == ["x: its rows are not carried over"]


def test_an_old_file_never_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    names = []
    for _ in range(3):
        aside = _aside(path)
        aside.touch()
        names.append(aside.name)

    assert names == ["signals.db.old", "signals.db.old-2", "signals.db.old-3"]
