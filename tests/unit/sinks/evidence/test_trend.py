"""The trend of a series, its errors against statsmodels, and where it is too short."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from sinks.evidence.moments import newey_west_lag
from sinks.evidence.trend import _mean_variance, trend
from tests.unit.sinks.evidence.strategies import FEW, undefined_because, value_of


def error_of_mean(values: list[float]) -> float:
    lags = {"maxlags": newey_west_lag(len(values))}
    return float(OLS(values, np.ones(len(values))).fit(cov_type="HAC", cov_kwds=lags).bse[0])


@FEW
@given(st.integers(0, 2**32), st.integers(120, 500), st.floats(-0.02, 0.01))
def test_decay_is_a_fall_beyond_the_error_that_statsmodels_gives(
    seed: int, n: int, shift: float
) -> None:
    noise = np.random.default_rng(seed).normal(0.001, 0.02, n + 1)
    values = noise[1:] + 0.3 * noise[:-1]
    values[-60:] += shift
    before, lately = values[:-60].tolist(), values[-60:].tolist()
    error = math.hypot(error_of_mean(before), error_of_mean(lately))
    variances = _mean_variance(lately), _mean_variance(before)
    found = trend(values.tolist())

    assert math.sqrt(sum(variances)) == pytest.approx(error, rel=1e-9)
    assert found.decayed is bool(np.mean(lately) < np.mean(before) - 1.645 * error)
    assert value_of(found.mean_before) == pytest.approx(np.mean(before), abs=1e-12)
    assert value_of(found.mean_60) == pytest.approx(np.mean(lately), abs=1e-12)
    assert value_of(found.mean_30) == pytest.approx(np.mean(lately[30:]), abs=1e-12)
    assert (found.n_30, found.n_60, found.n_before) == (30, 60, n - 60)
    assert bool(found.reason) is found.decayed


def test_no_trend_is_called_decayed_more_often_than_one_in_twenty() -> None:
    bits = np.random.default_rng(11)
    called = sum(trend(bits.normal(0, 1, 240).tolist()).decayed is True for _ in range(1_000))

    assert called / 1_000 == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("n", [0, 1, 2, 30, 60, 119])
def test_less_than_sixty_days_and_sixty_before_say_nothing_about_decay(n: int) -> None:
    found = trend([0.01 * (-1) ** at for at in range(n)])

    assert found.decayed is None
    assert found.reason == f"expected at least 120 values, was {n}"
    assert (found.n_30, found.n_60, found.n_before) == (min(n, 30), min(n, 60), max(0, n - 60))
    assert (found.mean_30.value is None) == (n == 0)
    assert undefined_because(found.mean_before, "no value") == (n <= 60)


def test_a_series_that_does_not_vary_says_nothing_about_decay() -> None:
    found = trend([0.02] * 60 + [0.01] * 60)

    assert (found.decayed, found.reason) == (None, "the values do not vary")
