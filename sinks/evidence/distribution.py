"""PURE: the normal distribution, exact to the last bits also far out in its tails."""

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def normal_cdf(x: float) -> float:
    """Return P(Z <= x), also where it is tiny.

    >>> normal_cdf(0.0), f"{normal_cdf(-20.0):.4g}"
    (0.5, '2.754e-89')
    """
    return 0.5 * math.erfc(-x / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """Return the x with P(Z <= x) = p, for p inside (0, 1).

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    if not 0 < p < 1:
        msg = f"expected a probability between 0 and 1, was {p!r}"
        raise ValueError(msg)
    return _STANDARD.inv_cdf(p)
