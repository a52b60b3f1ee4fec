"""PURE: the evidence of all cohorts and roll-ups, kept so that a change costs what it changes.

The book holds exact sums of every cohort, to which the signals of a ticker are added and
from which they are taken away again. So the figures after any sequence of replacements
are those of a new book of the same signals, to the last bit.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from schemas.policy import Policy
from sinks.cohort_cells import Cells, keyed
from sinks.cohort_class import Finished
from sinks.cohort_codes import Codebook
from sinks.cohort_columns import SignalColumns
from sinks.cohort_drafts import Draft, Drafts, Group
from sinks.cohort_members import DIRECTIONS, Members, members_of, unknown_base
from sinks.cohort_rankings import Rankings
from sinks.cohort_ranks import Ranking, pairs_of
from sinks.cohort_series import Benchmark
from sinks.cohort_sums import Sums, side_cost_of
from sinks.evidence.cohort import ALL, Cohort, CohortKey
from sinks.prices import Ints, PriceHistory

# Signals that are added up together: bounds the memory that this takes.
_TOGETHER = 50_000


class EvidenceBook:
    """The evidence of signals under one policy.

    Only in `replay` (`replay_counts`) does replayed evidence count towards readiness.
    """

    def __init__(self, policy: Policy, *, replay_counts: bool = False) -> None:
        self._policy = policy
        self._side_cost = side_cost_of(policy.cost_bps_per_side)
        self._codes = Codebook()
        self._sums = Sums()
        self._waiting_of_tickers = Cells(1)
        self._held: dict[str, tuple[Members, int]] = {}
        self._unknown: dict[str, dict[int, str]] = {}
        self._rankings = Rankings()
        self._drafts = Drafts(policy, self._codes)
        self._benchmark = Benchmark(policy.benchmark, None, total_return=policy.total_return)
        self._found: dict[CohortKey, Draft] = {}
        self._changed: set[int] = set()
        self._finished = Finished(policy, replay_counts=replay_counts)
        self._levels: tuple[dict[CohortKey, list[int]], ...] = ({}, {}, {})
        self._numbered = 0

    @property
    def measured(self) -> int:
        """Return how many cohorts and roll-ups have been measured so far."""
        return self._drafts.measured

    def replace(
        self,
        tickers: Collection[str],
        signals: SignalColumns,
        prices: Mapping[str, PriceHistory],
    ) -> None:
        """Put these signals and prices in the place of all that the book has of these tickers.

        `signals` are of no other ticker. Of a ticker without signals here there are none
        any more, of one that is not among `prices` no bars. The benchmark is a ticker as
        any other: where its bars have changed, it is among `tickers`.
        """
        if self._policy.benchmark in tickers:
            self._benchmark = Benchmark(
                self._policy.benchmark,
                prices.get(self._policy.benchmark),
                total_return=self._policy.total_return,
            )
            for each in list(self._drafts.beside(self._benchmark, self._found)):
                self._found[each.key] = each
        for names, some in _parts(tickers, signals):
            self._replace(members_of(names, some, prices, self._policy, self._codes))

    def cohorts(self, as_of_ms: int | None) -> list[Cohort]:
        """Return the evidence by cohort and roll-up, sorted by key.

        A signal that still waits at `as_of_ms` long after prices ended is called stale.
        """
        groups = self._groups()
        drafts = self._drafts.of(groups, self._sums, self._benchmark)
        for each in groups:
            if each.key not in drafts:
                self._drafts.forget(each.key)
                self._found.pop(each.key, None)
        self._found |= drafts
        self._changed.clear()
        return self._finished.of(self._found, self._stale(as_of_ms))

    def _groups(self) -> list[Group]:
        """Return the cohorts, models and all in which a signal has changed."""
        for number in range(self._numbered, len(self._codes.claims)):
            for level, key in zip(
                self._levels, _keys(self._codes.claims.names[number]), strict=True
            ):
                level.setdefault(key, []).append(number)
        self._numbered = len(self._codes.claims)
        # A model may be named like what a roll-up rolls over: it is part of that.
        levels = [{**self._levels[1], **self._levels[2]}]
        unknown = [why for each in self._unknown.values() for why in each.items()]
        agreed = self._rankings.of(self._levels)
        return [
            Group(
                key=key,
                trading=[2 * each + 1 for each in claims if self._trades(each)],
                holding=[2 * each for each in claims if not self._trades(each)],
                agreed=agreed.get(key),
                unknown=min((why for each, why in unknown if each in claims), default=""),
            )
            for level in (self._levels[0], *levels)
            for key, claims in level.items()
            if not self._changed.isdisjoint(claims)
        ]

    def _trades(self, claim: int) -> bool:
        return DIRECTIONS[self._codes.claims.names[claim][4]] != 0

    def _stale(self, as_of_ms: int | None) -> dict[CohortKey, int]:
        if as_of_ms is None:
            return {}
        late = np.array([as_of_ms > each for each in self._codes.stale.names], dtype=np.bool_)
        found: Counter[CohortKey] = Counter()
        for cells, names in (
            (self._sums.waiting, self._keys_of_unit),
            (self._waiting_of_tickers, self._keys_of_ticker),
        ):
            units, codes = cells.units()
            counts = np.where(late[codes], cells.columns[0], 0)
            there = np.flatnonzero(counts)
            sums = np.bincount(units[there], weights=counts[there])
            for unit in np.flatnonzero(sums).tolist():
                for key in names(unit):
                    found[key] += int(sums[unit])
        return found

    def _keys_of_unit(self, unit: int) -> set[CohortKey]:
        return set(_keys(self._codes.claims.names[unit // 2]))

    def _keys_of_ticker(self, number: int) -> set[CohortKey]:
        key = self._ticker_key(number)
        return set() if key.ticker == ALL else {key}

    def _replace(self, members: Members) -> None:
        before: dict[CohortKey, Draft] = {}
        for name in members.tickers:
            if name in self._held:
                batch, at = self._held.pop(name)
                before |= self._taken_away(batch.only(at))
        self._add(members, 1)
        self._held |= {name: (members, at) for at, name in enumerate(members.tickers)}
        self._unknown_of(members)
        pairs = pairs_of(members)
        for at, name in enumerate(members.tickers):
            self._rankings.replace(name, pairs.only(at))
        drafts = self._of_tickers(members)
        for key in before.keys() - drafts.keys():
            self._drafts.forget(key)
        self._found |= drafts

    def _taken_away(self, members: Members) -> dict[CohortKey, Draft]:
        """Take the signals of one ticker away, and return the drafts of its roll-ups."""
        self._add(members, -1)
        keys = [self._ticker_key(each) for each in np.unique(members.ticker).tolist()]
        return {key: self._found.pop(key) for key in keys if key in self._found}

    def _add(self, members: Members, sign: int) -> None:
        self._sums.add(members, _units(members.claim, members), self._side_cost, sign)
        waiting = np.flatnonzero(members.entered & ~members.matured)
        self._waiting_of_tickers.add(
            keyed(members.ticker[waiting], members.stale[waiting]),
            np.ones((1, len(waiting)), dtype=np.int64),
            sign,
        )
        self._changed.update(np.unique(members.claim).tolist())

    def _unknown_of(self, members: Members) -> None:
        missing = members.matured & (members.direction != 0) & np.isnan(members.base)
        for name in members.tickers:
            self._unknown.pop(name, None)
        for row in np.flatnonzero(missing).tolist():
            at = int(np.searchsorted(members.rows_of, row, side="right")) - 1
            name = members.tickers[at]
            why = unknown_base(name, members.bars.only(at))
            self._unknown.setdefault(name, {})[int(members.claim[row])] = why

    def _of_tickers(self, members: Members) -> dict[CohortKey, Draft]:
        """Return the drafts of the roll-ups of these tickers."""
        numbers, place = np.unique(members.ticker, return_inverse=True)
        if not len(numbers):
            return {}
        sums = Sums()
        sums.add(members, _units(place, members), self._side_cost)
        pairs = pairs_of(members)
        agreed = Ranking(pairs).agreements(np.searchsorted(numbers, pairs.ticker), len(numbers))
        groups = []
        for at, number in enumerate(numbers.tolist()):
            key = self._ticker_key(number)
            # A ticker may be named like what a roll-up rolls over: it is the one of all.
            if key.ticker != ALL:
                groups.append(
                    Group(
                        key=key,
                        trading=[2 * at + 1],
                        holding=[2 * at],
                        agreed=[each[at] for each in agreed],
                        unknown=min(self._unknown.get(key.ticker, {0: ""}).values()),
                    )
                )
        return self._drafts.of(groups, sums, self._benchmark)

    def _ticker_key(self, number: int) -> CohortKey:
        data_class, ticker = self._codes.tickers.names[number]
        return CohortKey(data_class=data_class, ticker=ticker)


def _keys(claim: tuple[str, str, str, str, str, int]) -> tuple[CohortKey, ...]:
    """Return the keys of a claim's cohort, of its model and of all."""
    data_class, source, model, version, action, horizon = claim
    whose = {"data_class": data_class, "source": source, "model": model, "model_version": version}
    return (
        CohortKey(**whose, action=action, horizon_sessions=str(horizon)),
        CohortKey(**whose),
        CohortKey(data_class=data_class),
    )


def _units(numbers: Ints, members: Members) -> Ints:
    """Return the units of signals: two for each number, the second of those that trade."""
    units: Ints = 2 * numbers + (members.direction != 0)
    return units


def _parts(
    tickers: Collection[str], signals: SignalColumns
) -> Iterator[tuple[list[str], SignalColumns]]:
    """Return the tickers and their signals in parts of some size, all of a ticker in one."""
    names = sorted(tickers)
    number = {name: at for at, name in enumerate(names)}
    of = np.fromiter(map(number.__getitem__, signals.ticker), dtype=np.int64, count=len(signals))
    if np.any(of[1:] < of[:-1]):
        order = np.argsort(of, kind="stable")
        signals, of = signals.ordered(order.tolist()), of[order]
    rows_of = np.searchsorted(of, np.arange(len(names) + 1)).tolist()
    first = 0
    for last in range(1, len(names) + 1):
        if rows_of[last] - rows_of[first] >= _TOGETHER or last == len(names):
            yield names[first:last], signals.some(rows_of[first], rows_of[last])
            first = last
