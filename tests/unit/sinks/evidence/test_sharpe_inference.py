"""PSR, MinTRL and DSR on the published values, against scipy, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from sinks.evidence.figures import known, undefined
from sinks.evidence.returns import shape, sharpe_ratio
from sinks.evidence.sharpe_inference import (
    deflated_benchmark,
    expected_max_z,
    min_track_record,
    probabilistic_sharpe,
)
from tests.unit.sinks.evidence.strategies import ORACLE, undefined_because, value_of, varying

DAILY = math.sqrt(252)
ratios = st.floats(-1, 1)
skews = st.floats(-3, 3)


@pytest.mark.parametrize(("annual", "expected"), [(1, 0.633), (2, 0.750)])
def test_thirty_days_say_so_much_about_a_sharpe_ratio(annual: float, expected: float) -> None:
    assert round(value_of(probabilistic_sharpe(annual / DAILY, 30)), 3) == expected


@pytest.mark.parametrize(("n", "expected"), [(30, 4.97), (60, 3.44), (252, 1.66)])
def test_the_smallest_annual_sharpe_ratio_that_convinces_is_published(
    n: int, expected: float
) -> None:
    assert value_of(probabilistic_sharpe(expected / DAILY, n)) >= 0.95
    assert value_of(probabilistic_sharpe((expected - 0.01) / DAILY, n)) < 0.95


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "expected"),
    [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)],
)
def test_a_deflated_sharpe_ratio_is_the_published_one(
    trials: int, skewness: float, kurtosis: float, expected: float
) -> None:
    benchmark = deflated_benchmark(0.5 / 250, trials)
    found = probabilistic_sharpe(2.5 / math.sqrt(250), 1250, skewness, kurtosis, benchmark)

    assert round(value_of(found), 4) == expected


def test_a_hundred_trials_have_to_beat_the_published_benchmark() -> None:
    assert round(value_of(deflated_benchmark(0.5 / 250, 100)), 4) == 0.1132


@pytest.mark.parametrize(
    ("annual", "skewness", "kurtosis", "expected"),
    [
        (1, 0, 3, 684.15),
        (1, -0.7, 6, 716.24),
        (1.5, 0, 3, 305.37),
        (2, 0, 3, 172.80),
        (3, 0, 3, 78.11),
    ],
)
def test_a_track_record_has_to_be_so_long(
    annual: float, skewness: float, kurtosis: float, expected: float
) -> None:
    assert round(value_of(min_track_record(annual / DAILY, skewness, kurtosis)), 2) == expected


@pytest.mark.parametrize(
    ("trials", "z", "annual"),
    [(10, 1.575, 4.6), (50, 2.276, 6.6), (100, 2.531, 7.3), (1000, 3.255, 9.4)],
)
def test_the_best_of_many_null_trials_looks_as_good_as_published(
    trials: int, z: float, annual: float
) -> None:
    found = value_of(expected_max_z(trials))

    assert round(found, 3) == z
    assert round(found * DAILY / math.sqrt(30), 1) == annual


@pytest.mark.parametrize("trials", [2, 5, 10, 100, 1000, 10**6])
def test_the_bracket_is_near_the_true_mean_of_the_greatest(trials: int) -> None:
    def weighted(x: float) -> float:
        return x * trials * stats.norm.pdf(x) * stats.norm.cdf(x) ** (trials - 1)

    true_mean, _ = integrate.quad(weighted, -8, 12, limit=200)

    assert value_of(expected_max_z(trials)) == pytest.approx(true_mean, abs=0.045)


@ORACLE
@given(ratios, st.integers(2, 5_000), skews, st.floats(0.1, 20), ratios)
def test_a_psr_is_the_formula_in_the_words_of_scipy(
    ratio: float, n: int, skewness: float, beyond: float, benchmark: float
) -> None:
    kurtosis = 1 + skewness**2 + beyond
    error = np.sqrt((1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2) / (n - 1))
    expected = stats.norm.sf(benchmark, loc=ratio, scale=error)
    found = probabilistic_sharpe(
        known(ratio), n, known(skewness), known(kurtosis), known(benchmark)
    )

    assert value_of(found) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@ORACLE
@given(st.floats(0.02, 1), skews, st.floats(0.1, 20), st.floats(0.6, 0.999))
def test_the_psr_reaches_the_level_at_the_least_track_record_and_not_before(
    ratio: float, skewness: float, beyond: float, level: float
) -> None:
    kurtosis = 1 + skewness**2 + beyond
    least = value_of(min_track_record(ratio, skewness, kurtosis, level=level))
    after, before = math.ceil(least + 1e-6), math.floor(least - 1e-6)

    if after > 1:
        assert value_of(probabilistic_sharpe(ratio, after, skewness, kurtosis)) >= level
    if before > 1:
        assert value_of(probabilistic_sharpe(ratio, before, skewness, kurtosis)) < level


@ORACLE
@given(varying(min_size=3))
def test_the_error_of_a_sharpe_ratio_is_never_negative_with_the_moments_of_its_own_returns(
    values: list[float],
) -> None:
    found = probabilistic_sharpe(sharpe_ratio(values), len(values), *shape(values))

    assert found.value is None or 0 <= found.value <= 1
    assert found.value is not None or found.reason


@pytest.mark.parametrize(("draw", "name"), [("normal", "normal"), ("gamma", "skewed")])
def test_the_psr_convinces_wrongly_as_often_as_it_says(draw: str, name: str) -> None:
    """2,000 series whose true Sharpe ratio is the benchmark: one in twenty reaches .95."""
    bits = np.random.default_rng(7)
    reached = 0
    for _ in range(2_000):
        values = bits.normal(0.1, 1, 120) if draw == "normal" else bits.gamma(4, 0.5, 120) - 1.9
        figures = sharpe_ratio(values.tolist()), 120, *shape(values.tolist())
        reached += value_of(probabilistic_sharpe(*figures, benchmark=0.1)) >= 0.95

    # three standard errors of the simulation, and what is left of the small sample's bias
    assert reached / 2_000 == pytest.approx(0.05, abs=0.015 + 0.01), name


def test_what_is_undefined_hands_on_its_reason() -> None:
    missing = undefined("the returns do not vary")

    assert probabilistic_sharpe(missing, 30) == missing
    assert probabilistic_sharpe(0.1, 30, skewness=missing) == missing
    assert probabilistic_sharpe(0.1, 30, kurtosis=missing) == missing
    assert probabilistic_sharpe(0.1, 30, benchmark=missing) == missing
    assert min_track_record(missing) == missing
    assert deflated_benchmark(missing, 10) == missing


@pytest.mark.parametrize("n", [0, 1])
def test_a_psr_needs_two_returns(n: int) -> None:
    assert undefined_because(probabilistic_sharpe(0.1, n), f"at least 2 returns, was {n}")


def test_moments_that_leave_no_variance_make_no_psr_and_no_track_record() -> None:
    assert undefined_because(probabilistic_sharpe(1.0, 30, 2.0, 5.0), "not positive")
    assert undefined_because(min_track_record(1.0, 2.0, 5.0), "not positive")


@pytest.mark.parametrize("ratio", [0.0, -0.1])
def test_no_track_record_is_long_enough_without_an_edge(ratio: float) -> None:
    assert undefined_because(min_track_record(ratio), "not above the benchmark's")
    assert undefined_because(min_track_record(0.1, benchmark=0.1), "not above the benchmark's")
    assert undefined_because(min_track_record(1e-200), "not a finite number")


@pytest.mark.parametrize("trials", [0, 1])
def test_one_trial_has_nothing_to_be_deflated_by(trials: int) -> None:
    assert undefined_because(expected_max_z(trials), f"at least 2 trials, was {trials}")
    assert undefined_because(deflated_benchmark(0.1, trials), "at least 2 trials")


def test_a_benchmark_needs_a_variance_and_is_zero_where_all_trials_agree() -> None:
    assert undefined_because(deflated_benchmark(-0.1, 10), "expected a variance of at least 0")
    assert value_of(deflated_benchmark(0.0, 10)) == 0.0
    assert value_of(expected_max_z(10**20)) > 9
