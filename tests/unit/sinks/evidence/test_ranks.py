"""Rank correlation against scipy, with ties, and where there is no order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sinks.evidence.ranks import spearman
from tests.unit.sinks.evidence.strategies import ORACLE, returns, undefined_because, value_of

few_levels = st.sampled_from([-0.9, -0.5, 0.0, 0.5, 0.9])
pairs = st.lists(st.tuples(few_levels | returns, returns), min_size=3, max_size=80)


@ORACLE
@given(pairs.filter(lambda held: all(len(set(side)) > 1 for side in zip(*held, strict=True))))
def test_a_rank_correlation_is_that_of_scipy(held: list[tuple[float, float]]) -> None:
    x, y = [each for each, _ in held], [each for _, each in held]

    assert value_of(spearman(x, y)) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert spearman(x, y) == spearman(y, x) == spearman(x[::-1], y[::-1])


@pytest.mark.parametrize("n", [3, 7, 50])
def test_the_same_order_is_one_and_the_opposite_is_minus_one(n: int) -> None:
    x = [0.1 * each for each in range(n)]

    assert value_of(spearman(x, [each**3 for each in x])) == 1.0
    assert value_of(spearman(x, x[::-1])) == -1.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_rank_correlation_needs_three_pairs(n: int) -> None:
    assert undefined_because(spearman([1.0, 2.0][:n], [2.0, 1.0][:n]), f"3 pairs, was {n}")


def test_one_confidence_for_all_ranks_nothing() -> None:
    assert undefined_because(spearman([0.7] * 5, [1, 2, 3, 4, 5]), "one side does not vary")
    assert undefined_because(spearman([1, 2, 3, 4, 5], [0.7] * 5), "one side does not vary")


def test_sides_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 3 values on both sides, was 2"):
        spearman([1, 2, 3], [1, 2])
