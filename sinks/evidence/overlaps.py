"""PURE: how much of their time signals share, over all pairs, in one pass over the sessions.

The weight of two signals, max(0, 1 - distance / horizon), is the share of windows of
that many sessions which hold both entries, among those which hold one. So the sum over
all pairs of the weight times both values is the sum over windows of the square of what
each holds, by the horizon. Where horizons differ, the longer of a pair counts: each
horizon's windows hold its own signals, beside those of shorter ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import truediv
from typing import NamedTuple

import numpy as np

from sinks.evidence.exact import PARTS, Floats, Ints, parts_of, rounded

# A horizon is below 2^20, in sessions or days.
_KEY_BITS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pile:
    """Outcomes by entry and horizon: how many, and the exact sum of hit - base rate.

    `squares` are the parts of the sum of all their squares.
    """

    entries: Ints
    horizons: Ints
    counts: Ints
    parts: Ints
    squares: Ints


class Shared(NamedTuple):
    """Sums over all pairs of their weight: alone, times both values, times both less the mean."""

    counts: float
    plain: float
    centred: float


def shared_times(piles: Sequence[Pile], means: Sequence[float]) -> list[Shared]:
    """Return what the pairs of each pile share, as if it were alone; none is empty."""
    if not piles:
        return []
    strips = _Strips(piles)
    own, shorter = strips.windows(strips.own), strips.windows(strips.shorter)
    middle = parts_of(np.array(means))[:, strips.pile_of_window]
    every = [own[1:], shorter[1:], own[1:] - middle * own[0], shorter[1:] - middle * shorter[0]]
    plain_own, plain_shorter, less_own, less_shorter = rounded(
        np.concatenate(every, axis=1)
    ).reshape(4, -1)
    counts = np.add.reduceat(own[0] * (own[0] + 2 * shorter[0]), strips.starts).tolist()
    plain = strips.summed(plain_own * (plain_own + 2 * plain_shorter))
    centred = strips.summed(less_own * (less_own + 2 * less_shorter))
    found: list[Shared] = []
    for first, last in pairwise(strips.firsts):
        lengths = strips.lengths[first:last]
        found.append(
            Shared(
                *(
                    math.fsum(map(truediv, sums[first:last], lengths))
                    for sums in (counts, plain, centred)
                )
            )
        )
    return found


class _Strips:
    """A strip of sessions for each horizon of each pile, one after the other.

    `own` holds the sums of the horizon's signals by session, `shorter` those of
    the shorter horizons. Those of pile i are from `firsts[i]` on, up to `firsts[i + 1]`.
    """

    def __init__(self, piles: Sequence[Pile]) -> None:
        pile = np.repeat(np.arange(len(piles)), [len(each.entries) for each in piles])
        entries = np.concatenate([each.entries for each in piles])
        held = np.concatenate([np.vstack((each.counts, each.parts)) for each in piles], axis=1)
        begins = np.cumsum([0, *(len(each.entries) for each in piles)])[:-1]
        first = np.minimum.reduceat(entries, begins)
        reach = np.maximum.reduceat(entries, begins) - first + 1
        horizons = np.concatenate([each.horizons for each in piles])
        keys, strip = np.unique((pile << _KEY_BITS) + horizons, return_inverse=True)
        of, length = keys >> _KEY_BITS, keys & ((1 << _KEY_BITS) - 1)
        self.lengths: list[int] = length.tolist()
        self.firsts: list[int] = np.searchsorted(of, np.arange(len(piles) + 1)).tolist()
        sizes = reach[of] + 1
        self._base = np.cumsum(sizes) - sizes
        place = entries - first[pile] + 1
        self.own = np.zeros((PARTS + 1, int(sizes.sum())), dtype=np.int64)
        self.shorter = np.zeros_like(self.own)
        _add(self.own, self._base[strip] + place, held)
        ends = np.array(self.firsts)[1:][pile]
        for further in range(1, int(np.diff(self.firsts).max())):
            some = np.flatnonzero(strip + further < ends)
            _add(self.shorter, self._base[strip[some] + further] + place[some], held[:, some])
        self._windows(reach[of], length)
        self.pile_of_window = np.repeat(of, reach[of] + length - 1)

    def _windows(self, reach: Ints, length: Ints) -> None:
        """Find where each window begins and ends: of the last `length` sessions up to one."""
        sizes = reach + length - 1
        self.starts = np.cumsum(sizes) - sizes
        strip = np.repeat(np.arange(len(sizes)), sizes)
        last = np.arange(len(strip)) - self.starts[strip] + 1
        self._ends = self._base[strip] + np.minimum(last, reach[strip])
        self._begins = self._base[strip] + np.maximum(last - length[strip], 0)

    def windows(self, held: Ints) -> Ints:
        """Return the sums over each window of each strip."""
        # Differences of whole numbers are exact, whatever other strips hold before.
        upto = np.cumsum(held, axis=1)
        sums: Ints = upto[:, self._ends] - upto[:, self._begins]
        return sums

    def summed(self, values: Floats) -> list[float]:
        """Return the sum over the windows of each strip."""
        held, starts = values.tolist(), self.starts.tolist()
        return [math.fsum(held[at:end]) for at, end in pairwise([*starts, len(held)])]


def _add(strips: Ints, places: Ints, held: Ints) -> None:
    for row, values in zip(strips, held, strict=True):
        np.add.at(row, places, values)
