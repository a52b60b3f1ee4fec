"""A worker that dies after any number of delivered batches, and its successor, give the same rows.

The successor has what the changelog holds and reads on from what was committed.
"""

import random
from pathlib import Path

import pytest

from schemas import topics
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import reading
from tests.oracle.examples import JAN_02_CLOSE_MS, closes, signal
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, assert_rows_are, publish, random_events, rows_of
from tests.topology.simulate import simulate

# An empty part of a mixed batch stops the fold (tests/unit/streams/test_bars.py).

SMALL = Events(
    signals=[
        signal(signal_id="b", horizon_sessions=2),
        signal(signal_id="s", action="SELL", horizon_sessions=1),
        signal(signal_id="h", action="HOLD"),
        signal(signal_id="b", horizon_sessions=3, generated_at_ms=JAN_02_CLOSE_MS + 1),
    ],
    ticks=closes([100.0, 104.0, 51.0, 53.0, 50.0]),
    actions=[{"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2}],
    decisions=[
        {
            "decision_id": "d",
            "signal_id": "h",
            "ticker": "AAPL",
            "kind": "cancel",
            "decided_at_ms": JAN_02_CLOSE_MS - 1,
        }
    ],
)


def test_a_crash_after_any_number_of_batches_changes_nothing(tmp_path: Path) -> None:
    expected, n, crashes = SMALL.judged(), 0, 1

    while crashes:
        topology = Topology(Delivery(chunk=2, dies_after=(n,)), seed=n)
        publish(topology, SMALL, random.Random(n))
        topology.run()
        crashes = topology.crashes

        assert_rows_are(rows_of(materialise(topology.log, tmp_path / str(n), n)), expected)
        n += 1

    assert n > 15


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_split_that_a_crash_forgot_stays_in_no_bar_that_it_left(
    seed: int, tmp_path: Path
) -> None:
    """It was told with the bar of 01-04; then the bar of its own day comes before it does again."""
    ticks = closes([100.0, 50.0, 50.0, 51.0])
    split = {"ticker": "AAPL", "ex_date": "2024-01-03", "kind": "split", "ratio": 2.0}
    for n in range(5):
        topology = Topology(Delivery(chunk=1), seed=seed)
        publish(topology, Events(ticks=[ticks[0], *ticks[2:]]))
        topology.run()
        topology.dies_after(n)
        publish(topology, Events(ticks=ticks[1:2], actions=[split]))
        topology.run()

        with reading(materialise(topology.log, tmp_path / str(n), seed) / DATABASE) as connection:
            bars = connection.execute("SELECT session, split_ratio FROM bars ORDER BY session")
            ratios = dict(bars.fetchall())
        assert ratios == {each["session"]: 1.0 for each in ticks} | {"2024-01-03": 2.0}


@pytest.mark.parametrize("intraday", [False, True], ids=["daily", "intraday"])
@pytest.mark.parametrize("seed", range(2000, 2006))
def test_many_crashes_change_nothing(seed: int, intraday: bool, tmp_path: Path) -> None:
    rng = random.Random(seed)
    events = random_events(seed, intraday=intraday)
    dies_after = tuple(rng.choice((0, 1, 2, 3, 5, 8, 13)) for _ in range(30))
    delivery = Delivery(partitions=4, owners=2, chunk=40, dies_after=dies_after)
    topology = Topology(delivery, seed)
    publish(topology, events, rng)

    topology.run()

    assert topology.crashes > 10
    assert_rows_are(rows_of(materialise(topology.log, tmp_path, seed)), events.judged())


@pytest.mark.parametrize("seed", range(3000, 3004))
def test_workers_that_sleep_until_their_partitions_have_moved_change_nothing(
    seed: int, tmp_path: Path
) -> None:
    found = simulate(seed, tmp_path, naps=1.0)

    assert found.sleeps > 10
    assert found.differences == []


def test_the_simulation_sees_what_a_worker_without_a_lease_loses(tmp_path: Path) -> None:
    assert simulate(3000, tmp_path, naps=1.0, leased=False).differences


def test_the_simulation_sees_what_a_commit_before_its_effects_loses(tmp_path: Path) -> None:
    assert simulate(2000, tmp_path, durable=False).differences


def test_nothing_is_committed_that_is_not_durable() -> None:
    """Without a broker to write to, a worker reads and commits nothing."""
    topology = Topology(Delivery(dies_after=(0,)), seed=3)
    publish(topology, SMALL)
    committed_at_crashes: list[dict[tuple[str, int], int]] = []
    bury = topology._bury

    async def note() -> None:
        committed_at_crashes.append(dict(topology.committed))
        await bury()

    topology._bury = note
    topology.run()

    assert committed_at_crashes == [{}]
    assert topology.committed[topics.TICKS.name, 0] == len(SMALL.ticks)


def test_a_restart_alone_tells_nothing_again() -> None:
    topology = Topology(Delivery(), seed=4)
    publish(topology, SMALL)
    topology.run()
    before = {tp: len(entries) for tp, entries in topology.log.entries.items()}

    topology.run()

    assert {tp: len(entries) for tp, entries in topology.log.entries.items()} == before
