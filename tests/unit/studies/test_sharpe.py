"""Series of a stated Sharpe ratio: drawn as stated, and counted once each."""

import math

import pytest

from studies.sharpe import NORMAL, REAL, pooled, psr_cases
from studies.world import World


def test_the_psr_is_extreme_as_often_as_it_says_of_normal_returns(world: World) -> None:
    cases = psr_cases(world, [1, 2], 60)
    low, high = pooled(cases, NORMAL)

    assert len(cases) == 8
    assert all(each.low.n == each.high.n == 120 for each in cases)
    assert low.n == high.n == 720
    # 4 standard errors of a share of 5 %
    for each in (low, high):
        assert each.value == pytest.approx(0.05, abs=4 * math.sqrt(0.0475 / 720))


def test_the_truth_of_real_closes_is_that_of_all_their_returns(world: World) -> None:
    returns = world.daily_returns()
    cases = [each for each in psr_cases(world, [1], 2) if each.kind == REAL]

    assert [each.sessions for each in cases] == [60, 252]
    for each in cases:
        expected = returns.mean() / returns.std() * math.sqrt(252)
        assert each.annual_sharpe == pytest.approx(expected)
