"""PURE: the sums of a group -> its own figures, before it is seen beside the other groups.

What a group's figures are made of is kept beside them: a figure whose sums are what they
were is not computed again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np

from schemas.policy import Policy
from sinks.cohort_checks import HOLD_REASON
from sinks.cohort_codes import Codebook
from sinks.cohort_members import IC_HORIZONS
from sinks.cohort_outcomes import (
    Calibration,
    Judged,
    Outcomes,
    calibration,
    judged_of,
    no_outcomes,
    outcomes,
)
from sinks.cohort_ranks import OWN, Agreement
from sinks.cohort_series import Benchmark, SeriesFigures, series_figures, untraded_figures
from sinks.cohort_sums import WIDTH, Sums
from sinks.evidence.calibration import BINS, COLUMNS, binned
from sinks.evidence.cohort import Cohort, CohortKey, HorizonIC
from sinks.evidence.figures import undefined
from sinks.prices import Ints

_SHOWN = frozenset(each.name for each in fields(Cohort))
_NAMES = {
    part: tuple(each.name for each in fields(part) if each.name in _SHOWN)
    for part in (SeriesFigures, Calibration, Outcomes)
}
_HOLDS_OUTCOMES = no_outcomes(HOLD_REASON)
_NO_AGREEMENT: Agreement = undefined("expected at least 3 pairs, was 0"), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A cohort before it is seen beside the others: its own figures, by the names in `Cohort`.

    `trades` are its matured BUY and SELL.
    """

    key: CohortKey
    level: str
    figures: Mapping[str, Any]
    measured: SeriesFigures
    trades: int
    policy_hashes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group to be measured: the units of its signals that trade, and of those that do not.

    `unknown` says why base rates are missing, where some are.
    """

    key: CohortKey
    trading: list[int]
    holding: list[int]
    agreed: Sequence[Agreement] | None
    unknown: str = ""


# Sessions of a year, days, their sums, and what the benchmark did on them.
_SeriesSums: TypeAlias = tuple[int, bytes, bytes, object]


@dataclass(slots=True)
class _Kept:
    """What a group's figures were made of, and the figures."""

    series: tuple[_SeriesSums, SeriesFigures] | None = None
    bins: tuple[object, Calibration] | None = None
    piles: tuple[object, Outcomes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Signals of a group: by calendar and sessions of a year, and by the policy that judged."""

    eras: Ints
    columns: Ints
    policies: frozenset[str]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A group on the way to its draft; `judged` are piles that are not what they were."""

    group: Group
    counts: _Counts
    measured: SeriesFigures
    told: Calibration
    made_of: object
    judged: Judged | None


class Drafts:
    """Measures groups, and remembers what it has measured."""

    def __init__(self, policy: Policy, codes: Codebook) -> None:
        self._policy = policy
        self._codes = codes
        self._kept: dict[CohortKey, _Kept] = {}
        self.measured = 0

    def forget(self, key: CohortKey) -> None:
        """Forget a group that has no signal any more."""
        self._kept.pop(key, None)

    def of(
        self, groups: Iterable[Group], sums: Sums, benchmark: Benchmark
    ) -> dict[CohortKey, Draft]:
        """Return the drafts of those groups that have a signal."""
        begun: list[_Begun] = []
        for group in groups:
            counts = self._counts(group, sums)
            if counts is not None:
                begun.append(self._begun(group, counts, sums, benchmark))
        self.measured += len(begun)
        return {each.group.key: self._draft(each, came) for each, came in self._judged(begun)}

    def beside(self, benchmark: Benchmark, found: Mapping[CohortKey, Draft]) -> Iterator[Draft]:
        """Return those of these drafts that another benchmark changes, as they are then."""
        for key, draft in found.items():
            kept = self._kept[key]
            if kept.series is None or draft.measured is not kept.series[1]:
                continue
            periods, days, columns, _ = kept.series[0]
            held = np.frombuffer(days, dtype=np.int64)
            sums = np.frombuffer(columns, dtype=np.int64).reshape(WIDTH, len(held))
            measured = self._measured(kept, periods, (held, sums), benchmark)
            if measured is not draft.measured:
                self.measured += 1
                figures = {**draft.figures, **_figures((measured,))}
                yield replace(draft, measured=measured, figures=figures)

    def _judged(self, begun: Sequence[_Begun]) -> Iterator[tuple[_Begun, Outcomes]]:
        """Return each with its outcomes, of which those that are new are measured together."""
        again = [
            (each.group.key, each.judged, each.group.unknown)
            for each in begun
            if each.judged is not None
        ]
        measured = iter(outcomes(again))
        for each in begun:
            kept = self._kept[each.group.key]
            if each.judged is not None:
                kept.piles = each.made_of, next(measured)
            if each.counts.holds or kept.piles is None:
                yield each, _HOLDS_OUTCOMES
            else:
                yield each, kept.piles[1]

    def _counts(self, group: Group, sums: Sums) -> _Counts | None:
        every = [*group.trading, *group.holding]
        eras, columns = sums.eras.of_all(every)
        if not len(eras):
            return None
        policies, _ = sums.judges.of_all(every)
        return _Counts(
            eras=eras,
            columns=columns,
            policies=frozenset(self._codes.policies.names[each] for each in policies.tolist()),
            holds=_holds(sums.eras.of_all(group.trading)[1], columns),
        )

    def _begun(self, group: Group, counts: _Counts, sums: Sums, benchmark: Benchmark) -> _Begun:
        kept = self._kept.setdefault(group.key, _Kept())
        made_of: object = None
        judged = None
        if not counts.holds:
            subs, columns = sums.piles.of_all(group.trading)
            made_of = group.unknown, subs.tobytes(), columns.tobytes()
            if kept.piles is None or kept.piles[0] != made_of:
                judged = judged_of(subs, columns, self._codes)
        return _Begun(
            group=group,
            counts=counts,
            measured=self._series(kept, group, counts, sums, benchmark),
            told=_calibration(kept, group.holding if counts.holds else group.trading, sums),
            made_of=made_of,
            judged=judged,
        )

    def _series(
        self, kept: _Kept, group: Group, counts: _Counts, sums: Sums, benchmark: Benchmark
    ) -> SeriesFigures:
        periods = self._periods(counts)
        if counts.holds:
            return untraded_figures(periods, HOLD_REASON)
        days, columns = sums.days.of_all(group.trading)
        return self._measured(kept, periods, (days, columns), benchmark)

    def _measured(
        self, kept: _Kept, periods: int, series: tuple[Ints, Ints], benchmark: Benchmark
    ) -> SeriesFigures:
        days, columns = series
        ours, theirs = benchmark.on(days)
        # What the benchmark did on other days is nothing to it.
        beside = benchmark.history is None, ours.tobytes(), theirs.tobytes()
        made_of = periods, days.tobytes(), columns.tobytes(), beside
        if kept.series is None or kept.series[0] != made_of:
            riskless = self._policy.risk_free_rate
            kept.series = made_of, series_figures(days, columns, periods, riskless, benchmark)
        return kept.series[1]

    def _periods(self, counts: _Counts) -> int:
        # Sessions of a year are those of the busiest calendar that the series has days of.
        with_days = counts.eras[counts.columns[3] > 0]
        eras = with_days if len(with_days) and not counts.holds else counts.eras
        years: list[int] = [self._codes.eras.names[each][1] for each in eras.tolist()]
        return max(years)

    def _draft(self, begun: _Begun, came: Outcomes) -> Draft:
        counts, measured, told = begun.counts, begun.measured, begun.told
        members, entered, matured, _ = counts.columns.sum(axis=1).tolist()
        days = measured.series.days
        key = begun.group.key
        figures = {
            "key": key,
            "signals": entered,
            "matured": matured,
            "open": entered - matured,
            "cancelled": members - entered,
            "sessions": len(days),
            "under_a_year": len(days) < measured.periods_per_year,
            "first_day": days[0] if days else None,
            "last_day": days[-1] if days else None,
            "benchmark": self._policy.benchmark,
            "policy": self._policy.name,
            "policy_hash": self._policy.hash,
            **_figures((measured, told, came if counts.holds else _agreed(came, begun.group))),
        }
        return Draft(
            key=key,
            level=key.level,
            figures=figures,
            measured=measured,
            trades=0 if counts.holds else told.hit_rate.n,
            policy_hashes=counts.policies,
        )


def _holds(trading: Ints, every: Ints) -> bool:
    """Return whether no signal trades; cancelled ones count where there is no other."""
    counted = 1 if every[1].any() else 0
    return not trading[counted].any()


def _calibration(kept: _Kept, units: Sequence[int], sums: Sums) -> Calibration:
    bins, columns = sums.bins.of_all(units)
    made_of = bins.tobytes(), columns.tobytes()
    if kept.bins is None or kept.bins[0] != made_of:
        every = np.zeros((BINS, COLUMNS), dtype=np.int64)
        every[bins] = columns.T
        kept.bins = made_of, calibration(binned(every))
    return kept.bins[1]


def _agreed(found: Outcomes, group: Group) -> Outcomes:
    agreed = group.agreed or [_NO_AGREEMENT] * (OWN + 1)
    by_horizon = dict(zip(IC_HORIZONS, agreed, strict=False))
    if group.key.level == "cohort":
        by_horizon[int(group.key.horizon_sessions)] = agreed[OWN]
    return replace(
        found,
        ic=agreed[OWN][0],
        ic_by_horizon=tuple(
            HorizonIC(horizon=horizon, n=n, ic=ic)
            for horizon, (ic, n) in sorted(by_horizon.items())
        ),
    )


def _figures(parts: Iterable[SeriesFigures | Calibration | Outcomes]) -> Mapping[str, Any]:
    """Return what the parts measured by name, as far as a cohort shows it."""
    return {name: getattr(part, name) for part in parts for name in _NAMES[type(part)]}
