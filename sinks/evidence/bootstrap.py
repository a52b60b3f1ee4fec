"""PURE: intervals of means by the stationary bootstrap (Politis, Romano 1994).

The only randomness is the raw output of a bit generator that is seeded by the
shape of what is drawn: how many positions, how long a block. All series of one
shape share its draws, each turned round by what its own words say, so that a
thousand of them cost little more than one. Every step from the raw bits on is a
comparison, a sum or a product: one shape and one seed give the same interval on
every machine, with every numpy, alone or among others.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from schemas.identity import canonical_json
from sinks.evidence.figures import Interval
from sinks.evidence.moments import is_constant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 499
LEVEL = 0.95
# More draws than this share without any value: the mean of the rest would be another one.
_EMPTY_DRAWS = 0.05
# Shapes whose draws are remembered, and series that are drawn together: bounds of memory.
_SHAPES, _TOGETHER = 64, 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawable:
    """What is drawn: the sum and the count of the values at each position, in order of time.

    The first and the last position hold a value. `seed` says by how much the
    draws of the shape are turned round.
    """

    sums: Floats
    counts: Floats
    mean_block: float
    seed: str

    @property
    def shape(self) -> tuple[int, float]:
        """Return what the draws depend on."""
        return len(self.sums), self.mean_block


def stationary_interval(
    values: Sequence[float],
    positions: Sequence[int],
    mean_block: float,
    seed: str,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Interval:
    """Return the percentile interval of the mean of values that stand at positions in time.

    Blocks of positions are drawn, with their values: geometric in length, around
    the end back to the start.
    """
    sums, counts = _by_position(values, positions)
    held = Drawable(sums=sums, counts=counts, mean_block=mean_block, seed=seed)
    return stationary_intervals([held], draws=draws, level=level)[0]


def stationary_intervals(
    drawn: Sequence[Drawable], *, draws: int = DRAWS, level: float = LEVEL
) -> list[Interval]:
    """Return the interval of each, just as if it were alone."""
    found: dict[int, Interval] = {}
    shapes: defaultdict[tuple[int, float], list[int]] = defaultdict(list)
    for at, each in enumerate(drawn):
        if each.mean_block < 1:
            msg = f"expected a mean block of at least 1 position, was {each.mean_block!r}"
            raise ValueError(msg)
        if reason := _refusal(each):
            found[at] = Interval(low=None, high=None, level=level, reason=reason)
        else:
            shapes[each.shape].append(at)
    for _, held in sorted(shapes.items()):
        for first in range(0, len(held), _TOGETHER):
            some = held[first : first + _TOGETHER]
            intervals = _intervals([drawn[at] for at in some], draws, level)
            found.update(zip(some, intervals, strict=True))
    return [found[at] for at in range(len(drawn))]


def _intervals(drawn: Sequence[Drawable], draws: int, level: float) -> Iterable[Interval]:
    starts, ends = _blocks(*drawn[0].shape, draws)
    turns = [_turn(each) for each in drawn]
    total, count = (
        _block_sums([_turned(*each) for each in zip(parts, turns, strict=True)], starts, ends)
        for parts in ([each.sums for each in drawn], [each.counts for each in drawn])
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.sort(np.where(count > 0, total / count, math.inf), axis=1)
    there = np.count_nonzero(count > 0, axis=1).tolist()
    for row, held in zip(means, there, strict=True):
        yield _interval(row[:held].tolist(), draws, level)


def _interval(means: Sequence[float], draws: int, level: float) -> Interval:
    if draws - len(means) > _EMPTY_DRAWS * draws:
        return Interval(low=None, high=None, level=level, reason="too few positions hold a value")
    tail = (1 - level) / 2
    return Interval(
        low=_quantile(means, tail) + 0.0, high=_quantile(means, 1 - tail) + 0.0, level=level
    )


def _by_position(values: Sequence[float], positions: Sequence[int]) -> tuple[Floats, Floats]:
    cells = defaultdict(list)
    for value, position in zip(values, positions, strict=True):
        cells[position].append(value)
    first = min(cells, default=0)
    reach = max(cells) - first + 1 if cells else 0
    sums, counts = np.zeros(reach), np.zeros(reach)
    for position, held in cells.items():
        sums[position - first] = math.fsum(held)
        counts[position - first] = len(held)
    return sums, counts


def _refusal(drawn: Drawable) -> str | None:
    n, (reach, mean_block) = int(drawn.counts.sum()), drawn.shape
    if n <= 1:
        return f"expected at least 2 values, was {n}"
    if reach < 2 * mean_block:
        return f"expected at least {math.ceil(2 * mean_block)} positions, was {reach}"
    there = drawn.counts > 0
    means = (drawn.sums[there] / drawn.counts[there]).tolist()
    return "the values do not vary" if is_constant(means) else None


def _turn(drawn: Drawable) -> int:
    digest = hashlib.sha256(drawn.seed.encode()).digest()
    return int.from_bytes(digest[:8], "big") % len(drawn.sums)


def _turned(values: Floats, turn: int) -> Floats:
    return np.concatenate((values[turn:], values[:turn]))


@lru_cache(maxsize=_SHAPES)
def _blocks(reach: int, mean_block: float, draws: int) -> tuple[Ints, Ints]:
    """Return where the blocks of each draw start and end; a column a draw, each adding to `reach`.

    An end lies up to `reach` behind the last position: there the series begins again.
    """
    seed = canonical_json(["stationary bootstrap", reach, mean_block, draws])
    bits = np.random.PCG64(int.from_bytes(hashlib.sha256(seed).digest(), "big"))
    longer = np.cumprod(np.full(reach - 1, 1 - 1 / mean_block))[::-1]
    width = math.ceil(reach / mean_block) + 1
    starts, lengths = np.empty((0, draws), np.int64), np.empty((0, draws), np.int64)
    while True:
        chance = _uniform(bits, 2 * draws * width).reshape(2, width, draws)
        begun = (chance[0] * reach).astype(np.int64)
        # P(length > k) = (1 - 1/mean)^k, so that the length is 1 + how many of these are greater
        drawn = reach - np.searchsorted(longer, chance[1], side="right")
        starts, lengths = np.vstack((starts, begun)), np.vstack((lengths, drawn))
        upto = np.minimum(np.cumsum(lengths, axis=0), reach)
        if int(upto[-1].min()) == reach:
            kept = np.diff(upto, axis=0, prepend=0)
            used = int(np.count_nonzero(kept.any(axis=1)))
            return starts[:used], (starts + kept)[:used]


def _uniform(bits: np.random.PCG64, count: int) -> Floats:
    raw: npt.NDArray[np.uint64] = bits.random_raw(count)
    fractions: Floats = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return fractions


def _block_sums(series: Sequence[Floats], starts: Ints, ends: Ints) -> Floats:
    """Return the sum over each draw's blocks, one after the other; a row a series."""
    held = np.array(series).T
    upto = np.zeros((2 * len(held) + 1, held.shape[1]))
    np.cumsum(np.concatenate((held, held)), axis=0, out=upto[1:])
    found = np.zeros((starts.shape[1], held.shape[1]))
    for start, end in zip(starts, ends, strict=True):
        found += upto[end] - upto[start]
    return found.T


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value at the (n + 1) share-th place, between neighbours in proportion."""
    place = min(max((len(ordered) + 1) * share - 1, 0.0), len(ordered) - 1.0)
    at = min(int(place), len(ordered) - 2)
    return ordered[at] + (place - at) * (ordered[at + 1] - ordered[at])
