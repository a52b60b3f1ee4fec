"""PURE: what a series of returns has earned and risked; all are fractions a period."""

import math
from collections.abc import Sequence

from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import is_constant, mean

_SHAPE_MIN = 3


def sharpe_ratio(excess: Sequence[float]) -> Figure:
    """Return mean / standard deviation (ddof 1) of excess returns, per period.

    >>> sharpe_ratio([0.01, 0.01]).reason
    'the returns do not vary'
    """
    n = len(excess)
    if n <= 1:
        return undefined(f"expected at least 2 returns, was {n}")
    if is_constant(excess):
        return undefined("the returns do not vary")
    middle = mean(excess)
    variance = math.fsum((each - middle) ** 2 for each in excess) / (n - 1)
    return known(middle / math.sqrt(variance))


def annual_sharpe(sharpe: Figure, periods_per_year: int) -> Figure:
    """Return the Sharpe ratio times sqrt(A): right only for independent returns (Lo 2002)."""
    if sharpe.value is None:
        return sharpe
    return known(sharpe.value * math.sqrt(periods_per_year))


def shape(values: Sequence[float]) -> tuple[Figure, Figure]:
    """Return skewness and raw kurtosis (normal = 3) from population moments.

    Two values always have skewness 0 and kurtosis 1: nothing is known before three.
    """
    n = len(values)
    if n < _SHAPE_MIN:
        missing = undefined(f"expected at least {_SHAPE_MIN} values, was {n}")
        return missing, missing
    if is_constant(values):
        missing = undefined("the values do not vary")
        return missing, missing
    middle = mean(values)
    apart = [each - middle for each in values]
    second, third, fourth = (math.fsum(each**power for each in apart) / n for power in (2, 3, 4))
    return known(third / second**1.5), known(fourth / second**2)


def equity_curve(returns: Sequence[float]) -> list[float]:
    """Return 1.0 and what it has grown to after each return; 0.0 from ruin on.

    >>> equity_curve([0.5, -1.0, 0.5])
    [1.0, 1.5, 0.0, 0.0]
    """
    curve = [1.0]
    for each in returns:
        curve.append(max(0.0, curve[-1] * (1 + each)))
    return curve


def underwater(equity: Sequence[float]) -> list[float]:
    """Return how far each value lies below the greatest so far, as a share of that.

    >>> underwater([1.0, 2.0, 1.5])
    [0.0, 0.0, 0.25]
    """
    below, peak = [], -math.inf
    for each in equity:
        peak = max(peak, each)
        below.append(1 - each / peak)
    return below


def max_drawdown(returns: Sequence[float]) -> Figure:
    """Return the greatest 1 - V / peak, with V_0 = 1; 1 at ruin."""
    if not returns:
        return undefined("no return")
    curve = equity_curve(returns)
    if not math.isfinite(max(curve)):
        return undefined("not a finite number")
    return known(max(underwater(curve)))


def profit_factor(values: Sequence[float]) -> Figure:
    """Return the sum of gains over the sum of losses.

    >>> profit_factor([0.03, -0.02]).value, profit_factor([0.03]).reason
    (1.5, 'no loss')
    """
    if not values:
        return undefined("no return")
    losses = -math.fsum(each for each in values if each < 0)
    if losses == 0:
        return undefined("no loss")
    return known(math.fsum(each for each in values if each > 0) / losses)


def expectancy(values: Sequence[float]) -> Figure:
    """Return what one trade is worth: the mean of all.

    It is the same as share of wins x mean win - share of losses x mean loss.
    """
    return known(mean(values)) if values else undefined("no return")
