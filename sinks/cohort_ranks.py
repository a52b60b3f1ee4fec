"""PURE: information coefficients of many groups at once: Spearman of claim and raw return.

A group's coefficient is exact whatever the order of its signals, since centred ranks
are whole numbers; so it is that of `evidence.ranks.spearman`, to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sinks.cohort_members import IC_HORIZONS, Members
from sinks.evidence.figures import Figure
from sinks.evidence.ranks import correlation
from sinks.prices import Floats, Ints

# Numbers below this are sorted by their digits, in one pass.
_SMALL = 1 << 16
OWN = len(IC_HORIZONS)
# A coefficient and how many signals it rests on.
Agreement = tuple[Figure, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Matured BUY and SELL signals that have an entry: what they claimed, and what came.

    Those of ticker i are from `rows_of[i]` on, up to `rows_of[i + 1]`.
    `came` has a row for each of `IC_HORIZONS`, and a last one for the signal's own
    horizon; NaN while it is open.
    """

    rows_of: Ints
    claim: Ints
    ticker: Ints
    claimed: Floats
    came: Floats

    def only(self, at: int) -> "Pairs":
        """Return those of one ticker."""
        first, last = self.rows_of[at : at + 2].tolist()
        return Pairs(
            rows_of=np.array([0, last - first]),
            claim=self.claim[first:last],
            ticker=self.ticker[first:last],
            claimed=self.claimed[first:last],
            came=self.came[:, first:last],
        )


def pairs_of(members: Members) -> Pairs:
    """Return the pairs of these signals."""
    at = np.flatnonzero(members.matured & (members.direction != 0) & (members.position >= 0))
    position, end = members.position[at], members.end[at]
    came = [members.bars.returns(position, end, horizon) for horizon in IC_HORIZONS]
    came.append(members.bars.returns(position, end, members.horizon[at]))
    return Pairs(
        rows_of=np.searchsorted(at, members.rows_of),
        claim=members.claim[at],
        ticker=members.ticker[at],
        claimed=members.claimed()[at],
        came=np.array(came),
    )


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return the pairs of several."""
    sizes = [len(each.claim) for each in parts]
    return Pairs(
        rows_of=np.cumsum([0, *sizes]),
        claim=np.concatenate([each.claim for each in parts]),
        ticker=np.concatenate([each.ticker for each in parts]),
        claimed=np.concatenate([each.claimed for each in parts]),
        came=np.concatenate([each.came for each in parts], axis=1),
    )


class Ranking:
    """Pairs in the order of their claims and of their returns, for several ways to group them."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self._by_claim = np.argsort(pairs.claimed)
        self._by_return = [np.argsort(row) for row in pairs.came]

    def agreements(self, group: Ints, groups: int) -> list[list[Agreement]]:
        """Return, by horizon, the agreement of each group; a pair below 0 is in none."""
        found, before = [], None
        ranks, squares = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        for came, order in zip(self.pairs.came, self._by_return, strict=True):
            there = ~np.isnan(came) & (group >= 0)
            if before is None or not np.array_equal(there, before):
                by_claim = self._by_claim[there[self._by_claim]]
                ranks, squares = _ranks(group, groups, self.pairs.claimed, by_claim)
                before = there
            by_return = order[there[order]]
            found.append(self._agreed(group, groups, (ranks, squares), came, by_return))
        return found

    def _agreed(
        self, group: Ints, groups: int, claims: tuple[Ints, Ints], came: Floats, by_return: Ints
    ) -> list[Agreement]:
        ranks, squares = _ranks(group, groups, came, by_return)
        shared = np.zeros(groups, dtype=np.int64)
        np.add.at(shared, group[by_return], ranks[by_return] * claims[0][by_return])
        counts = np.bincount(group[by_return], minlength=groups)
        numbers = zip(
            counts.tolist(), shared.tolist(), claims[1].tolist(), squares.tolist(), strict=True
        )
        return [(correlation(n, both, left, right), n) for n, both, left, right in numbers]


def _ranks(group: Ints, groups: int, values: Floats, order: Ints) -> tuple[Ints, Ints]:
    """Return twice the centred rank of each pair in its group, and the sum of squares by group.

    `order` are the pairs that are ranked, by their values.
    """
    of = group[order]
    inner = np.argsort(of.astype(np.uint16) if groups < _SMALL else of, kind="stable")
    order, of = order[inner], of[inner]
    held = values[order]
    starts = np.flatnonzero(
        np.concatenate(([True], (held[1:] != held[:-1]) | (of[1:] != of[:-1])))[: len(of)]
    )
    ends = np.append(starts[1:], len(of))
    counts = np.bincount(of, minlength=groups)
    last = np.cumsum(counts)
    own = of[starts]
    # Those before it less those behind it, of its group.
    twice = starts + ends - (2 * last - counts)[own]
    ranks = np.zeros(len(group), dtype=np.int64)
    ranks[order] = np.repeat(twice, ends - starts)
    squares = np.zeros(groups, dtype=np.int64)
    np.add.at(squares, own, twice * twice * (ends - starts))
    return ranks, squares
