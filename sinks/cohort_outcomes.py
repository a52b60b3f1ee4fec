"""PURE: what the matured signals of a cohort came to: hits, returns, calibration, tests.

A roll-up of BUY, SELL and HOLD counts those that trade alone: the hit of a HOLD
answers another question, and it has no return.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from schemas.identity import canonical_json
from sinks.cohort_members import IC_HORIZONS, Member
from sinks.evidence.bootstrap import stationary_interval
from sinks.evidence.calibration import brier_parts, brier_score, calibration_error, reliability
from sinks.evidence.cohort import BrierParts, CohortKey, HorizonIC, ReliabilityBin
from sinks.evidence.figures import Figure, Interval, known, undefined
from sinks.evidence.moments import mean
from sinks.evidence.ranks import spearman
from sinks.evidence.rates import Rate, rate
from sinks.evidence.significance import effective_n, overlap_test

_DAYS_PER_YEAR = 365


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """When each signal was entered and for how long, in one unit for all."""

    entries: list[int]
    horizons: list[int]


def calibration(judged: Sequence[Member]) -> Calibration:
    """Return the hit rate and the calibration of matured signals."""
    confidence = [each.row.confidence for each in judged]
    hits = [each.row.hit == "hit" for each in judged]
    return Calibration(
        hit_rate=rate(sum(hits), len(hits)),
        brier=brier_score(confidence, hits),
        brier_parts=brier_parts(confidence, hits),
        ece=calibration_error(confidence, hits),
        reliability=reliability(confidence, hits),
    )


def outcomes(key: CohortKey, judged: Sequence[Member]) -> Outcomes:
    """Return the returns and tests of matured BUY and SELL signals."""
    clock = _clock(judged)
    net = [each.row.net_return for each in judged]
    gross = [_signed(each) for each in judged]
    excess, base_rate = _excess_hits(judged)
    test = None if excess is None else overlap_test(excess, clock.entries, clock.horizons)
    return Outcomes(
        base_rate=base_rate,
        excess_hit=base_rate if test is None else test.mean,
        excess_hit_interval=_interval(excess, clock, key, "excess_hit", base_rate.reason),
        mean_net=_mean(net),
        mean_gross=_mean(gross),
        mean_net_interval=_interval(_whole(net), clock, key, "mean_net", _mean(net).reason),
        ic=_agreement(judged, [each.row.horizon_sessions for each in judged])[0],
        ic_by_horizon=tuple(_ic_at(judged, horizon) for horizon in _horizons(key)),
        p_value=base_rate if test is None else test.p_value,
        p_strict=base_rate if test is None else test.p_strict,
        effective_n=effective_n(clock.entries, clock.horizons),
    )


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


def _clock(judged: Sequence[Member]) -> _Clock:
    """Return entries and horizons in sessions, or in days where calendars differ."""
    if len({each.row.calendar for each in judged}) <= 1:
        return _Clock(
            entries=[each.entry_index for each in judged],
            horizons=[each.row.horizon_sessions for each in judged],
        )
    return _Clock(
        entries=[each.entry_day for each in judged],
        # Rounded up: rather a little more overlap than a little less.
        horizons=[
            math.ceil(each.row.horizon_sessions * _DAYS_PER_YEAR / each.row.periods_per_year)
            for each in judged
        ],
    )


def _excess_hits(judged: Sequence[Member]) -> tuple[list[float] | None, Figure]:
    """Return hit - base rate of each, and the mean base rate; None where one is unknown."""
    if not judged:
        return [], undefined("no matured signal")
    excess, bases = [], []
    for each in judged:
        if each.base_rate.value is None:
            return None, each.base_rate
        bases.append(each.base_rate.value)
        excess.append((each.row.hit == "hit") - each.base_rate.value)
    return excess, known(mean(bases))


def _interval(
    values: list[float] | None, clock: _Clock, key: CohortKey, name: str, missing: str | None
) -> Interval:
    if values is None:
        return Interval(low=None, high=None, reason=missing)
    # Which numbers are drawn rests on what is measured alone, never on what was measured before.
    seed = canonical_json([asdict(key), name]).decode()
    return stationary_interval(values, clock.entries, max(clock.horizons, default=1), seed)


def _signed(member: Member) -> float | None:
    raw = member.row.raw_return
    return None if raw is None else member.direction * raw


def _mean(values: Sequence[float | None]) -> Figure:
    held = _whole(values)
    if held is None:
        return undefined("a return is not a finite number")
    return known(mean(held)) if held else undefined("no matured signal")


def _whole(values: Sequence[float | None]) -> list[float] | None:
    held = [each for each in values if each is not None]
    return held if len(held) == len(values) else None


def _horizons(key: CohortKey) -> list[int]:
    own = [int(key.horizon_sessions)] if key.level == "cohort" else []
    return sorted({*IC_HORIZONS, *own})


def _ic_at(judged: Sequence[Member], horizon: int) -> HorizonIC:
    ic, n = _agreement(judged, [horizon] * len(judged))
    return HorizonIC(horizon=horizon, n=n, ic=ic)


def _agreement(judged: Sequence[Member], horizons: Sequence[int]) -> tuple[Figure, int]:
    """Return the rank correlation of claim and raw return, each at its horizon, and its n."""
    found = [
        (each.direction * each.row.confidence, each.raw_returns[horizon])
        for each, horizon in zip(judged, horizons, strict=True)
        if horizon in each.raw_returns
    ]
    ic = spearman([claimed for claimed, _ in found], [came for _, came in found])
    return ic, len(found)
