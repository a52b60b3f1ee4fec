"""What a study counts: shares with their Monte Carlo error, false discoveries, coverage."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from sinks.evidence.rates import Rate, rate
from studies.design import IN_A_ROW, Model
from studies.outcomes import Judged, Replayed
from studies.world import World

# Sessions that the original asks for, its first price being the first of them.
_ORIGINAL_OBSERVATIONS = 30
_ORIGINAL_DAYS = 365
_ORIGINAL_RETURN = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean of n values; `error` is two standard errors, None where one value tells nothing."""

    value: float
    error: float | None
    n: int


def share(flags: Iterable[bool]) -> Rate:
    """Return the share of those that hold, with its Wilson interval."""
    held = list(flags)
    return rate(sum(held), len(held))


def error_of(found: Rate) -> float:
    """Return two standard errors of a share."""
    if found.value is None:
        msg = "expected at least one case, was none"
        raise ValueError(msg)
    return 2 * math.sqrt(found.value * (1 - found.value) / found.n)


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values."""
    n = len(values)
    return Estimate(
        value=fmean(values),
        error=2 * stdev(values) / math.sqrt(n) if n > 1 else None,
        n=n,
    )


def false_discoveries(judged: Sequence[Judged]) -> float:
    """Return the share of null models among those called ready; 0 where none is called."""
    called = [each for each in judged if each.ready]
    return sum(each.null for each in called) / max(1, len(called))


def called(judged: Iterable[Judged], *, null: bool) -> int:
    """Return how many null or planted models are called ready."""
    return sum(each.ready for each in judged if each.null == null)


def detection(judged: Iterable[Judged], key: Callable[[Model], float]) -> Mapping[float, Rate]:
    """Return the share of planted models called ready, by a property of theirs."""
    found: dict[float, list[bool]] = {}
    for each in judged:
        if not each.null:
            found.setdefault(key(each.model), []).append(each.ready)
    return {value: share(flags) for value, flags in sorted(found.items())}


def chance_of(model: Model, world: World) -> float:
    """Return the chance that a signal of a null model's design hits: a count over all draws."""
    hits = world.hits(model.action, model.horizon)
    if model.design != IN_A_ROW:
        return float(hits.mean())
    # of its own ticker, over all sessions at which a row of that length can begin
    upto = np.concatenate(([0], np.cumsum(hits[model.tickers[0]])))
    return float(np.mean(upto[model.n :] - upto[: -model.n])) / model.n


def wilson_covers(each: Replayed, world: World) -> bool:
    """Return whether the interval of the hit rate holds the true chance."""
    return each.hit_low <= chance_of(each.model, world) <= each.hit_high


def effective_number(rows: Sequence[Replayed], world: World) -> float:
    """Return how many independent signals would scatter as much about the truth."""
    apart = [(each.hit_rate - chance_of(each.model, world)) ** 2 for each in rows]
    spread = [p * (1 - p) for p in (chance_of(each.model, world) for each in rows)]
    return math.fsum(spread) / math.fsum(apart)


def original_passes(model: Model, world: World) -> list[bool]:
    """Return whether the original's rule as it was written validates each signal.

    Thirty observations, of which the first is the entry; their return to the
    power of 365 / 30, without costs, over 10 %.
    """
    last = world.entries
    reach = _ORIGINAL_OBSERVATIONS - 1
    raw = world.closes[:, reach : last + reach] / world.closes[:, :last] - 1
    signed = raw if model.action == "BUY" else -raw
    needed = (1 + _ORIGINAL_RETURN) ** (_ORIGINAL_OBSERVATIONS / _ORIGINAL_DAYS) - 1
    return [float(each) > needed for each in model.of(signed)]
