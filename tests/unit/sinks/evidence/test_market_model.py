"""Alpha, beta and their errors against statsmodels, and where there is no line to draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from sinks.evidence.figures import undefined
from sinks.evidence.market_model import jensen
from tests.unit.sinks.evidence.strategies import FEW, undefined_because, value_of


def made(seed: int, n: int, beta: float) -> tuple[list[float], list[float]]:
    bits = np.random.default_rng(seed)
    market = bits.normal(0.0003, 0.01, n)
    noise = bits.standard_t(4, n + 2) * 0.01
    own = 0.0005 + beta * market + noise[2:] + 0.4 * noise[1:-1] - 0.2 * noise[:-2]
    return own.tolist(), market.tolist()


@FEW
@given(st.integers(0, 2**32), st.integers(4, 600), st.floats(-2, 2))
def test_the_line_and_its_t_value_are_those_of_statsmodels(seed: int, n: int, beta: float) -> None:
    own, market = made(seed, n, beta)
    found = jensen(own, market)
    design = np.column_stack((np.ones(n), market))
    expected = OLS(own, design).fit(cov_type="HAC", cov_kwds={"maxlags": found.lag})

    assert found.lag == int(4 * (n / 100) ** (2 / 9))
    assert found.n == n
    assert value_of(found.alpha) == pytest.approx(expected.params[0], rel=1e-7, abs=1e-12)
    assert value_of(found.beta) == pytest.approx(expected.params[1], rel=1e-7, abs=1e-12)
    assert value_of(found.alpha_t) == pytest.approx(expected.tvalues[0], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("n", "lag"), [(30, 3), (60, 3), (100, 4), (252, 4), (1000, 6)])
def test_the_lag_follows_the_rule(n: int, lag: int) -> None:
    assert jensen(*made(1, n, 1.0)).lag == lag


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_line_needs_three_returns(n: int) -> None:
    found = jensen([0.01, 0.02][:n], [0.02, -0.01][:n])
    missing = undefined(f"expected at least 3 returns, was {n}")

    assert (found.alpha, found.beta, found.alpha_t, found.n) == (missing, missing, missing, n)


def test_a_benchmark_that_does_not_move_explains_nothing() -> None:
    found = jensen([0.01, -0.02, 0.03, 0.01], [0.001] * 4)

    for each in (found.alpha, found.beta, found.alpha_t):
        assert undefined_because(each, "the benchmark does not vary")


def test_what_is_explained_in_full_has_a_beta_and_no_t_value() -> None:
    market = [0.01, -0.02, 0.03, 0.015, -0.004]
    found = jensen([0.001 + 2 * each for each in market], market)

    assert value_of(found.beta) == pytest.approx(2)
    assert value_of(found.alpha) == pytest.approx(0.001)
    assert undefined_because(found.alpha_t, "the residuals are zero")


def test_returns_that_do_not_move_have_a_beta_of_zero_and_no_t_value() -> None:
    found = jensen([0.0] * 4, [0.01, -0.02, 0.03, 0.015])

    assert (found.alpha.value, found.beta.value, found.alpha_t.value) == (0.0, 0.0, None)


def test_a_benchmark_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 3 returns of the benchmark, was 2"):
        jensen([0.1, 0.2, 0.3], [0.1, 0.2])
