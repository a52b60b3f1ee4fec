"""PURE: whether hits beat their base rate, although signals overlap and cohorts are many."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sinks.evidence.distribution import normal_cdf, normal_quantile
from sinks.evidence.exact import Ints, mean_of, parts_of, rounded_sum
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import ROUNDING
from sinks.evidence.overlaps import Pile, Shared, shared_times

_ACTIONS = ("BUY", "SELL", "HOLD")
_EVEN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapTest:
    """The mean of hit - base rate, its standard error, and the one-sided p-value.

    `p_strict` is that of the variance around 0, which is the mean of a model without
    skill, instead of around the mean that was found. Around the latter, a run of
    luck has the least variance just where it is greatest: far out, where it counts
    among many models, `p_value` is too small (docs/evidence.md).
    """

    mean: Figure
    standard_error: Figure
    p_value: Figure
    p_strict: Figure


def window_hit_rate(
    ratios: Sequence[float] | npt.NDArray[np.float64],
    action: str,
    round_trip_cost: float,
    hold_band: float,
) -> Figure:
    """Return the share of windows, each close over the close H before, that would have hit.

    The arithmetic is that of a signal's own hit, to the last bit.
    """
    if action not in _ACTIONS:
        msg = f"expected one of {', '.join(_ACTIONS)}, was {action!r}"
        raise ValueError(msg)
    held = np.asarray(ratios, dtype=np.float64)
    if not held.size:
        return undefined("no window")
    if action == "HOLD":
        hits = np.abs(held - 1) <= hold_band
    else:
        signed = held - 1 if action == "BUY" else 1 - held
        hits = signed - round_trip_cost > 0
    return known(int(np.count_nonzero(hits)) / held.size)


def pile_of(excess_hits: Sequence[float], entries: Sequence[int], horizons: Sequence[int]) -> Pile:
    """Return the outcomes of single signals; equal entries and horizons are added up later."""
    n, held = len(excess_hits), np.asarray(excess_hits, dtype=np.float64)
    if not len(entries) == len(horizons) == n:
        msg = f"expected {n} entries and horizons, was {len(entries)} and {len(horizons)}"
        raise ValueError(msg)
    return Pile(
        entries=np.asarray(entries, dtype=np.int64),
        horizons=np.asarray(horizons, dtype=np.int64),
        counts=np.ones(n, dtype=np.int64),
        parts=parts_of(held),
        squares=parts_of(held * held).sum(axis=1),
    )


def overlap_test(
    excess_hits: Sequence[float], entries: Sequence[int], horizons: Sequence[int]
) -> OverlapTest:
    """Return whether the mean of hit - base rate exceeds 0.

    Two signals share the part of a horizon in which both are open; where the
    horizons differ, the longer counts.
    """
    return overlap_of(pile_of(excess_hits, entries, horizons))[0]


def effective_n(entries: Sequence[int], horizons: Sequence[int]) -> Figure:
    """Return how many signals that do not overlap know as much: n^2 / sum of what pairs share.

    The test above trusts a variance that it takes from the signals themselves; of
    a few windows' worth it comes out too small, whatever their number is. So a
    policy can ask for a least number of them.

    >>> effective_n([0, 30, 60], [30, 30, 30]).value, effective_n([5] * 40, [30] * 40).value
    (3.0, 1.0)
    """
    return overlap_of(pile_of([0.0] * len(entries), entries, horizons))[1]


def overlap_of(pile: Pile) -> tuple[OverlapTest, Figure]:
    """Return the test of these outcomes, and the effective n."""
    return overlaps_of([pile])[0]


def overlaps_of(piles: Sequence[Pile]) -> list[tuple[OverlapTest, Figure]]:
    """Return the test and the effective n of each, just as if it were alone."""
    sizes = [int(each.counts.sum()) for each in piles]
    held = [each for each, n in zip(piles, sizes, strict=True) if n]
    totals = [each.parts.sum(axis=1) for each in held]
    means = [mean_of(total, n) for total, n in zip(totals, filter(None, sizes), strict=True)]
    shared = iter(zip(held, totals, means, shared_times(held, means), strict=True))
    return [_tested(n, *next(shared)) if n else _untested() for n in sizes]


def _untested() -> tuple[OverlapTest, Figure]:
    missing, nothing = undefined("expected at least 2 outcomes, was 0"), undefined("no outcome")
    test = OverlapTest(mean=nothing, standard_error=missing, p_value=missing, p_strict=missing)
    return test, nothing


def _tested(
    n: int, pile: Pile, total: Ints, middle: float, shared: Shared
) -> tuple[OverlapTest, Figure]:
    worth, mean = known(n * n / shared.counts), known(middle)
    if n == 1:
        missing = undefined(f"expected at least 2 outcomes, was {n}")
        strict = missing
    else:
        missing = undefined("the estimated variance is not positive")
        squares = rounded_sum(pile.squares)
        strict = _p_around_zero(middle, shared.plain, squares, n)
        spread = math.fsum((squares, -2 * middle * rounded_sum(total), n * middle * middle))
        # All in one cell sum to zero but for their rounding: no error could be told from it.
        if shared.centred > ROUNDING * max(spread, 0.0):
            error = math.sqrt(shared.centred) / n
            p_value = known(normal_cdf(-middle / error))
            test = OverlapTest(
                mean=mean, standard_error=known(error), p_value=p_value, p_strict=strict
            )
            return test, worth
    test = OverlapTest(mean=mean, standard_error=missing, p_value=missing, p_strict=strict)
    return test, worth


def _p_around_zero(middle: float, around: float, squares: float, n: int) -> Figure:
    if around <= ROUNDING * squares:
        return undefined("the estimated variance is not positive")
    return known(normal_cdf(-middle * n / math.sqrt(around)))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return the q-value of each p-value, in their order (Benjamini, Hochberg 1995).

    >>> benjamini_hochberg([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.03]
    """
    n = len(p_values)
    found, least = [1.0] * n, 1.0
    descending = sorted(range(n), key=lambda at: p_values[at], reverse=True)
    for rank, at in zip(range(n, 0, -1), descending, strict=True):
        least = min(least, p_values[at] * n / rank)
        found[at] = least
    return found


def signals_needed(rate: float, power: float = 0.8, level: float = 0.95) -> int:
    """Return how many independent signals show a hit rate to be over one half.

    >>> signals_needed(0.55)
    617
    """
    if not _EVEN < rate <= 1:
        msg = f"expected a rate over 0.5 and up to 1, was {rate!r}"
        raise ValueError(msg)
    spread = normal_quantile(level) / 2 + normal_quantile(power) * math.sqrt(rate * (1 - rate))
    return math.ceil((spread / (rate - _EVEN)) ** 2)
