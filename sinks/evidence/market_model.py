"""PURE: alpha and beta against a benchmark (Jensen 1968), errors after Newey-West 1987."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
    x_mean, y_mean = mean(benchmark), mean(excess)
    x_apart = [each - x_mean for each in benchmark]
    square = math.fsum(each * each for each in x_apart)
    products = (x * (y - y_mean) for x, y in zip(x_apart, excess, strict=True))
    beta = math.fsum(products) / square
    alpha = y_mean - beta * x_mean
    rest = [(y - y_mean) - beta * x for x, y in zip(x_apart, excess, strict=True)]
    # alpha is a weighted sum of the values; its error is that sum over the residuals
    weights = [1 / n - x_mean * x / square for x in x_apart]
    return MarketModel(
        alpha=known(alpha),
        alpha_t=_t_value(alpha, weights, rest),
        beta=known(beta),
        n=n,
        lag=newey_west_lag(n),
    )


def _t_value(alpha: float, weights: Sequence[float], rest: Sequence[float]) -> Figure:
    if max(abs(each) for each in rest) <= ROUNDING:
        return undefined("the residuals are zero")
    moved = [weight * each for weight, each in zip(weights, rest, strict=True)]
    variance = newey_west_sum(moved, newey_west_lag(len(rest)))
    if variance <= 0:
        return undefined("the estimated variance of alpha is not positive")
    return known(alpha / math.sqrt(variance))


def _nothing(reason: str, n: int) -> MarketModel:
    missing = undefined(reason)
    lag = newey_west_lag(n) if n else 0
    return MarketModel(alpha=missing, alpha_t=missing, beta=missing, n=n, lag=lag)
