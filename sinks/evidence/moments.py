"""PURE: means, spreads and Newey-West sums, which several measures rest on."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sinks.evidence.figures import Figure

Number = float | Figure

# Prices and returns are rounded to some 1e-16 of their ratio; a spread below this is rounding.
ROUNDING = 1e-12


def mean(values: Sequence[float]) -> float:
    """Return the mean in whatever order the values come; of equal values exactly that value."""
    middle = math.fsum(values) / len(values)
    return min(max(middle, min(values)), max(values))


def is_constant(values: Sequence[float]) -> bool:
    """Return whether the values do not vary, but for their rounding."""
    low, high = min(values), max(values)
    return high - low <= ROUNDING * max(1.0, abs(low), abs(high))


def newey_west_lag(n: int) -> int:
    """Return the lag for n values: floor(4 (n / 100)^(2/9)), below n.

    >>> [newey_west_lag(n) for n in (2, 60, 100, 252)]
    [1, 3, 4, 4]
    """
    return min(math.floor(4 * float((n / 100) ** (2 / 9))), n - 1)


def newey_west_sum(values: Sequence[float] | npt.NDArray[np.float64], lag: int) -> float:
    """Return the variance of the sum of centred values, autocorrelated up to the lag.

    Bartlett weights (Newey, West 1987), no correction for small samples.
    """
    held = np.asarray(values, dtype=np.float64)
    parts = [_product_sum(held, held)]
    for step in range(1, lag + 1):
        weight = 1 - step / (lag + 1)
        parts.append(2 * weight * _product_sum(held[step:], held[:-step]))
    return math.fsum(parts)


def _product_sum(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    # Not a dot product: the last bit of BLAS differs by machine.
    return math.fsum((left * right).tolist())
