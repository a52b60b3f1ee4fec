"""Run a target on many inputs, and say what was found.

What an input does is told by the words of its refusal: one that is refused in a new way
joins those that further ones are made of.
"""

import hashlib
import resource
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from random import Random
from typing import TypeAlias

from tests.fuzz.mutation import Mutate, pick

CORPUS = Path(__file__).parent / "corpus"
MAX_POOL = 2_000
MAX_FOUND = 20
_MB = 1024

# What became of an input, in few words; raises where it should not.
Judge: TypeAlias = Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that reads bytes of others.

    The bounds are of an input of at most 20 kB: far above what any takes, far below what a
    forged length could.
    """

    name: str
    judge: Judge
    mutate: Mutate
    max_cpu_s: float = 1.0
    max_growth_mb: int = 128

    def corpus(self) -> list[bytes]:
        """Return the inputs that are kept, in the order of their names."""
        return [path.read_bytes() for path in sorted((CORPUS / self.name).iterdir())]


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run came to; `found` are failures, one of each kind, with the input."""

    name: str
    inputs: int = 0
    taken: int = 0
    ways: int = 0
    cpu_s: float = 0.0
    slowest_s: float = 0.0
    peak_kb: int = 0
    found: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def line(self) -> str:
        """Return the report in one line."""
        return (
            f"{self.name}: inputs={self.inputs} taken={self.taken} ways={self.ways} "
            f"failures={len(self.found)} cpu={self.cpu_s:.0f}s "
            f"slowest={1000 * self.slowest_s:.0f}ms peak={self.peak_kb // _MB}MB"
        )


def run(
    target: Target, inputs: int, seed: int, *, bounded: bool = True, seconds: float = inf
) -> Report:
    """Judge so many inputs, in at most so many seconds of CPU time.

    With `bounded`, one that takes too long or too much is a failure.
    """
    report = Report(name=target.name)
    ways: set[str] = set()
    pool = target.corpus()
    # the first ones load what all others share
    first = len(pool)
    began = time.process_time()
    for value in _inputs(target, pool, inputs, seed):
        started, held = time.process_time(), _peak_kb()
        try:
            way = target.judge(value)
        except Exception as error:
            _keep(report, *_kind(error), value)
            way = ""
        spent = time.process_time() - started
        report.inputs += 1
        report.taken += way.startswith("taken")
        if report.inputs > first:
            report.slowest_s = max(report.slowest_s, spent)
        if bounded and report.inputs > first and spent > target.max_cpu_s:
            _keep(report, "slow", f"took {spent:.1f} s", value)
        if bounded and report.inputs > first and (_peak_kb() - held) // _MB > target.max_growth_mb:
            _keep(report, "large", f"grew by {(_peak_kb() - held) // _MB} MB", value)
        if way and way not in ways:
            ways.add(way)
            if len(pool) < MAX_POOL:
                pool.append(value)
        if len(report.found) >= MAX_FOUND or started - began > seconds:
            break
    report.ways = len(ways)
    report.cpu_s = time.process_time() - began
    report.peak_kb = _peak_kb()
    return report


def _inputs(target: Target, pool: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    rng = Random(f"{seed} {target.name}")
    kept = list(pool)
    yield from kept[:count]
    for _ in range(count - len(kept)):
        yield target.mutate(rng, pick(rng, pool), pick(rng, pool))


def _keep(report: Report, kind: str, told: str, value: bytes) -> None:
    report.found.setdefault(kind, (told, value))


def _kind(error: Exception) -> tuple[str, str]:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    places = " < ".join(f"{Path(each.filename).name}:{each.lineno}" for each in frames[:-5:-1])
    return f"{type(error).__name__} at {places}", f"{error!s:.200}"


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def save(report: Report, folder: Path) -> Iterator[str]:
    """Write the inputs that failed; yield a line for each."""
    for kind, (told, value) in report.found.items():
        name = f"{report.name}-{hashlib.sha256(value).hexdigest()[:12]}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(value)
        yield f"{report.name}: {kind}: {told!r}: {folder / name} ({len(value)} bytes)"
