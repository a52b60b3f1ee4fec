"""PURE: how sure a Sharpe ratio is: PSR, MinTRL and DSR (Bailey, Lopez de Prado 2012, 2014).

Sharpe ratios are per period, kurtosis is raw (normal = 3). A figure may stand
for any number; one that is undefined hands on its reason.
"""

import math

from sinks.evidence.distribution import normal_cdf, normal_quantile
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import Number

_EULER_GAMMA = 0.5772156649015329
_NO_VARIANCE = "the estimated variance of the Sharpe ratio is not positive"


def probabilistic_sharpe(
    sharpe: Number,
    n: int,
    skewness: Number = 0.0,
    kurtosis: Number = 3.0,
    benchmark: Number = 0.0,
) -> Figure:
    """Return the probability that the true Sharpe ratio exceeds the benchmark's.

    >>> round(probabilistic_sharpe(1 / 252**0.5, 30).value, 3)
    0.633
    """
    if missing := _missing(sharpe, skewness, kurtosis, benchmark):
        return missing
    if n <= 1:
        return undefined(f"expected at least 2 returns, was {n}")
    ratio = _number(sharpe)
    variance = _variance(ratio, _number(skewness), _number(kurtosis))
    if variance <= 0:
        return undefined(_NO_VARIANCE)
    z = (ratio - _number(benchmark)) * math.sqrt(n - 1) / math.sqrt(variance)
    return known(normal_cdf(z))


def min_track_record(
    sharpe: Number,
    skewness: Number = 0.0,
    kurtosis: Number = 3.0,
    benchmark: Number = 0.0,
    level: float = 0.95,
) -> Figure:
    """Return the number of returns at which the PSR reaches the level.

    >>> round(min_track_record(2 / 252**0.5).value, 2)
    172.8
    """
    if missing := _missing(sharpe, skewness, kurtosis, benchmark):
        return missing
    edge = _number(sharpe) - _number(benchmark)
    if edge <= 0:
        return undefined("the Sharpe ratio is not above the benchmark's")
    variance = _variance(_number(sharpe), _number(skewness), _number(kurtosis))
    if variance <= 0:
        return undefined(_NO_VARIANCE)
    try:
        return known(1 + variance * (normal_quantile(level) / edge) ** 2)
    except OverflowError:
        return undefined("not a finite number")


def expected_max_z(trials: int) -> Figure:
    """Return the expected greatest of N independent standard normal values.

    >>> round(expected_max_z(100).value, 3)
    2.531
    """
    if trials <= 1:
        return undefined(f"expected at least 2 trials, was {trials}")
    # Z(1 - q) as -Z(q): exact also where 1 - q rounds to 1
    once = -normal_quantile(1 / trials)
    further = -normal_quantile(1 / (trials * math.e))
    return known((1 - _EULER_GAMMA) * once + _EULER_GAMMA * further)


def deflated_benchmark(variance: Number, trials: int) -> Figure:
    """Return the Sharpe ratio to beat after N trials whose Sharpe ratios vary so much.

    The DSR is the PSR against it.
    """
    if missing := _missing(variance):
        return missing
    spread = _number(variance)
    if spread < 0:
        return undefined(f"expected a variance of at least 0, was {spread!r}")
    bracket = expected_max_z(trials)
    return bracket if bracket.value is None else known(math.sqrt(spread) * bracket.value)


def _variance(sharpe: float, skewness: float, kurtosis: float) -> float:
    return math.fsum((1.0, -skewness * sharpe, (kurtosis - 1) / 4 * sharpe * sharpe))


def _missing(*numbers: Number) -> Figure | None:
    for each in numbers:
        if isinstance(each, Figure) and each.value is None:
            return each
    return None


def _number(value: Number) -> float:
    if not isinstance(value, Figure):
        return value
    if value.value is None:
        msg = f"expected a number, was undefined: {value.reason}"
        raise ValueError(msg)
    return value.value
