"""What a series has earned and risked, against numpy, scipy and naive loops."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from sinks.evidence.figures import Figure, undefined
from sinks.evidence.returns import (
    annual_sharpe,
    equity_curve,
    expectancy,
    max_drawdown,
    profit_factor,
    shape,
    sharpe_ratio,
    underwater,
)
from streams.domain.observations import annualised
from tests.unit.sinks.evidence.strategies import (
    ORACLE,
    series,
    undefined_because,
    value_of,
    varying,
)


@ORACLE
@given(varying())
def test_a_sharpe_ratio_is_the_t_statistic_over_the_root_of_n(values: list[float]) -> None:
    expected = stats.ttest_1samp(values, 0).statistic / math.sqrt(len(values))

    assert value_of(sharpe_ratio(values)) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert value_of(annual_sharpe(sharpe_ratio(values), 252)) == pytest.approx(
        np.mean(values) / np.std(values, ddof=1) * math.sqrt(252), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "expected at least 2 returns, was 0"),
        ([0.01], "expected at least 2 returns, was 1"),
        ([0.01, 0.01], "do not vary"),
        ([0.0] * 30, "do not vary"),
        ([1.01 / 1.0 - 1, 1.0201 / 1.01 - 1], "do not vary"),
    ],
)
def test_a_sharpe_ratio_needs_two_returns_that_differ(values: list[float], words: str) -> None:
    assert undefined_because(sharpe_ratio(values), words)
    assert undefined_because(annual_sharpe(sharpe_ratio(values), 252), words)


@ORACLE
@given(varying(min_size=3))
def test_skewness_and_kurtosis_are_those_of_scipy(values: list[float]) -> None:
    skewness, kurtosis = shape(values)

    assert value_of(skewness) == pytest.approx(stats.skew(values), rel=1e-6, abs=1e-9)
    assert value_of(kurtosis) == pytest.approx(stats.kurtosis(values, fisher=False), rel=1e-6)


@pytest.mark.parametrize("values", [[], [0.1], [0.1, -0.1], [0.1] * 5])
def test_a_shape_needs_three_values_that_differ(values: list[float]) -> None:
    skewness, kurtosis = shape(values)

    assert skewness.value is None
    assert kurtosis == skewness
    assert skewness.reason


@ORACLE
@given(series(min_size=1))
def test_a_drawdown_is_the_worst_of_all_pairs_of_a_peak_and_a_later_value(
    values: list[float],
) -> None:
    curve = np.concatenate(([1.0], np.cumprod(1 + np.array(values))))
    worst = max(
        1 - curve[late] / curve[early] for late in range(len(curve)) for early in range(late + 1)
    )

    assert value_of(max_drawdown(values)) == pytest.approx(worst, abs=1e-12)
    assert equity_curve(values) == pytest.approx(curve.tolist(), rel=1e-12)
    assert underwater(equity_curve(values)) == pytest.approx(
        (1 - curve / np.maximum.accumulate(curve)).tolist(), abs=1e-12
    )


def test_a_loss_from_the_start_counts_against_the_capital_at_the_start() -> None:
    assert value_of(max_drawdown([-0.1, 0.5])) == pytest.approx(0.1)
    assert value_of(max_drawdown([0.1, 0.2])) == 0.0
    assert undefined_because(max_drawdown([]), "no return")


@pytest.mark.parametrize("last", [-1.0, -1.5])
def test_nothing_grows_again_after_ruin(last: float) -> None:
    assert equity_curve([0.5, last, 10.0, -0.1]) == [1.0, 1.5, 0.0, 0.0, 0.0]
    assert value_of(max_drawdown([0.5, last, 10.0])) == 1.0


def test_an_equity_beyond_all_numbers_has_no_drawdown() -> None:
    assert undefined_because(max_drawdown([1e200, 1e200, -0.5]), "not a finite number")


@ORACLE
@given(series(min_size=1))
def test_profit_factor_and_expectancy_are_those_of_the_wins_and_losses(
    values: list[float],
) -> None:
    wins = np.array([each for each in values if each > 0])
    losses = np.array([-each for each in values if each < 0])
    share = len(wins) / len(values), len(losses) / len(values)
    means = wins.mean() if wins.size else 0.0, losses.mean() if losses.size else 0.0

    assert value_of(expectancy(values)) == pytest.approx(
        share[0] * means[0] - share[1] * means[1], abs=1e-12
    )
    if losses.size:
        assert value_of(profit_factor(values)) == pytest.approx(wins.sum() / losses.sum())
    else:
        assert profit_factor(values) == undefined("no loss")


def test_only_losses_make_a_profit_factor_of_zero_and_only_wins_make_none() -> None:
    assert profit_factor([-0.1, -0.2]) == Figure(0.0)
    assert undefined_because(profit_factor([0.1, 0.2]), "no loss")
    assert undefined_because(profit_factor([0.0, 0.0]), "no loss")
    assert undefined_because(profit_factor([]), "no return")
    assert undefined_because(profit_factor([1.0, -1e-320]), "not a finite number")
    assert undefined_because(expectancy([]), "no return")


@ORACLE
@given(varying(min_size=3))
def test_no_sum_depends_on_the_order_of_its_values(values: list[float]) -> None:
    shuffled = values[:]
    random.Random(1).shuffle(shuffled)

    for measure in (sharpe_ratio, shape, profit_factor, expectancy):
        assert measure(values) == measure(shuffled)


@pytest.mark.parametrize(("periods", "percent"), [(252, 18.1), (365, 27.2)])
def test_two_percent_in_thirty_sessions_are_so_much_a_year(periods: int, percent: float) -> None:
    annual = annualised(0.02, periods, 30)

    assert annual is not None
    assert round(annual * 100, 1) == percent
