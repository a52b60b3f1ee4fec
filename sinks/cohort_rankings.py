"""PURE: the information coefficients of cohorts, models and all, ranked again where they change."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from sinks.cohort_ranks import Agreement, Pairs, Ranking, joined
from sinks.evidence.cohort import CohortKey
from sinks.prices import Ints

Level = Mapping[CohortKey, Sequence[int]]


class Rankings:
    """The pairs of all tickers, and the agreements of the groups that they were asked for."""

    def __init__(self) -> None:
        self._held: dict[str, Pairs] = {}
        self._found: dict[CohortKey, list[Agreement]] = {}
        self._changed: set[int] = set()

    def replace(self, ticker: str, pairs: Pairs) -> None:
        """Put these pairs in the place of those of a ticker."""
        before = self._held.get(ticker)
        changed = pairs.claim if before is None else _changed(before, pairs)
        self._changed.update(np.unique(changed).tolist())
        self._held[ticker] = pairs

    def of(self, levels: Sequence[Level]) -> dict[CohortKey, list[Agreement]]:
        """Return the agreements of all groups, ranked again where a pair has changed.

        A level holds groups by key, each by its claims; no claim is in two of a level.
        """
        again = [
            {key: claims for key, claims in level.items() if not self._changed.isdisjoint(claims)}
            for level in levels
        ]
        self._changed.clear()
        if any(again):
            every = joined(list(self._held.values()))
            ranking = Ranking(every)
            for level in again:
                self._rank(level, ranking)
        return self._found

    def _rank(self, level: Level, ranking: Ranking) -> None:
        claims = ranking.pairs.claim
        if not level or not len(claims):
            return
        number: Ints = np.full(int(claims.max()) + 1, -1)
        for at, members in enumerate(level.values()):
            # A claim without any pair may lie beyond the table.
            number[[each for each in members if each < len(number)]] = at
        found = ranking.agreements(number[claims], len(level))
        for at, key in enumerate(level):
            self._found[key] = [each[at] for each in found]


def _changed(before: Pairs, after: Pairs) -> Ints:
    """Return the claims of the pairs that one has and the other has not."""
    if len(before.claim) == len(after.claim) and all(
        one.tobytes() == other.tobytes()
        for one, other in zip(_parts(before), _parts(after), strict=True)
    ):
        return before.claim[:0]
    counted = Counter(_rows(after))
    counted.subtract(_rows(before))
    return np.array([claim for (claim, _), count in counted.items() if count], dtype=np.int64)


def _parts(pairs: Pairs) -> tuple[np.ndarray, ...]:
    return pairs.claim, pairs.claimed, pairs.came


def _rows(pairs: Pairs) -> list[tuple[int, bytes]]:
    held = np.vstack((pairs.claimed, pairs.came)).T
    return [(claim, row.tobytes()) for claim, row in zip(pairs.claim.tolist(), held, strict=True)]
