"""Brier score, its parts, calibration error and bins, on golden values and naive loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.evidence.calibration import (
    bins_of,
    brier_parts,
    brier_score,
    calibration_error,
    reliability,
)
from sinks.evidence.cohort import BrierParts
from sinks.evidence.rates import wilson_interval
from tests.unit.sinks.evidence.strategies import (
    ORACLE,
    confidences,
    undefined_because,
    value_of,
)

outcomes = st.lists(st.tuples(confidences, st.booleans()), min_size=1, max_size=80)
FIFTY_FIVE = [True] * 55 + [False] * 45


def total(parts: BrierParts) -> float:
    return parts.reliability - parts.resolution + parts.uncertainty + parts.rest


def naive_bin(confidence: float) -> int:
    """Return the bin by percent, in whole numbers."""
    return min(round(confidence * 100) // 10, 9)


@pytest.mark.parametrize(("confidence", "expected"), [(0.5, 0.25), (0.8, 0.31), (0.55, 0.2475)])
def test_a_brier_score_is_the_published_one(confidence: float, expected: float) -> None:
    assert value_of(brier_score(bins_of([confidence] * 100, FIFTY_FIVE))) == pytest.approx(expected)


@ORACLE
@given(outcomes)
def test_a_brier_score_is_a_mean_square_and_the_sum_of_its_parts(
    held: list[tuple[float, bool]],
) -> None:
    claimed, hits = [list(side) for side in zip(*held, strict=True)]
    expected = float(np.mean((np.array(claimed) - np.array(hits)) ** 2))
    parts = brier_parts(bins_of(claimed, hits))

    assert parts is not None
    assert value_of(brier_score(bins_of(claimed, hits))) == pytest.approx(expected, abs=1e-12)
    assert total(parts) == pytest.approx(expected, abs=1e-12)


@ORACLE
@given(outcomes)
def test_the_parts_and_the_error_are_those_of_a_loop_over_the_bins(
    held: list[tuple[float, bool]],
) -> None:
    claimed, hits = [list(side) for side in zip(*held, strict=True)]
    n, base = len(held), sum(hits) / len(held)
    miss = gain = apart = 0.0
    for at in range(10):
        of_bin = [(each, hit) for each, hit in held if naive_bin(each) == at]
        if of_bin:
            mean, came = np.mean([each for each, _ in of_bin]), np.mean([hit for _, hit in of_bin])
            miss += len(of_bin) / n * (mean - came) ** 2
            gain += len(of_bin) / n * (came - base) ** 2
            apart += len(of_bin) / n * abs(mean - came)
    parts = brier_parts(bins_of(claimed, hits))

    assert parts is not None
    assert parts.reliability == pytest.approx(miss, abs=1e-12)
    assert parts.resolution == pytest.approx(gain, abs=1e-12)
    assert parts.uncertainty == pytest.approx(base * (1 - base), abs=1e-12)
    assert value_of(calibration_error(bins_of(claimed, hits))) == pytest.approx(apart, abs=1e-12)


@ORACLE
@given(outcomes)
def test_every_outcome_is_in_the_one_bin_of_its_confidence(held: list[tuple[float, bool]]) -> None:
    claimed, hits = [list(side) for side in zip(*held, strict=True)]
    bins = reliability(bins_of(claimed, hits))

    assert [(each.low, each.high) for each in bins] == [
        (at / 10, (at + 1) / 10) for at in range(10)
    ]
    for at, each in enumerate(bins):
        inside = [(c, hit) for c, hit in held if naive_bin(c) == at]
        assert each.hit_rate.n == len(inside)
        assert each.hit_rate.count == sum(hit for _, hit in inside)
        if inside:
            expected = wilson_interval(each.hit_rate.count, each.hit_rate.n)
            assert (each.hit_rate.low, each.hit_rate.high) == expected
            assert each.mean_confidence == pytest.approx(
                math.fsum(c for c, _ in inside) / len(inside)
            )


def test_an_empty_bin_has_no_mean_and_no_rate() -> None:
    empty = reliability(bins_of([0.95], [True]))[0]

    assert (empty.mean_confidence, empty.hit_rate.n, empty.hit_rate.value) == (None, 0, None)


def test_each_edge_belongs_to_the_bin_above_and_one_to_the_last() -> None:
    edges = [at / 10 for at in range(11)]
    counts = [each.hit_rate.n for each in reliability(bins_of(edges, [True] * 11))]
    below = [math.nextafter(each, 0) for each in edges[1:-1]]

    assert counts == [1] * 9 + [2]
    assert [each.hit_rate.n for each in reliability(bins_of(below, [True] * 9))] == [1] * 9 + [0]


@pytest.mark.parametrize("n", [1, 3, 7, 10, 49, 100])
def test_nothing_rests_where_each_bin_holds_one_confidence(n: int) -> None:
    claimed = [0.1] * n + [0.33] * n + [0.7] * n
    hits = [at % 3 == 0 for at in range(3 * n)]
    parts = brier_parts(bins_of(claimed, hits))

    assert parts is not None
    assert parts.rest == 0.0


@pytest.mark.parametrize("hit", [True, False])
def test_outcomes_that_are_all_alike_leave_no_uncertainty(hit: bool) -> None:
    parts = brier_parts(bins_of([0.3, 0.6, 0.9], [hit] * 3))

    assert parts is not None
    assert (parts.uncertainty, parts.resolution) == (0.0, 0.0)
    assert total(parts) == pytest.approx(value_of(brier_score(bins_of([0.3, 0.6, 0.9], [hit] * 3))))


def test_no_outcome_has_no_score_and_no_error() -> None:
    assert undefined_because(brier_score(bins_of([], [])), "no outcome")
    assert undefined_because(calibration_error(bins_of([], [])), "no outcome")
    assert brier_parts(bins_of([], [])) is None
    assert all(each.hit_rate.value is None for each in reliability(bins_of([], [])))


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="expected a confidence from 0 to 1, was"):
        brier_score(bins_of([confidence], [True]))
