"""PURE: an interval of a mean by the stationary bootstrap (Politis, Romano 1994).

The only randomness is the raw output of a bit generator that the caller's words
seed; every step from there is a comparison, a sum or a product, so that one seed
gives the same interval on every machine and with every numpy.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sinks.evidence.figures import Interval
from sinks.evidence.moments import is_constant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# More draws than this share without any value: the mean of the rest would be another one.
_EMPTY_DRAWS = 0.05


def stationary_interval(
    values: Sequence[float],
    positions: Sequence[int],
    mean_block: float,
    seed: str,
    *,
    draws: int = 499,
    level: float = 0.95,
) -> Interval:
    """Return the percentile interval of the mean of values that stand at positions in time.

    Blocks of positions are drawn, with their values: geometric in length, around
    the end back to the start.
    """
    if mean_block < 1:
        msg = f"expected a mean block of at least 1 position, was {mean_block!r}"
        raise ValueError(msg)
    sums, counts = _by_position(values, positions)
    if reason := _refusal(values, len(sums), mean_block):
        return Interval(low=None, high=None, level=level, reason=reason)
    starts, lengths = _blocks(len(sums), mean_block, seed, draws)
    total, count = _block_sums(sums, starts, lengths), _block_sums(counts, starts, lengths)
    means = sorted((total[count > 0] / count[count > 0]).tolist())
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


def _refusal(values: Sequence[float], reach: int, mean_block: float) -> str | None:
    if len(values) <= 1:
        return f"expected at least 2 values, was {len(values)}"
    if reach < 2 * mean_block:
        return f"expected at least {math.ceil(2 * mean_block)} positions, was {reach}"
    return "the values do not vary" if is_constant(values) else None


def _blocks(reach: int, mean_block: float, seed: str, draws: int) -> tuple[Ints, Ints]:
    """Return start and length of each draw's blocks; a row a draw, each adding up to `reach`."""
    bits = np.random.PCG64(int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big"))
    longer = np.cumprod(np.full(reach - 1, 1 - 1 / mean_block))[::-1]
    width = math.ceil(reach / mean_block) + 1
    starts, lengths = np.empty((draws, 0), np.int64), np.empty((draws, 0), np.int64)
    while True:
        chance = _uniform(bits, 2 * draws * width).reshape(2, draws, width)
        begun = (chance[0] * reach).astype(np.int64)
        # P(length > k) = (1 - 1/mean)^k, so that the length is 1 + how many of these are greater
        drawn = reach - np.searchsorted(longer, chance[1], side="right")
        starts, lengths = np.hstack((starts, begun)), np.hstack((lengths, drawn))
        ends = np.minimum(np.cumsum(lengths, axis=1), reach)
        if int(ends[:, -1].min()) == reach:
            return starts, np.diff(ends, axis=1, prepend=0)


def _uniform(bits: np.random.PCG64, count: int) -> Floats:
    raw: npt.NDArray[np.uint64] = bits.random_raw(count)
    fractions: Floats = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return fractions


def _block_sums(values: Floats, starts: Ints, lengths: Ints) -> Floats:
    """Return the sum over each draw's blocks, one after the other."""
    upto = np.concatenate(([0.0], np.cumsum(np.concatenate((values, values)))))
    found: Floats = np.cumsum(upto[starts + lengths] - upto[starts], axis=1)[:, -1]
    return found


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value at the (n + 1) share-th place, between neighbours in proportion."""
    place = min(max((len(ordered) + 1) * share - 1, 0.0), len(ordered) - 1.0)
    at = min(int(place), len(ordered) - 2)
    return ordered[at] + (place - at) * (ordered[at + 1] - ordered[at])
