"""The whole chain, in any order, beside one batch computation over all that was published."""

import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.oracle.batch import Batch, compute
from tests.topology.batch_compare import assert_is_batch
from tests.topology.batch_events import Scenario, parts_of, random_scenario
from tests.topology.batch_evidence import account_of, cohorts_of, ready_signals, world_of
from tests.topology.driver import Delivery
from tests.topology.runs import bytes_of, run, tables_of

SEEDS = range(8)
DELIVERIES = (
    Delivery(partitions=8, owners=2, chunk=30),
    Delivery(partitions=3, owners=1, chunk=7),
    Delivery(partitions=1, owners=1, chunk=300),
    Delivery(partitions=4, owners=2, chunk=60, dies_after=(3, 8, 1, 13, 0, 30, 2)),
)


@cache
def scenario_of(seed: int) -> tuple[Scenario, Batch]:
    scenario = random_scenario(seed, signals=60)
    events = scenario.events
    tables = events.signals, events.ticks, events.actions, events.decisions
    return scenario, compute(*tables, scenario.policies)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_cohorts_and_account_are_those_of_one_batch_computation(
    seed: int, tmp_path: Path
) -> None:
    """And the same to the last byte in any order, doubled, in parts, over any partitions."""
    scenario, batch = scenario_of(seed)
    rng = random.Random(seed)
    plain = run([scenario.events], scenario.policies, tmp_path / "plain")

    assert_is_batch(plain, batch)

    parts = parts_of(rng, scenario.events, 1 + seed % 4)
    delivery, doubled = DELIVERIES[seed % len(DELIVERIES)], seed % 2 == 0
    spread = run(parts, scenario.policies, tmp_path / "any", delivery, seed, doubled=doubled)

    assert bytes_of(spread) == bytes_of(plain)
    assert tables_of(spread) == tables_of(plain)


def test_the_scenarios_meet_every_fate() -> None:
    met: Counter[str] = Counter()
    for seed in SEEDS:
        _, batch = scenario_of(seed)
        rows = batch.rows.values()
        cohorts = cohorts_of(world_of(batch))
        account = account_of(batch)
        met.update(row["status"] for row in rows)
        met.update(f"{row['screen_status']} screen" for row in rows)
        met.update(f"{row['data_class']} evidence" for row in rows)
        met["suspect"] += sum(bool(row["suspect_sessions"]) for row in rows)
        met["refused"] += sum(not each for row in rows for each in row["applied"].values())
        met["quarantined"] += len(batch.quarantined)
        met["tested"] += sum(row["q_value"] is not None for row in cohorts.values())
        met["ready cohort"] += sum(bool(row["ready"]) for row in cohorts.values())
        met["ready"] += len(ready_signals(batch, cohorts))
        met["trade"] += len(account.trades)
        met["rejected order"] += len(account.rejected)

    wanted = (
        "awaiting_entry", "tracking", "passed", "failed", "staged", "paper", "promoted",
        "rejected", "archived", "cancelled", "passed screen", "failed screen",
        "insufficient screen", "live evidence", "replay evidence", "synthetic evidence",
        "fallback evidence", "backdated evidence", "suspect", "refused", "quarantined", "tested",
        "ready cohort", "ready", "trade", "rejected order",
    )  # fmt: skip
    assert {name for name in wanted if not met[name]} == set()
