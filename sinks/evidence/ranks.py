"""PURE: how far two orders agree; exact, since ranks are whole numbers."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sinks.evidence.figures import Figure, known, undefined

_MIN = 3


def spearman(x: Sequence[float], y: Sequence[float]) -> Figure:
    """Return the rank correlation; equal values share their average rank.

    >>> spearman([1, 2, 3], [10, 30, 20]).value
    0.5
    """
    n = len(x)
    if len(y) != n:
        msg = f"expected {n} values on both sides, was {len(y)}"
        raise ValueError(msg)
    left, right = _centred_ranks(x), _centred_ranks(y)
    return correlation(
        n, int((left * right).sum()), int((left * left).sum()), int((right * right).sum())
    )


def correlation(n: int, shared: int, left: int, right: int) -> Figure:
    """Return the correlation of n pairs of centred ranks, by the sums of their products.

    Their scale does not matter.
    """
    if n < _MIN:
        return undefined(f"expected at least {_MIN} pairs, was {n}")
    squares = left * right
    if squares == 0:
        return undefined("one side does not vary")
    return known(min(max(shared / math.sqrt(squares), -1.0), 1.0))


def _centred_ranks(values: Sequence[float]) -> npt.NDArray[np.int64]:
    """Return twice the average rank less its mean: whole numbers, so that sums are exact."""
    held = np.asarray(values, dtype=np.float64)
    _, at, counts = np.unique(held, return_inverse=True, return_counts=True)
    upto = np.cumsum(counts)
    doubled = 2 * upto - counts + 1
    ranks: npt.NDArray[np.int64] = (doubled[at] - (len(held) + 1)).astype(np.int64)
    return ranks
