"""PSR against series whose true Sharpe ratio is known: how often it is wrong at either end.

If the true Sharpe ratio is SR*, PSR(SR*) is at most 5 % in 5 % of samples, and
at least 95 % in another 5 %.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sinks.evidence.rates import Rate, rate
from sinks.evidence.returns import shape, sharpe_ratio
from sinks.evidence.sharpe_inference import probabilistic_sharpe
from studies.draws import Draws, Floats
from studies.world import World

TAIL = 0.05
NORMAL, REAL = "normal", "real closes"
_LENGTHS = (60, 252)
_ANNUAL = (0.0, 1.0, 2.0)
_A = 252
_DAILY = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PsrCase:
    """Series of one kind and length, and how often the PSR against the truth was extreme."""

    kind: str
    sessions: int
    annual_sharpe: float
    low: Rate
    high: Rate


def psr_cases(world: World, seeds: Sequence[int], series: int) -> list[PsrCase]:
    """Return every case, of so many series a seed."""
    pool = world.daily_returns()
    truth = float(pool.mean() / pool.std())
    found = []
    for number, (sessions, annual) in enumerate((n, sr) for n in _LENGTHS for sr in _ANNUAL):
        true = annual / math.sqrt(_A)
        samples = (_normal(Draws(seed, 2, number), sessions, series, true) for seed in seeds)
        found.append(_case(NORMAL, sessions, true, samples))
    for number, sessions in enumerate(_LENGTHS):
        samples = (_resampled(Draws(seed, 3, number), sessions, series, pool) for seed in seeds)
        found.append(_case(REAL, sessions, truth, samples))
    return found


def pooled(cases: Sequence[PsrCase], kind: str) -> tuple[Rate, Rate]:
    """Return both shares over all cases of a kind."""
    held = [each for each in cases if each.kind == kind]
    lows, highs = [each.low for each in held], [each.high for each in held]
    return _sum(lows), _sum(highs)


def _case(
    kind: str, sessions: int, true: float, samples: Iterator[Iterator[list[float]]]
) -> PsrCase:
    values = [_psr(each, true) for sample in samples for each in sample]
    return PsrCase(
        kind=kind,
        sessions=sessions,
        annual_sharpe=true * math.sqrt(_A),
        low=rate(sum(each <= TAIL for each in values), len(values)),
        high=rate(sum(each >= 1 - TAIL for each in values), len(values)),
    )


def _psr(returns: list[float], true: float) -> float:
    skewness, kurtosis = shape(returns)
    found = probabilistic_sharpe(sharpe_ratio(returns), len(returns), skewness, kurtosis, true)
    if found.value is None:
        msg = f"expected a PSR, was none: {found.reason}"
        raise ValueError(msg)
    return found.value


def _normal(draws: Draws, sessions: int, series: int, true: float) -> Iterator[list[float]]:
    inverse = NormalDist(true * _DAILY, _DAILY).inv_cdf
    for _ in range(series):
        # half a step up: a draw may be 0, of which there is no normal value
        yield [inverse(each + 2.0**-54) for each in draws.uniforms(sessions).tolist()]


def _resampled(draws: Draws, sessions: int, series: int, pool: Floats) -> Iterator[list[float]]:
    for _ in range(series):
        yield np.take(pool, draws.many_below(len(pool), sessions)).tolist()


def _sum(rates: Sequence[Rate]) -> Rate:
    return rate(sum(each.count for each in rates), sum(each.n for each in rates))
