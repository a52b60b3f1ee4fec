"""Worlds with crashes and pauses at random points, judged and compared with the oracle.

`python -m tests.topology.simulate --seeds 1000` runs many, a process a core; its last line
counts them. No broker and no clock: a seed gives the same world, faults and rows again.
"""

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import differing, publish, random_events, rows_of

FAULTS = 30
_BATCHES = (0, 1, 2, 3, 5, 8, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a world came to: faults survived, and rows that are not as they should be."""

    seed: int
    crashes: int
    sleeps: int
    rows: int
    differences: list[str]


def simulate(
    seed: int, folder: Path, *, naps: float = 0.0, leased: bool = True, durable: bool = True
) -> Simulated:
    """Judge a random world whose workers die, or sleep with the chance `naps`, again and again."""
    rng = random.Random(seed)
    events = random_events(seed, intraday=rng.random() < 0.5)
    faults = tuple(
        -max(batches, 1) if rng.random() < naps else batches
        for batches in rng.choices(_BATCHES, k=FAULTS)
    )
    delivery = Delivery(
        partitions=4, owners=2, chunk=40, dies_after=faults, leased=leased, durable=durable
    )
    topology = Topology(delivery, seed)
    publish(topology, events, rng, doubled=rng.random() < 0.3)
    topology.run()
    rows = rows_of(materialise(topology.log, folder, seed))
    return Simulated(
        seed=seed,
        crashes=topology.crashes,
        sleeps=topology.sleeps,
        rows=len(rows),
        differences=differing(rows, events.judged()),
    )


def _one(seed: int) -> Simulated:
    with tempfile.TemporaryDirectory() as folder:
        return simulate(seed, Path(folder), naps=0.5)


def _all(first: int, count: int, jobs: int) -> Iterator[Simulated]:
    with ProcessPoolExecutor(jobs) as pool:
        seeds = range(first, first + count)
        for each in as_completed([pool.submit(_one, seed) for seed in seeds]):
            yield each.result()


def main() -> int:
    """Simulate many worlds; return 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    crashes = sleeps = rows = wrong = 0
    for done, each in enumerate(_all(asked.first, asked.seeds, asked.jobs), start=1):
        crashes, sleeps, rows = crashes + each.crashes, sleeps + each.sleeps, rows + each.rows
        wrong += bool(each.differences)
        for line in each.differences[:3]:
            print(f"seed {each.seed}: {line}")
        if sys.stderr.isatty() or done % 50 == 0:
            print(f"{done} of {asked.seeds} worlds", file=sys.stderr)
    print(f"worlds={asked.seeds} crashes={crashes} pauses={sleeps} rows={rows} wrong={wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
