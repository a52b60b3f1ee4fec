"""PURE: whether confidence means what it says: Brier (1950), Murphy (1973), reliability bins.

All figures rest on sums by bin, which are exact: they can be added and taken away
in any order (`sinks.evidence.exact`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sinks.evidence.cohort import BrierParts, ReliabilityBin
from sinks.evidence.exact import PARTS, Floats, Ints, mean_of, parts_of
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.rates import rate

BINS = 10
_EDGES = [at / BINS for at in range(BINS + 1)]

# For the rest of the decomposition a confidence is a whole number of 2^-57, in three digits of
# 19 bits, so that sums of the products of ten million are exact.
_GRID, _DIGIT = 57, 19
_DIGITS = (1 << _DIGIT) - 1
# Columns: n, hits, error x3, confidence x3, digits x3, digits of hits x3, squares x5.
_ERROR, _CLAIMED, _SUM, _OF_HITS, _SQUARES = (slice(at, at + 3) for at in (2, 5, 8, 11, 14))
COLUMNS = 19


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """The sums of ten bins of equal width; a row a bin, columns as `bin_columns` makes them.

    `claimed` is the mean confidence of each, 0 of an empty one.
    """

    sums: list[list[int]]
    claimed: list[float]

    @property
    def n(self) -> int:
        """Return the number of outcomes."""
        return sum(each[0] for each in self.sums)

    @property
    def hits(self) -> int:
        """Return how many of them are hits."""
        return sum(each[1] for each in self.sums)


def bin_columns(confidence: Floats, hits: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the bin of each outcome, and what it adds to the sums of its bin: a row a column."""
    wrong = np.flatnonzero(~((confidence >= 0) & (confidence <= 1)))
    if wrong.size:
        msg = f"expected a confidence from 0 to 1, was {confidence[wrong[0]].item()!r}"
        raise ValueError(msg)
    found = np.empty((COLUMNS, len(confidence)), dtype=np.int64)
    hit = hits.astype(np.int64)
    found[0], found[1] = 1, hit
    apart = confidence - hit
    found[_ERROR], found[_CLAIMED] = parts_of(apart * apart), parts_of(confidence)
    at_grid = np.rint(confidence * 2.0**_GRID).astype(np.int64)
    high, middle, low = at_grid >> 2 * _DIGIT, (at_grid >> _DIGIT) & _DIGITS, at_grid & _DIGITS
    found[_SUM] = high, middle, low
    found[_OF_HITS] = found[_SUM] * hit
    found[_SQUARES.start :] = (
        high * high, 2 * high * middle, 2 * high * low + middle * middle, 2 * middle * low,
        low * low,
    )  # fmt: skip
    # The last bin holds 1.0, too.
    bins = np.searchsorted(_EDGES, confidence, side="right") - 1
    return np.minimum(bins, BINS - 1), found


def bins_of(confidence: Sequence[float], hits: Sequence[bool]) -> Bins:
    """Return the sums of single outcomes."""
    if len(confidence) != len(hits):
        msg = f"expected {len(confidence)} outcomes, was {len(hits)}"
        raise ValueError(msg)
    at, columns = bin_columns(
        np.asarray(confidence, dtype=np.float64), np.asarray(hits, dtype=np.bool_)
    )
    sums = np.zeros((BINS, COLUMNS), dtype=np.int64)
    np.add.at(sums, at, columns.T)
    return binned(sums)


def binned(sums: Ints) -> Bins:
    """Return bins by their sums."""
    rows: list[list[int]] = sums.tolist()
    means = [mean_of(each[_CLAIMED], each[0]) if each[0] else 0.0 for each in rows]
    return Bins(sums=rows, claimed=means)


def reliability(bins: Bins) -> tuple[ReliabilityBin, ...]:
    """Return ten bins, also the empty ones."""
    found = []
    for at, (sums, claimed) in enumerate(zip(bins.sums, bins.claimed, strict=True)):
        low, high = _EDGES[at : at + 2]
        found.append(
            ReliabilityBin(
                low=low,
                high=high,
                mean_confidence=claimed if sums[0] else None,
                hit_rate=rate(sums[1], sums[0]),
            )
        )
    return tuple(found)


def brier_score(bins: Bins) -> Figure:
    """Return the mean of (confidence - hit)^2.

    >>> brier_score(bins_of([0.5, 0.5], [True, False])).value
    0.25
    """
    n = bins.n
    if not n:
        return undefined("no outcome")
    parts = [sum(each[_ERROR][at] for each in bins.sums) for at in range(PARTS)]
    return known(mean_of(parts, n))


def brier_parts(bins: Bins) -> BrierParts | None:
    """Return Murphy's parts over the bins, whose sum is the Brier score; None of none."""
    n = bins.n
    if not n:
        return None
    base = bins.hits / n
    miss, gain, rest = [], [], []
    for sums, claimed in zip(bins.sums, bins.claimed, strict=True):
        size, hits = sums[:2]
        if not size:
            continue
        came = hits / size
        miss.append(size * (claimed - came) ** 2)
        gain.append(size * (came - base) ** 2)
        rest.append(_rest(sums))
    return BrierParts(
        reliability=math.fsum(miss) / n,
        resolution=math.fsum(gain) / n,
        uncertainty=base * (1 - base),
        rest=math.fsum(rest) / n + 0.0,
    )


def calibration_error(bins: Bins) -> Figure:
    """Return the expected calibration error: |hit rate - mean confidence| over the bins."""
    if not bins.n:
        return undefined("no outcome")
    misses = [
        each[0] * abs(each[1] / each[0] - claimed)
        for each, claimed in zip(bins.sums, bins.claimed, strict=True)
        if each[0]
    ]
    return known(math.fsum(misses) / bins.n)


def _rest(sums: Sequence[int]) -> float:
    """Return the sum over a bin of apart^2 - 2 apart (hit - hit rate); apart from its mean."""
    n, hits = sums[:2]
    claimed, of_hits = _number(sums[_SUM]), _number(sums[_OF_HITS])
    spread = n * _number(sums[_SQUARES.start :]) - claimed * claimed
    shared = n * of_hits - hits * claimed
    return (spread - (shared << (_GRID + 1))) / (n << (2 * _GRID))


def _number(digits: Sequence[int]) -> int:
    found = 0
    for each in digits:
        found = (found << _DIGIT) + each
    return found
