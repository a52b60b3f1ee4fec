"""PURE: alpha and beta against a benchmark (Jensen 1968), errors after Newey-West 1987."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sinks.evidence.exact import Floats
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import ROUNDING, is_constant, mean, newey_west_lag, newey_west_sum

_MIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketModel:
    """The line excess = alpha + beta x benchmark excess; alpha is per period."""

    alpha: Figure
    alpha_t: Figure
    beta: Figure
    n: int
    lag: int


def jensen(excess: Sequence[float], benchmark_excess: Sequence[float]) -> MarketModel:
    """Return ordinary least squares of excess on benchmark excess, day by day."""
    n = len(excess)
    if len(benchmark_excess) != n:
        msg = f"expected {n} returns of the benchmark, was {len(benchmark_excess)}"
        raise ValueError(msg)
    if n < _MIN:
        return _nothing(f"expected at least {_MIN} returns, was {n}", n)
    if is_constant(benchmark_excess):
        return _nothing("the benchmark does not vary", n)
    return _line(excess, benchmark_excess, n)


def _line(excess: Sequence[float], benchmark: Sequence[float], n: int) -> MarketModel:
    # Each step is one of Python's own, a column at a time: no bit is another.
    x_mean, y_mean = mean(benchmark), mean(excess)
    x_apart, y_apart = np.array(benchmark) - x_mean, np.array(excess) - y_mean
    square = math.fsum((x_apart * x_apart).tolist())
    beta = math.fsum((x_apart * y_apart).tolist()) / square
    alpha = y_mean - beta * x_mean
    rest = y_apart - beta * x_apart
    # alpha is a weighted sum of the values; its error is that sum over the residuals
    weights = 1 / n - x_mean * x_apart / square
    return MarketModel(
        alpha=known(alpha),
        alpha_t=_t_value(alpha, weights, rest),
        beta=known(beta),
        n=n,
        lag=newey_west_lag(n),
    )


def _t_value(alpha: float, weights: Floats, rest: Floats) -> Figure:
    if float(np.abs(rest).max()) <= ROUNDING:
        return undefined("the residuals are zero")
    variance = newey_west_sum(weights * rest, newey_west_lag(len(rest)))
    if variance <= 0:
        return undefined("the estimated variance of alpha is not positive")
    return known(alpha / math.sqrt(variance))


def _nothing(reason: str, n: int) -> MarketModel:
    missing = undefined(reason)
    lag = newey_west_lag(n) if n else 0
    return MarketModel(alpha=missing, alpha_t=missing, beta=missing, n=n, lag=lag)
