"""Rates beside their n and interval, on published values."""

import random

import pytest

from sinks.evidence.rates import mean, rate, wilson_interval


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (18, 30, 0.4232, 0.7541),
        (0, 10, 0.0, 0.2775),
        (55, 100, 0.4524, 0.6439),
        (220, 400, 0.5010, 0.5980),
    ],
)
def test_wilson_intervals_are_the_published_ones(
    count: int, n: int, low: float, high: float
) -> None:
    found = wilson_interval(count, n)

    assert [round(each, 4) for each in found] == [low, high]


@pytest.mark.parametrize(("count", "n"), [(558, 1052), (204, 370), (84, 144), (55, 91)])
def test_the_lower_bound_first_exceeds_a_half_where_published(count: int, n: int) -> None:
    assert wilson_interval(count, n)[0] > 0.5
    assert wilson_interval(count - 1, n)[0] <= 0.5


def test_an_interval_of_all_or_nothing_ends_exactly_at_the_edge() -> None:
    assert wilson_interval(0, 7)[0] == 0.0
    assert wilson_interval(7, 7)[1] == 1.0


def test_a_rate_of_nothing_is_undefined_and_not_zero() -> None:
    found = rate(0, 0)

    assert (found.n, found.value, found.low, found.high) == (0, None, None, None)


def test_a_mean_does_not_depend_on_the_order_of_its_values() -> None:
    values = [0.1, 1e9, -1e9, 0.3, 1e-9] * 20
    shuffled = values[:]
    random.Random(1).shuffle(shuffled)

    assert mean(values) == mean(shuffled)
    assert mean([]) is None
