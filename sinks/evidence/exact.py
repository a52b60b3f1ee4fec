"""PURE: sums of floats without rounding, as columns of whole numbers.

A float is cut into three parts, each a whole number of a fixed power of 2. Sums of
parts are whole numbers, too: added and taken away in any order they end at the same
bits. `rounded` gives the float nearest to the exact sum, as `math.fsum` does.

What lies below 2^-92 of a value is cut off, and a value beyond 65,536 counts as that:
a price that moved so far in one session is absurd.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

PARTS = 3
MOST = 65_536.0
# 36 bits a part: sums of 2^26 values stay within 63 bits.
_BITS = 36
_SHIFTS = (20, 20 + _BITS, 20 + 2 * _BITS)
_HALF, _MASK = 1 << (_BITS - 1), (1 << _BITS) - 1
# So many sums are rounded at a time that the processor's cache holds them.
_BLOCK = 8_192
# A whole number beyond this is no float.
_WHOLE = 1 << 53


def parts_of(values: Floats) -> Ints:
    """Return the parts of each value: a row a part."""
    rest = np.clip(values, -MOST, MOST)
    found = np.empty((PARTS, *rest.shape), dtype=np.int64)
    for at, shift in enumerate(_SHIFTS):
        whole = np.rint(rest * 2.0**shift)
        found[at] = whole
        # Exact: what is left has no more digits than the value.
        rest = rest - whole * 2.0**-shift
    return found


def whole(parts: Sequence[int] | Ints) -> int:
    """Return one sum as a whole number of 2^-92."""
    high, middle, low = map(int, parts)
    return (high << (2 * _BITS)) + (middle << _BITS) + low


def rounded_sum(parts: Sequence[int] | Ints) -> float:
    """Return the float nearest to one sum."""
    return whole(parts) / (1 << _SHIFTS[-1])


def mean_of(parts: Sequence[int] | Ints, n: int) -> float:
    """Return the float nearest to the exact mean; of equal values that value."""
    return whole(parts) / (n << _SHIFTS[-1])


def total(values: Sequence[float]) -> Ints:
    """Return the parts of the sum of some values."""
    found: Ints = parts_of(np.asarray(values, dtype=np.float64)).sum(axis=1)
    return found


def rounded(parts: Ints) -> Floats:
    """Return the floats nearest to the sums, of which `parts` holds a row a part."""
    n = parts.shape[1]
    if n <= _BLOCK:
        return _rounded(parts)
    found = np.empty(n)
    for first in range(0, n, _BLOCK):
        found[first : first + _BLOCK] = _rounded(parts[:, first : first + _BLOCK])
    return found


def _rounded(parts: Ints) -> Floats:
    high, middle, low = parts
    middle = middle + ((low + _HALF) >> _BITS)
    low = ((low + _HALF) & _MASK) - _HALF
    high = high + ((middle + _HALF) >> _BITS)
    middle = ((middle + _HALF) & _MASK) - _HALF
    terms = (
        each.astype(np.float64) * 2.0**-shift
        for each, shift in zip((high, middle, low), _SHIFTS, strict=True)
    )
    found = _nearest(*terms)
    for at in np.flatnonzero(np.abs(high) >= _WHOLE).tolist():
        found[at] = rounded_sum((high[at], middle[at], low[at]))
    return found


def _nearest(one: Floats, two: Floats, three: Floats) -> Floats:
    """Return the floats nearest to the sums of three (Boldo, Melquiond 2008)."""
    upper, lower = _two_sum(two, three)
    found, error = _two_sum(one, upper)
    found += _to_odd(error, lower)
    return found


def _two_sum(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return the rounded sum, and what the rounding lost."""
    found = left + right
    back = found - left
    return found, (left - (found - back)) + (right - back)


def _to_odd(left: Floats, right: Floats) -> Floats:
    """Return the sum, where it is inexact that neighbour whose last bit is set."""
    found, lost = _two_sum(left, right)
    even = (found.view(np.int64) & 1) == 0
    towards = np.where(lost > 0, math.inf, -math.inf)
    return np.where((lost != 0) & even, np.nextafter(found, towards), found)
