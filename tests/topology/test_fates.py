"""Splits, cancels, rivals and restatements, told before, at and after what they change."""

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.codec import decode
from schemas.records import DeadLetter
from schemas.topics import partition_of
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import reading
from tests.oracle.examples import DAY_MS, JAN_02_CLOSE_MS, closes, signal
from tests.topology.driver import Delivery, Topology, dead_letters, materialise
from tests.topology.events import Events, assert_rows_are, publish, rows_of

SPLIT = {"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2}
HALVED = closes([100.0, 102.0, 52.0, 53.0, 54.0, 55.0, 56.0])
CANCEL = {"decision_id": "d", "signal_id": "one", "ticker": "AAPL", "kind": "cancel"}


def in_turn(parts: Sequence[Events], folder: Path, partitions: int = 1) -> dict[str, Any]:
    """The rows after each part was processed to its end before the next was published."""
    topology = Topology(Delivery(partitions=partitions))
    for part in parts:
        publish(topology, part)
        topology.run()
    assert dead_letters(topology.log) == 0
    return rows_of(materialise(topology.log, folder))


def judged(parts: Sequence[Events]) -> dict[str, Any]:
    whole = Events()
    for part in parts:
        for (_, into), (_, rows) in zip(whole.by_topic(), part.by_topic(), strict=True):
            into.extend(rows)
    return whole.judged()


def in_every_order(parts: Sequence[Events], folder: Path, partitions: int = 1) -> dict[str, Any]:
    expected = judged(parts)
    for at, order in enumerate(permutations(parts)):
        assert_rows_are(in_turn(order, folder / str(at), partitions), expected)
    return expected


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("action", ["BUY", "SELL", "HOLD"])
def test_a_split_may_be_announced_at_any_time(action: str, horizon: int, tmp_path: Path) -> None:
    parts = (
        Events(signals=[signal(action=action, horizon_sessions=horizon)]),
        Events(ticks=HALVED[:2]),
        Events(ticks=HALVED[2:]),
        Events(actions=[SPLIT]),
    )

    rows = in_every_order(parts, tmp_path)

    assert abs(rows["one"]["raw_return"]) < 0.15


@pytest.mark.parametrize("ex_date", ["2024-01-02", "2024-01-03", "2024-01-06", "2024-02-01"])
def test_a_split_of_any_date_is_corrected_and_withdrawn(ex_date: str, tmp_path: Path) -> None:
    split = {**SPLIT, "ex_date": ex_date}
    parts = (
        Events(signals=[signal(horizon_sessions=5)], ticks=HALVED),
        Events(actions=[split]),
        Events(actions=[{**split, "ratio": 3, "revision": 1}]),
        Events(actions=[{**split, "ratio": 1, "revision": 2}]),
    )

    in_every_order(parts, tmp_path)


@pytest.mark.parametrize("after_ms", [-2, -1, 0, 1])
def test_a_cancel_counts_from_the_signal_to_before_the_entry(after_ms: int, tmp_path: Path) -> None:
    """The signal was generated a millisecond before the close of its entry session."""
    parts = (
        Events(signals=[signal()]),
        Events(ticks=closes([100.0])),
        Events(ticks=closes([100.0, 101.0])[1:]),
        Events(decisions=[{**CANCEL, "decided_at_ms": JAN_02_CLOSE_MS + after_ms}]),
    )

    rows = in_every_order(parts, tmp_path)

    assert rows["one"]["status"] == ("cancelled" if after_ms == -1 else "tracking")


def test_a_cancel_can_be_taken_back_by_a_lesser_decision(tmp_path: Path) -> None:
    parts = (
        Events(signals=[signal()], ticks=closes([100.0, 101.0])),
        Events(decisions=[{**CANCEL, "decided_at_ms": JAN_02_CLOSE_MS - 1}]),
        Events(decisions=[{**CANCEL, "decided_at_ms": JAN_02_CLOSE_MS - 2}]),
    )

    rows = in_every_order(parts, tmp_path)

    assert (rows["one"]["status"], rows["one"]["observations"]) == ("tracking", 1)


def test_an_earlier_session_that_comes_late_undoes_a_cancel(tmp_path: Path) -> None:
    """The entry moves before the decision."""
    ticks = closes([100.0, 101.0, 102.0])
    parts = (
        Events(signals=[signal()]),
        Events(ticks=ticks[1:]),
        Events(decisions=[{**CANCEL, "decided_at_ms": JAN_02_CLOSE_MS + 1}]),
        Events(ticks=ticks[:1]),
    )

    rows = in_every_order(parts, tmp_path)

    assert (rows["one"]["status"], rows["one"]["entry_session"]) == ("tracking", "2024-01-02")


@pytest.mark.parametrize("tickers", [("AAPL", "AAPL", "AAPL"), ("AAPL", "BTC-USD", "XOM")])
@pytest.mark.parametrize("same_time", [True, False])
def test_of_several_payloads_with_one_id_the_least_holds_it(
    tickers: tuple[str, str, str], same_time: bool, tmp_path: Path
) -> None:
    ticks = [row for each in set(tickers) for row in closes([100.0, 110.0, 90.0], ticker=each)]
    rivals = [
        signal(
            ticker=ticker,
            horizon_sessions=at + 1,
            generated_at_ms=JAN_02_CLOSE_MS - (1 if same_time else 9 - at),
        )
        for at, ticker in enumerate(tickers)
    ]
    parts = (Events(ticks=ticks), *(Events(signals=[each]) for each in rivals))

    rows = in_every_order(parts, tmp_path, partitions=8)

    assert rows.keys() == {"one"}
    with reading(tmp_path / "0" / DATABASE) as connection:
        lost = connection.execute("SELECT signal_id, ticker FROM quarantined").fetchall()
    assert [signal_id for signal_id, _ in lost] == ["one", "one"]


def test_a_restated_session_moves_what_rests_on_it(tmp_path: Path) -> None:
    ticks = closes([100.0, 101.0, 102.0])
    parts = (
        Events(signals=[signal(horizon_sessions=2)], ticks=ticks),
        Events(ticks=[{**ticks[0], "price": 50.0, "revision": 1}]),
        Events(ticks=[{**ticks[2], "price": 103.0}, {**ticks[2], "price": 80.0, "final": False}]),
        Events(ticks=[{**ticks[1], "price": 99.0, "revision": 2}]),
    )

    rows = in_every_order(parts, tmp_path)

    assert rows["one"]["raw_return"] == pytest.approx(1.06)


def test_a_session_that_comes_late_shifts_the_window(tmp_path: Path) -> None:
    """The last observations fall out of it, whatever was told of them before."""
    ticks = closes([100.0 + at for at in range(40)])
    parts = (
        Events(signals=[signal(horizon_sessions=3)]),
        Events(ticks=ticks[:2] + ticks[3:]),
        Events(ticks=[ticks[2]]),
    )

    rows = in_every_order(parts, tmp_path)

    with reading(tmp_path / "0" / DATABASE) as connection:
        [(count, last)] = connection.execute(
            "SELECT count(*), max(session) FROM signal_observations"
        )
    assert (count, last) == (30, ticks[30]["session"])
    assert rows["one"]["raw_return"] == pytest.approx(0.03)


def test_bad_records_are_dead_letters_and_stop_nothing(tmp_path: Path) -> None:
    topology = Topology(Delivery(partitions=2))
    home = partition_of("AAPL", 2)
    bad = [
        (topics.SIGNALS, b"\xc3\x01garbage!!"),
        (topics.SIGNALS, b"{not json"),
        (topics.SIGNALS, orjson.dumps({**signal(), "confidence": 1.5})),
        (topics.SIGNALS, orjson.dumps({**signal(), "action": "MAYBE"})),
        (topics.SIGNALS, json.dumps({"action": "BUY"}).encode()),
        (topics.SIGNALS, b"{" + b" " * 2_000_000),
        (topics.TICKS, orjson.dumps([{**closes([1.0])[0], "price": -1}, *closes([100.0])])),
        (topics.TICKS, b'{"ticker": "AAPL", "price": NaN, "session": "2024-01-02"}'),
        (topics.TICKS, orjson.dumps({**closes([1.0])[0], "session": "9999-01-04"})),
        (topics.DECISIONS, b""),
        (topics.CORPORATE_ACTIONS, b"nonsense"),
    ]
    for topic, value in bad:
        topology.publish(topic, home, value, timestamp=5)
    publish(topology, Events(signals=[signal()], ticks=closes([100.0, 101.0])))

    topology.run()
    folder = materialise(topology.log, tmp_path)

    letters = [decode(each.value or b"") for each in topology.log.of(topics.DEAD_LETTERS.name)]
    assert len(letters) == len(bad)
    assert all(isinstance(each, DeadLetter) and each.message for each in letters)
    with reading(folder / DATABASE) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM dead_letters")
    assert count == len(bad)
    assert rows_of(folder)["one"]["observations"] == 1


def test_a_record_on_a_foreign_partition_is_moved_with_its_time_and_counts_once(
    tmp_path: Path,
) -> None:
    topology = Topology(Delivery(partitions=8, owners=2))
    home = partition_of("AAPL", 8)
    topology.publish(topics.SIGNALS, (home + 1) % 8, orjson.dumps(signal()), timestamp=1234)
    for row in closes([100.0, 101.0]):
        topology.publish(topics.TICKS, (home + 3) % 8, orjson.dumps(row), timestamp=DAY_MS)

    topology.run()

    [moved] = topology.log.entries[topics.SIGNALS.name, home]
    assert (moved.timestamp, moved.key) == (1234, b"AAPL")
    assert {e.timestamp for e in topology.log.entries[topics.TICKS.name, home]} == {DAY_MS}
    assert rows_of(materialise(topology.log, tmp_path))["one"]["observations"] == 1
    outputs = {tp[1] for tp, e in topology.log.entries.items() if e and tp[0] == "signal-states"}
    assert outputs == {home}
