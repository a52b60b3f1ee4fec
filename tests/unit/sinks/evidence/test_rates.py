"""Wilson's interval against scipy, against its golden counts, and against its own promise."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sinks.evidence.rates import wilson_interval
from tests.unit.sinks.evidence.strategies import ORACLE


@ORACLE
@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_is_that_of_scipy(case: tuple[int, int]) -> None:
    count, n = case
    expected = stats.binomtest(count, n).proportion_ci(confidence_level=0.95, method="wilson")

    assert wilson_interval(count, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("share", "count", "n"),
    [(0.53, 558, 1052), (0.55, 204, 370), (0.58, 84, 144), (0.60, 55, 91)],
)
def test_so_many_signals_at_a_rate_first_exceed_a_half(share: float, count: int, n: int) -> None:
    first = next(
        size for size in range(1, n + 1) if wilson_interval(round(share * size), size)[0] > 0.5
    )

    assert (round(share * first), first) == (count, n)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9])
@pytest.mark.parametrize("n", [30, 60, 120, 400])
def test_the_interval_covers_the_true_rate_as_often_as_it_says(share: float, n: int) -> None:
    """Exact, no simulation: the binomial weight of the counts whose interval holds the rate."""
    covered = math.fsum(
        stats.binom.pmf(range(n + 1), n, share)
        * [low <= share <= high for low, high in (wilson_interval(k, n) for k in range(n + 1))]
    )

    assert covered == pytest.approx(0.95, abs=0.025)
