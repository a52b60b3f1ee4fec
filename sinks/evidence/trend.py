"""PURE: whether what a cohort earns lately has fallen below what it earned before."""

import math
from collections.abc import Sequence

from sinks.evidence.cohort import Trend
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.moments import is_constant, mean, newey_west_lag, newey_west_sum

_SHORT = 30
_LONG = 60
# One-sided 5 %.
_Z95 = 1.645


def trend(values: Sequence[float]) -> Trend:
    """Return the means of the last 30, the last 60, and all before those 60.

    Decayed: the mean of the last 60 lies below the mean before by more than 1.645
    standard errors (Newey-West) of the difference.
    """
    short, long, before = values[-_SHORT:], values[-_LONG:], values[:-_LONG]
    decayed, reason = _decayed(long, before)
    return Trend(
        mean_30=_mean(short),
        n_30=len(short),
        mean_60=_mean(long),
        n_60=len(long),
        mean_before=_mean(before),
        n_before=len(before),
        decayed=decayed,
        reason=reason,
    )


def _decayed(lately: Sequence[float], before: Sequence[float]) -> tuple[bool | None, str]:
    n = len(lately) + len(before)
    if len(before) < _LONG:
        return None, f"expected at least {2 * _LONG} values, was {n}"
    if is_constant(lately) and is_constant(before):
        return None, "the values do not vary"
    fall = mean(before) - mean(lately)
    error = math.sqrt(math.fsum((_mean_variance(lately), _mean_variance(before))))
    if fall > _Z95 * error:
        return True, f"the last {_LONG} fell {fall:.3g}, over {_Z95} standard errors of {error:.3g}"
    return False, ""


def _mean_variance(values: Sequence[float]) -> float:
    middle, n = mean(values), len(values)
    total = newey_west_sum([each - middle for each in values], newey_west_lag(n))
    return max(total, 0.0) / (n * n)


def _mean(values: Sequence[float]) -> Figure:
    return known(mean(values)) if values else undefined("no value")
