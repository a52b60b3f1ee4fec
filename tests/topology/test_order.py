"""The files depend on the set of what was published, and on nothing of how it came."""

import json
import random
from pathlib import Path

import pytest

from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, publish, random_events

# An empty part of a mixed batch stops the fold (tests/unit/streams/test_bars.py).

FILES = ("signals.csv", "llm_performance.txt", "llm_signal_tracking.json")


def bytes_of(folder: Path) -> dict[str, bytes | str]:
    """The report files; of the summary all but its `as_of` object."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    del summary["as_of"]
    return {
        **{name: (folder / name).read_bytes() for name in FILES},
        "summary.json": json.dumps(summary, indent=2),
    }


def plainly(events: Events, folder: Path) -> dict[str, bytes | str]:
    topology = Topology(Delivery(chunk=1_000_000))
    publish(topology, events)
    topology.run()
    return bytes_of(materialise(topology.log, folder))


@pytest.fixture(scope="module", params=[True, False], ids=["intraday", "daily"])
def events(request: pytest.FixtureRequest) -> Events:
    return random_events(1001, intraday=request.param)


def test_twice_the_same_gives_the_same_bytes(events: Events, tmp_path: Path) -> None:
    first, second = plainly(events, tmp_path / "a"), plainly(events, tmp_path / "b")

    assert first == second
    assert first["signals.csv"].count(b"\n") > 30
    summary = [(tmp_path / name / "summary.json").read_bytes() for name in "ab"]
    assert summary[0] == summary[1]


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(partitions=1, owners=1, chunk=7),
        Delivery(partitions=8, owners=1, chunk=200),
        Delivery(partitions=8, owners=2, chunk=30),
        Delivery(partitions=8, owners=4, chunk=1),
        Delivery(partitions=3, owners=2, chunk=1_000_000),
    ],
    ids=lambda each: f"{each.partitions}-{each.owners}-{each.chunk}",
)
def test_shuffled_doubled_and_spread_gives_the_same_bytes(
    events: Events, delivery: Delivery, tmp_path: Path
) -> None:
    expected = plainly(events, tmp_path / "plain")
    seed = delivery.chunk
    topology = Topology(delivery, seed)

    publish(topology, events, random.Random(seed), doubled=True)
    topology.run()
    found = bytes_of(materialise(topology.log, tmp_path / "spread", seed))

    assert found == expected


def test_it_is_no_matter_whether_all_was_there_at_once(events: Events, tmp_path: Path) -> None:
    """Each part is processed to its end before the next is published, by new workers."""
    expected = plainly(events, tmp_path / "plain")
    rng = random.Random(5)
    topology = Topology(Delivery(partitions=4, owners=2), 5)

    for at in range(4):
        part = Events(
            signals=events.signals[at::4],
            ticks=events.ticks[3 - at :: 4],
            actions=events.actions[at::4],
            decisions=events.decisions[at::4],
        )
        publish(topology, part, rng)
        topology.run()

    assert bytes_of(materialise(topology.log, tmp_path / "parts", 5)) == expected
