"""PURE: whether hits beat their base rate, although signals overlap and cohorts are many."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sinks.evidence.distribution import normal_cdf, normal_quantile
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import ROUNDING, mean

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


def overlap_test(
    excess_hits: Sequence[float], entries: Sequence[int], horizons: Sequence[int]
) -> OverlapTest:
    """Return whether the mean of hit - base rate exceeds 0.

    Two signals share the part of a horizon in which both are open; where the
    horizons differ, the longer counts.
    """
    cells = defaultdict(list)
    for excess, entry, horizon in zip(excess_hits, entries, horizons, strict=True):
        cells[entry, horizon].append(excess)
    n = len(excess_hits)
    if n <= 1:
        middle = known(excess_hits[0]) if n else undefined("no outcome")
        missing = undefined(f"expected at least 2 outcomes, was {n}")
        return OverlapTest(mean=middle, standard_error=missing, p_value=missing, p_strict=missing)
    middle_value = mean(excess_hits)
    strict = _p_around_zero(middle_value, cells, n)
    apart = {key: [each - middle_value for each in held] for key, held in cells.items()}
    spread = math.fsum(each * each for held in apart.values() for each in held)
    total = _shared_sum({key: math.fsum(held) for key, held in apart.items()})
    # All in one cell sum to zero but for their rounding: no error could be told from it.
    if total <= ROUNDING * spread:
        missing = undefined("the estimated variance is not positive")
        return OverlapTest(
            mean=known(middle_value), standard_error=missing, p_value=missing, p_strict=strict
        )
    error = math.sqrt(total) / n
    return OverlapTest(
        mean=known(middle_value),
        standard_error=known(error),
        p_value=known(normal_cdf(-middle_value / error)),
        p_strict=strict,
    )


def _p_around_zero(middle: float, cells: Mapping[tuple[int, int], list[float]], n: int) -> Figure:
    total = _shared_sum({key: math.fsum(held) for key, held in cells.items()})
    if total <= ROUNDING * math.fsum(each * each for held in cells.values() for each in held):
        return undefined("the estimated variance is not positive")
    return known(normal_cdf(-middle * n / math.sqrt(total)))


def effective_n(entries: Sequence[int], horizons: Sequence[int]) -> Figure:
    """Return how many signals that do not overlap know as much: n^2 / sum of what pairs share.

    The test above trusts a variance that it takes from the signals themselves; of
    a few windows' worth it comes out too small, whatever their number is. So a
    policy can ask for a least number of them.

    >>> effective_n([0, 30, 60], [30, 30, 30]).value, effective_n([5] * 40, [30] * 40).value
    (3.0, 1.0)
    """
    n = len(entries)
    if not n:
        return undefined("no outcome")
    cells = Counter(zip(entries, horizons, strict=True))
    return known(n * n / _shared_sum({key: float(count) for key, count in cells.items()}))


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


def _shared_sum(cells: dict[tuple[int, int], float]) -> float:
    """Return the sum over all pairs of max(0, 1 - distance / horizon) times both values."""
    order = sorted(cells)
    entry = np.array([at for at, _ in order], dtype=np.int64)
    horizon = np.array([length for _, length in order], dtype=np.int64)
    value = np.array([cells[key] for key in order], dtype=np.float64)
    longest = int(horizon.max())
    parts: list[float] = (value * value).tolist()
    for step in range(1, len(order)):
        distance = entry[step:] - entry[:-step]
        if int(distance.min()) >= longest:
            break
        weight = 1 - distance / np.maximum(horizon[step:], horizon[:-step])
        shared = 2 * np.maximum(weight, 0.0) * (value[step:] * value[:-step])
        parts.append(math.fsum(shared.tolist()))
    return math.fsum(parts)
