"""A set of events through the topology into a folder, and what to compare of the folder."""

import csv
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from schemas.policy import Policy, PolicyVersions
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import reading
from streams.domain.tracker import Rules
from tests.topology.driver import Delivery, Topology, dead_letters, materialise
from tests.topology.events import Events, publish
from tests.unit.streams.fold import BOOK, RULES

AT_ONCE = Delivery(chunk=1_000_000)
# All that follows from the set of what was published; events and offsets tell how it came.
TABLES = {
    "llm_signals": "signal_id", "signal_observations": "signal_id, session",
    "bars": "ticker, session", "transitions": "signal_id, position",
    "decisions": "signal_id, decision_id", "quarantined": "signal_id, payload_hash",
    "policies": "policy_hash", "paper_positions": "signal_id", "paper_trades": "signal_id",
    "paper_equity": "close_ms",
}  # fmt: skip


def start(policies: Sequence[Policy], delivery: Delivery = AT_ONCE, seed: int = 0) -> Topology:
    """A cluster whose workers judge by these versions of a policy."""
    versions = PolicyVersions(versions=tuple(policies))
    rules = Rules(calendar_of=BOOK, policies=versions, lateness_ms=RULES.lateness_ms)
    return Topology(delivery, seed, rules)


def run(
    parts: Iterable[Events],
    policies: Sequence[Policy],
    folder: Path,
    delivery: Delivery = AT_ONCE,
    seed: int | None = None,
    *,
    doubled: bool = False,
) -> Path:
    """Each part is worked off before the next is published; with a seed in any order and form."""
    topology = start(policies, delivery, seed or 0)
    for each in parts:
        rng = None if seed is None else random.Random(seed)
        publish(topology, each, rng, doubled=doubled)
        topology.run()
    assert dead_letters(topology.log) == 0
    return materialise(topology.log, folder, seed or 0)


def bytes_of(folder: Path) -> dict[str, bytes | str]:
    """Every report file; of the summary all but its `as_of` object."""
    found: dict[str, bytes | str] = {
        each.name: each.read_bytes() for each in folder.iterdir() if DATABASE not in each.name
    }
    summary = json.loads(found["summary.json"])
    del summary["as_of"]
    return {**found, "summary.json": json.dumps(summary, indent=2)}


def tables_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of the projection; which life of a worker wrote it is no matter."""
    found = {}
    with reading(folder / DATABASE) as connection:
        for name, key in TABLES.items():
            cursor = connection.execute(f"SELECT * FROM {name} ORDER BY {key}")
            columns = [each[0] for each in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor]
            found[name] = [{k: v for k, v in row.items() if k != "epoch"} for row in rows]
    return found


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def select(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer of the database."""
    with reading(folder / DATABASE) as connection:
        return connection.execute(sql).fetchall()
