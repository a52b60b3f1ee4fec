"""The normal distribution against scipy, also far out in its tails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sinks.evidence.distribution import normal_cdf, normal_quantile
from tests.unit.sinks.evidence.strategies import ORACLE


@ORACLE
@given(st.floats(-37, 37))
def test_a_probability_is_that_of_scipy_to_twelve_digits(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-12, abs=0)


@ORACLE
@given(st.floats(1e-300, 1, exclude_max=True))
def test_a_quantile_is_that_of_scipy(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_certainty_has_no_quantile(p: float) -> None:
    with pytest.raises(ValueError, match="expected a probability between 0 and 1, was"):
        normal_quantile(p)
