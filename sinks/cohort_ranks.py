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
    """Pairs whose claims and returns are numbered in order, for several ways to group them."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self._claims = _numbered(pairs.claimed)
        self._returns = [_numbered(row) for row in pairs.came]

    def agreements(self, group: Ints, groups: int) -> list[list[Agreement]]:
        """Return, by horizon, the agreement of each group; a pair below 0 is in none."""
        found, ranks = [], np.zeros(len(group), dtype=np.int64)
        before, squares = None, ranks
        for came, returns in zip(self.pairs.came, self._returns, strict=True):
            rows = np.flatnonzero(~np.isnan(came) & (group >= 0))
            of = group[rows]
            if before is None or not np.array_equal(rows, before):
                claims = _ranked(of, rows, self._claims)
                ranks[claims.rows] = claims.ranks
                squares, before = claims.by_group(claims.ranks * claims.ranks, groups), rows
            ranked = _ranked(of, rows, returns)
            numbers = zip(
                np.bincount(of, minlength=groups).tolist(),
                ranked.by_group(ranked.ranks * ranks[ranked.rows], groups).tolist(),
                squares.tolist(),
                ranked.by_group(ranked.ranks * ranked.ranks, groups).tolist(),
                strict=True,
            )
            found.append([(correlation(n, *sums), n) for n, *sums in numbers])
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ranked:
    """Pairs by group and value in order: their places, and twice their centred ranks."""

    rows: Ints
    ranks: Ints
    groups: Ints
    starts: Ints

    def by_group(self, values: Ints, groups: int) -> Ints:
        """Return the sums over each group."""
        found = np.zeros(groups, dtype=np.int64)
        if len(self.starts):
            found[self.groups] = np.add.reduceat(values, self.starts)
        return found


def _numbered(values: Floats) -> Ints:
    """Return the place of each value among all different ones in order."""
    order = np.argsort(values)
    held = values[order]
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.cumsum(np.concatenate(([False], held[1:] != held[:-1]))[: len(held)])
    return found


def _ranked(group: Ints, rows: Ints, numbers: Ints) -> _Ranked:
    """Return some pairs, each of its group, ranked by their numbers."""
    # Group, number and place in one whole number: sorting those moves nothing else about.
    row_bits, number_bits = len(numbers).bit_length(), len(numbers).bit_length()
    keys = np.sort((((group << number_bits) + numbers[rows]) << row_bits) + rows)
    order = keys & ((1 << row_bits) - 1)
    keys >>= row_bits
    starts = _run_starts(keys)
    of = keys[starts] >> number_bits
    ends = np.append(starts[1:], len(keys))
    group_starts = _run_starts(of)
    first = starts[group_starts]
    last = np.append(first[1:], len(keys))
    ties = np.diff(np.append(group_starts, len(of)))
    # Those before it less those behind it, of its group.
    twice = starts + ends - np.repeat(first + last, ties)
    return _Ranked(
        rows=order, ranks=np.repeat(twice, ends - starts), groups=of[group_starts], starts=first
    )


def _run_starts(ordered: Ints) -> Ints:
    changes = ordered[1:] != ordered[:-1]
    return np.flatnonzero(np.concatenate(([True], changes))[: len(ordered)])
