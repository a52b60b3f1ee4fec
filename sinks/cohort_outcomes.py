"""PURE: what the matured signals of a cohort came to: hits, returns, calibration, tests.

A roll-up of BUY, SELL and HOLD counts those that trade alone: the hit of a HOLD
answers another question, and it has no return.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from schemas.identity import canonical_json
from sinks.cohort_codes import Codebook
from sinks.cohort_sums import HORIZONS
from sinks.evidence.bootstrap import Drawable, stationary_intervals
from sinks.evidence.calibration import (
    Bins,
    brier_parts,
    brier_score,
    calibration_error,
    reliability,
)
from sinks.evidence.cohort import BrierParts, CohortKey, HorizonIC, ReliabilityBin
from sinks.evidence.exact import PARTS, mean_of, rounded
from sinks.evidence.figures import Figure, Interval, known, undefined
from sinks.evidence.overlaps import Pile
from sinks.evidence.rates import Rate, rate
from sinks.evidence.significance import OverlapTest, overlaps_of
from sinks.prices import Ints

_DAYS_PER_YEAR = 365
_LATER = Interval(low=None, high=None, reason="not drawn yet")
_NO_IC = undefined("not ranked yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How often matured signals hit, and whether their confidence said so."""

    hit_rate: Rate
    brier: Figure
    brier_parts: BrierParts | None
    ece: Figure
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What matured BUY and SELL signals brought, and whether by more than luck."""

    base_rate: Figure
    excess_hit: Figure
    excess_hit_interval: Interval
    mean_net: Figure
    mean_gross: Figure
    mean_net_interval: Interval
    ic: Figure
    ic_by_horizon: tuple[HorizonIC, ...]
    p_value: Figure
    p_strict: Figure
    effective_n: Figure


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The piles of a group: entry i and horizon i in one unit for all; a row a column of sums.

    Sessions, or days where calendars differ.
    """

    entries: Ints
    horizons: Ints
    columns: Ints

    @property
    def n(self) -> int:
        """Return how many signals there are."""
        return int(self.columns[0].sum())

    def missing(self, part: int) -> int:
        """Return how many have no base rate, net or raw return."""
        return int(self.columns[part].sum())

    def sums(self, part: int) -> Ints:
        """Return the parts of the sums of a quantity, by pile."""
        return self.columns[4 + part * PARTS : 4 + (part + 1) * PARTS]

    def mean(self, part: int) -> float:
        """Return the mean of a quantity."""
        return mean_of(self.sums(part).sum(axis=1), self.n)


EXCESS, SQUARES, NET, GROSS, BASE = range(5)
_NO_BASE, _NO_NET, _NO_GROSS = 1, 2, 3


def judged_of(subs: Ints, columns: Ints, codes: Codebook) -> Judged:
    """Return the piles as `cohort_sums.Sums.piles` tells them apart."""
    clocks = list(map(codes.clocks.names.__getitem__, (subs // HORIZONS).tolist()))
    horizons = (subs % HORIZONS).tolist()
    eras = {era: codes.eras.names[era] for era in {era for era, _, _ in clocks}}
    if len({calendar for calendar, _ in eras.values()}) <= 1:
        entries = [index or 0 for _, index, _ in clocks]
    else:
        entries = [date.fromisoformat(day).toordinal() if day else 0 for _, _, day in clocks]
        # Rounded up: rather a little more overlap than a little less.
        horizons = [
            math.ceil(horizon * _DAYS_PER_YEAR / eras[era][1])
            for horizon, (era, _, _) in zip(horizons, clocks, strict=True)
        ]
    return Judged(
        entries=np.array(entries, dtype=np.int64),
        horizons=np.array(horizons, dtype=np.int64),
        columns=columns,
    )


def calibration(bins: Bins) -> Calibration:
    """Return the hit rate and the calibration of matured signals."""
    return Calibration(
        hit_rate=rate(bins.hits, bins.n),
        brier=brier_score(bins),
        brier_parts=brier_parts(bins),
        ece=calibration_error(bins),
        reliability=reliability(bins),
    )


def outcomes(
    groups: Sequence[tuple[CohortKey, Judged, str]],
) -> list[Outcomes]:
    """Return the returns and tests of matured BUY and SELL signals of each group, without IC.

    The last of a group says why there is no base rate where one is missing.
    """
    tests = overlaps_of([_pile(judged) for _, judged, _ in groups])
    drawn = [one for key, judged, _ in groups for one in drawables(key, judged)]
    intervals = iter(stationary_intervals(drawn))
    return [
        _with_intervals(_tested(judged, unknown, *test), judged, (next(intervals), next(intervals)))
        for (_, judged, unknown), test in zip(groups, tests, strict=True)
    ]


def _pile(judged: Judged) -> Pile:
    return Pile(
        entries=judged.entries,
        horizons=judged.horizons,
        counts=judged.columns[0],
        parts=judged.sums(EXCESS),
        squares=judged.sums(SQUARES).sum(axis=1),
    )


def _tested(judged: Judged, unknown: str, test: OverlapTest, worth: Figure) -> Outcomes:
    base_rate, no_base = _base_rate(judged, unknown), bool(judged.missing(_NO_BASE))
    return Outcomes(
        base_rate=base_rate,
        excess_hit=base_rate if no_base else test.mean,
        excess_hit_interval=_LATER,
        mean_net=_mean(judged, NET, _NO_NET),
        mean_gross=_mean(judged, GROSS, _NO_GROSS),
        mean_net_interval=_LATER,
        ic=_NO_IC,
        ic_by_horizon=(),
        p_value=base_rate if no_base else test.p_value,
        p_strict=base_rate if no_base else test.p_strict,
        effective_n=worth,
    )


def drawables(key: CohortKey, judged: Judged) -> list[Drawable]:
    """Return what the intervals of hit - base rate and of net returns are drawn from."""
    if not judged.n:
        nothing = np.empty(0)
        return [Drawable(sums=nothing, counts=nothing, mean_block=1, seed="")] * 2
    first = int(judged.entries.min())
    at, reach = judged.entries - first, int(judged.entries.max()) - first + 1
    held = np.zeros((1 + 2 * PARTS, reach), dtype=np.int64)
    for row, values in zip(
        held, (judged.columns[0], *judged.sums(EXCESS), *judged.sums(NET)), strict=True
    ):
        np.add.at(row, at, values)
    counts, block = held[0].astype(np.float64), int(judged.horizons.max())
    # How the draws are turned rests on what is measured alone, never on what was before.
    seed = canonical_json(key._asdict()).decode()
    sums = rounded(np.concatenate((held[1 : 1 + PARTS], held[1 + PARTS :]), axis=1))
    return [
        Drawable(sums=each, counts=counts, mean_block=block, seed=seed)
        for each in (sums[:reach], sums[reach:])
    ]


def _with_intervals(found: Outcomes, judged: Judged, intervals: Sequence[Interval]) -> Outcomes:
    """Return the outcomes with the intervals of `drawables`, where nothing is missing."""
    excess, net = intervals
    if judged.missing(_NO_BASE):
        excess = Interval(low=None, high=None, reason=found.base_rate.reason)
    if judged.missing(_NO_NET):
        net = Interval(low=None, high=None, reason=found.mean_net.reason)
    return replace(found, excess_hit_interval=excess, mean_net_interval=net)


def no_outcomes(reason: str) -> Outcomes:
    """Return the figures of signals none of which trades: each undefined for that reason."""
    missing, no_interval = undefined(reason), Interval(low=None, high=None, reason=reason)
    return Outcomes(
        base_rate=missing,
        excess_hit=missing,
        excess_hit_interval=no_interval,
        mean_net=missing,
        mean_gross=missing,
        mean_net_interval=no_interval,
        ic=missing,
        ic_by_horizon=(),
        p_value=missing,
        p_strict=missing,
        effective_n=missing,
    )


def _base_rate(judged: Judged, unknown: str) -> Figure:
    if not judged.n:
        return undefined("no matured signal")
    return undefined(unknown) if judged.missing(_NO_BASE) else known(judged.mean(BASE))


def _mean(judged: Judged, part: int, missing: int) -> Figure:
    if judged.missing(missing):
        return undefined("a return is not a finite number")
    return known(judged.mean(part)) if judged.n else undefined("no matured signal")
