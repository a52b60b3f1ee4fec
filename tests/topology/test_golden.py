"""Golden events in, golden rows out; and what is golden is what the oracle says."""

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import publish
from tests.topology.golden import GOLDEN, TABLES, read_events, tables_of


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_golden_events_give_golden_rows(seed: int | None, tmp_path: Path) -> None:
    """In their own order, and in any; a worker that dies now and then is no matter."""
    deaths = () if seed is None else (9, 4, 30, 2)
    topology = Topology(Delivery(chunk=20, dies_after=deaths), seed or 0)
    publish(topology, read_events(), None if seed is None else random.Random(seed))

    topology.run()
    found = tables_of(materialise(topology.log, tmp_path, seed or 0))

    for name in TABLES:
        assert found[name] == golden(name), name


def test_the_golden_rows_are_those_of_the_oracle() -> None:
    rows = {row["signal_id"]: row for row in csv.DictReader(golden("signals.csv").splitlines())}
    judged = read_events().judged()

    assert rows.keys() == judged.keys()
    for signal_id, expected in judged.items():
        assert {name: like(value, rows[signal_id][name]) for name, value in expected.items()} == {
            name: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            for name, value in expected.items()
        }


def like(value: Any, text: str) -> Any:
    """The text as a value of the same type."""
    return None if text == "" else type(value)(text)


def test_the_golden_run_meets_every_fate() -> None:
    rows = list(csv.DictReader(golden("signals.csv").splitlines()))

    assert {row["status"] for row in rows} == {
        "awaiting_entry",
        "tracking",
        "passed",
        "failed",
        "cancelled",
    }
    assert {row["hit"] for row in rows} == {"", "hit", "miss"}
    assert golden("quarantined.csv").count("contested") == 2
    bars = list(csv.DictReader(golden("bars.csv").splitlines()))
    assert {(bar["revision"], bar["conflicting_close"]) for bar in bars} == {
        ("0", "0"),
        ("1", "0"),
        ("0", "1"),
    }
