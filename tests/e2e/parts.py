"""A market in parts that are published one after the other, and what the oracle says of it."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.by_hand import Pipeline
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals, write_files

FIRST, LAST = "2006-01-03", "2006-12-29"

Part = tuple[Path, Path]


def parts_of(
    folder: Path, tickers: Sequence[str], count: int, seed: int
) -> tuple[list[Part], dict[str, Any]]:
    """Write shares of a market's closes and signals, in no order; and what the oracle says."""
    rng = random.Random(seed)
    market = random_market(rng, tickers, FIRST, LAST)
    signals = random_signals(rng, tickers, FIRST, LAST, 200)
    wanted = judge(signals, market)
    rng.shuffle(market)
    parts = []
    for number in range(count):
        part = folder / f"part-{number}"
        part.mkdir()
        parts.append(write_files(part, signals[number::count], market[number::count]))
    return parts, wanted


def publish(pipeline: Pipeline, part: Part) -> None:
    """Publish the signals and the closes of a part."""
    pipeline.publish("signals", part[0])
    pipeline.publish("ticks", part[1])
