"""Whatever is published, in whatever form and order: the rows are those of the oracle."""

import random
from pathlib import Path

import pytest

from tests.topology.driver import Delivery, Topology, dead_letters, materialise
from tests.topology.events import assert_rows_are, publish, random_events, rows_of

# An empty part of a mixed batch stops the fold (tests/unit/streams/test_bars.py).


@pytest.mark.parametrize("intraday", [False, True], ids=["daily", "intraday"])
@pytest.mark.parametrize("seed", range(12))
def test_rows_are_those_of_the_oracle(seed: int, intraday: bool, tmp_path: Path) -> None:
    events = random_events(seed, intraday=intraday)
    topology = Topology(Delivery(partitions=1 + seed % 4, owners=1, chunk=30), seed)
    publish(topology, events, random.Random(seed), doubled=seed % 2 == 0)

    topology.run()

    assert dead_letters(topology.log) == 0
    assert_rows_are(rows_of(materialise(topology.log, tmp_path, seed)), events.judged())
