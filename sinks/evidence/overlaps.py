"""PURE: how much of their time signals share, over all pairs, in one pass over the sessions.

The weight of two signals, max(0, 1 - distance / horizon), is the share of windows of
that many sessions which hold both entries, among those which hold one. So the sum over
all pairs of the weight times both values is the sum over windows of the square of what
each holds, by the horizon. Where horizons differ, the longer of a pair counts: each
horizon's windows hold its own signals, beside those of shorter ones.
"""

import math
from dataclasses import dataclass

import numpy as np

from sinks.evidence.exact import PARTS, Floats, Ints, parts_of, rounded


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaps:
    """What the windows of each horizon hold: counts and parts of sums, exactly.

    `own` are the signals of the horizon, `shorter` those of shorter ones; the
    windows of the horizon `lengths[i]` lie from `starts[i]` on.
    """

    lengths: list[int]
    starts: list[int]
    own: Ints
    shorter: Ints

    def of_counts(self) -> float:
        """Return the sum over all pairs of their weight."""
        shared = self.own[0] * (self.own[0] + 2 * self.shorter[0])
        sums = np.add.reduceat(shared, self.starts).tolist()
        return math.fsum(each / length for each, length in zip(sums, self.lengths, strict=True))

    def of_sums(self, middle: float) -> tuple[float, float]:
        """Return the sum over all pairs of their weight times both values, as they are.

        And, second, of both values less `middle`.
        """
        each = parts_of(np.array([middle]))
        less = [held[1:] - each * held[0] for held in (self.own, self.shorter)]
        every = np.concatenate((self.own[1:], self.shorter[1:], *less), axis=1)
        own, shorter, own_less, shorter_less = rounded(every).reshape(4, -1)
        return self._shared(own, shorter), self._shared(own_less, shorter_less)

    def _shared(self, own: Floats, shorter: Floats) -> float:
        shared = (own * (own + 2 * shorter)).tolist()
        ends = [*self.starts[1:], len(shared)]
        return math.fsum(
            math.fsum(shared[start:end]) / length
            for start, end, length in zip(self.starts, ends, self.lengths, strict=True)
        )


def overlaps_of(pile: Pile) -> Overlaps:
    """Return the windows of a pile that is not empty."""
    lengths = np.unique(pile.horizons).tolist()
    held = np.concatenate((pile.counts[None], pile.parts))
    first = int(pile.entries.min())
    at, reach = pile.entries - first, int(pile.entries.max()) - first + 1
    own, shorter, starts = [], [], [0]
    for length in lengths:
        here = pile.horizons == length
        own.append(_windows(held[:, here], at[here], reach, length))
        less = pile.horizons < length
        shorter.append(_windows(held[:, less], at[less], reach, length))
        starts.append(starts[-1] + reach + length - 1)
    return Overlaps(
        lengths=lengths,
        starts=starts[:-1],
        own=np.concatenate(own, axis=1),
        shorter=np.concatenate(shorter, axis=1),
    )


def _windows(held: Ints, at: Ints, reach: int, length: int) -> Ints:
    """Return the sums over each window that holds a session: of the last `length` up to it."""
    if not len(at):
        return np.zeros((PARTS + 1, reach + length - 1), dtype=np.int64)
    upto = np.zeros((PARTS + 1, reach + 1), dtype=np.int64)
    for row, values in zip(upto, held, strict=True):
        np.add.at(row[1:], at, values)
    np.cumsum(upto, axis=1, out=upto)
    last = np.arange(reach + length - 1)
    sums: Ints = upto[:, np.minimum(last + 1, reach)] - upto[:, np.maximum(last + 1 - length, 0)]
    return sums
