"""PURE: whether confidence means what it says: Brier (1950), Murphy (1973), reliability bins."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from sinks.evidence.cohort import BrierParts, ReliabilityBin
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import mean
from sinks.evidence.rates import rate

_BINS = 10
_EDGES = [at / _BINS for at in range(_BINS + 1)]

Members = list[tuple[float, bool]]


def reliability(confidence: Sequence[float], hits: Sequence[bool]) -> tuple[ReliabilityBin, ...]:
    """Return ten bins of equal width, also the empty ones; the last holds 1.0, too."""
    found = []
    for low, high, members in zip(_EDGES, _EDGES[1:], _binned(confidence, hits), strict=False):
        claimed = mean([each for each, _ in members]) if members else None
        hit_rate = rate(sum(hit for _, hit in members), len(members))
        found.append(ReliabilityBin(low=low, high=high, mean_confidence=claimed, hit_rate=hit_rate))
    return tuple(found)


def brier_score(confidence: Sequence[float], hits: Sequence[bool]) -> Figure:
    """Return the mean of (confidence - hit)^2.

    >>> brier_score([0.5, 0.5], [True, False]).value
    0.25
    """
    members = _members(confidence, hits)
    if not members:
        return undefined("no outcome")
    return known(math.fsum((claimed - hit) ** 2 for claimed, hit in members) / len(members))


def brier_parts(confidence: Sequence[float], hits: Sequence[bool]) -> BrierParts | None:
    """Return Murphy's parts over the ten bins, whose sum is the Brier score; None of none."""
    bins = [members for members in _binned(confidence, hits) if members]
    n = sum(map(len, bins))
    if not n:
        return None
    base = sum(hit for members in bins for _, hit in members) / n
    miss, gain, rest = [], [], []
    for members in bins:
        claimed, came = _means(members)
        miss.append(len(members) * (claimed - came) ** 2)
        gain.append(len(members) * (came - base) ** 2)
        for each, hit in members:
            apart = each - claimed
            rest += [apart * apart, -2 * apart * (hit - came)]
    return BrierParts(
        reliability=math.fsum(miss) / n,
        resolution=math.fsum(gain) / n,
        uncertainty=base * (1 - base),
        rest=math.fsum(rest) / n + 0.0,
    )


def calibration_error(confidence: Sequence[float], hits: Sequence[bool]) -> Figure:
    """Return the expected calibration error: |hit rate - mean confidence| over the bins."""
    bins = [members for members in _binned(confidence, hits) if members]
    n = sum(map(len, bins))
    if not n:
        return undefined("no outcome")
    misses = []
    for members in bins:
        claimed, came = _means(members)
        misses.append(len(members) * abs(came - claimed))
    return known(math.fsum(misses) / n)


def _means(members: Members) -> tuple[float, float]:
    return mean([claimed for claimed, _ in members]), sum(hit for _, hit in members) / len(members)


def _binned(confidence: Sequence[float], hits: Sequence[bool]) -> list[Members]:
    bins: list[Members] = [[] for _ in range(_BINS)]
    for claimed, hit in _members(confidence, hits):
        bins[min(bisect_right(_EDGES, claimed) - 1, _BINS - 1)].append((claimed, hit))
    return bins


def _members(confidence: Sequence[float], hits: Sequence[bool]) -> Members:
    members = list(zip(confidence, hits, strict=True))
    for claimed, _ in members:
        if not 0 <= claimed <= 1:
            msg = f"expected a confidence from 0 to 1, was {claimed!r}"
            raise ValueError(msg)
    return members
