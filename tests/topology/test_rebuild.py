"""A database made of topics that have forgotten observations has them all the same."""

from pathlib import Path

import pytest

from schemas.topics import INBOUND, OBSERVATIONS, OUTBOUND
from signal_tracker.filling import fill
from sinks.snapshot import DATABASE
from sinks.sqlite import SqliteSink
from tests.topology import desk
from tests.topology.audited import Audited, HeldLog, ends_of
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import publish, random_events
from tests.topology.log import Log
from tests.topology.runs import start, tables_of


@pytest.fixture(scope="module")
def topology() -> Topology:
    found = start([desk.POLICY], Delivery(partitions=2, chunk=1000))
    publish(found, desk.desk(desk.market()))
    publish(found, random_events(8, intraday=True))
    found.run()
    return found


@pytest.mark.parametrize("part", [0.5, 1.0], ids=["half of them", "all"])
def test_forgotten_observations_are_computed_again(
    part: float, topology: Topology, tmp_path: Path
) -> None:
    whole = materialise(topology.log, tmp_path / "whole")
    gone = {
        (OBSERVATIONS.name, each): int(part * len(topology.log.entries[OBSERVATIONS.name, each]))
        for each in range(2)
    }
    left = Log(entries=topology.log.entries.copy())
    for tp, count in gone.items():
        left.entries[tp] = left.entries[tp][count:]
    forgetful = materialise(left, tmp_path / "left")
    missed = [each for each in Audited(topology, forgetful).found if each.table == "observations"]
    assert len(missed) > 100

    sink = SqliteSink(forgetful / DATABASE)
    sink.open()
    ends = ends_of(topology, INBOUND + OUTBOUND)
    filled = fill(sink, HeldLog(topology.log, 2, gone), ends)
    again = fill(sink, HeldLog(topology.log, 2, gone), ends)
    sink.close()

    assert (filled, again) == (len(missed), 0)
    assert Audited(topology, forgetful).told == []
    assert tables_of(forgetful) == tables_of(whole)


def test_topics_that_have_forgotten_nothing_are_not_computed_again(
    topology: Topology, tmp_path: Path
) -> None:
    sink = SqliteSink(materialise(topology.log, tmp_path) / DATABASE)
    sink.open()

    assert fill(sink, HeldLog(topology.log, 2), ends_of(topology, INBOUND + OUTBOUND)) == 0
    sink.close()
