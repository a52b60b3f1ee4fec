"""Tests of hit rates against naive loops, scipy and statsmodels, and by simulation."""

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sinks.evidence.significance import (
    benjamini_hochberg,
    effective_n,
    overlap_test,
    signals_needed,
    window_hit_rate,
)
from tests.unit.sinks.evidence.strategies import ORACLE, series, undefined_because, value_of

signals = st.lists(
    st.tuples(
        st.integers(-100, 100).map(lambda percent: percent / 100),
        st.integers(0, 80),
        st.sampled_from([1, 5, 10, 30]),
    ),
    min_size=2,
    max_size=40,
)


def naive_variance(held: Sequence[tuple[float, int, int]]) -> float:
    n = len(held)
    middle = math.fsum(x for x, _, _ in held) / n
    return (
        math.fsum(
            max(0.0, 1 - abs(e - f) / max(h, g)) * (x - middle) * (y - middle)
            for x, e, h in held
            for y, f, g in held
        )
        / n**2
    )


@ORACLE
@given(signals)
def test_the_error_counts_every_pair_by_the_time_that_it_shares(
    held: list[tuple[float, int, int]],
) -> None:
    found = overlap_test(*[list(side) for side in zip(*held, strict=True)])
    variance = naive_variance(held)

    assert value_of(found.mean) == pytest.approx(np.mean([x for x, _, _ in held]), abs=1e-12)
    if found.p_value.value is None:
        assert variance < 1e-9
        assert found.standard_error == found.p_value
        return
    assert value_of(found.standard_error) ** 2 == pytest.approx(variance, rel=1e-6, abs=1e-15)
    expected = stats.norm.sf(found.mean.value, scale=found.standard_error.value)
    assert found.p_value.value == pytest.approx(expected, rel=1e-9)


@ORACLE
@given(signals)
def test_the_strict_p_takes_the_variance_around_no_skill(
    held: list[tuple[float, int, int]],
) -> None:
    found = overlap_test(*[list(side) for side in zip(*held, strict=True)])
    total = math.fsum(
        max(0.0, 1 - abs(e - f) / max(h, g)) * x * y for x, e, h in held for y, f, g in held
    )

    if found.p_strict.value is None:
        assert total < 1e-9
        return
    middle = np.mean([x for x, _, _ in held])
    expected = stats.norm.sf(middle * len(held) / math.sqrt(total))
    assert found.p_strict.value == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_a_model_that_always_hits_has_a_strict_p() -> None:
    found = overlap_test([0.45] * 30, list(range(0, 900, 30)), [30] * 30)

    assert found.p_value.value is None
    assert value_of(found.p_strict) == pytest.approx(stats.norm.sf(math.sqrt(30)))


def test_far_out_only_the_strict_p_keeps_its_promise() -> None:
    """Of 40,000 null models of 35 signals each, as apart as they can be."""
    hits = np.random.default_rng(5).random((40_000, 35)) < 0.5
    middle = hits.mean(axis=1) - 0.5
    with np.errstate(divide="ignore"):
        centred = stats.norm.sf(math.sqrt(35) * middle / hits.std(axis=1))
    strict = stats.norm.sf(math.sqrt(35) * middle / 0.5)

    assert np.mean(strict < 0.0001) < 0.0002
    assert np.mean(centred < 0.0001) > 5 * 0.0001


@ORACLE
@given(signals)
def test_the_order_of_the_signals_does_not_matter(held: list[tuple[float, int, int]]) -> None:
    shuffled = held[:]
    random.Random(1).shuffle(shuffled)

    assert overlap_test(*zip(*held, strict=True)) == overlap_test(*zip(*shuffled, strict=True))


def test_signals_that_share_no_time_have_the_error_of_a_plain_mean() -> None:
    values = [0.5, -0.5, 0.5, 0.5, -0.5, 0.5]
    found = overlap_test(values, [30 * at for at in range(6)], [30] * 6)

    assert value_of(found.standard_error) == pytest.approx(np.std(values) / math.sqrt(6))


def test_a_hundred_copies_of_each_signal_are_worth_no_more_than_one() -> None:
    values, entries = [0.5, -0.5, 0.5, 0.5, -0.5, 0.5], [30 * at for at in range(6)]
    once = overlap_test(values, entries, [30] * 6)
    often = overlap_test(values * 100, entries * 100, [30] * 600)

    assert value_of(often.p_value) == pytest.approx(value_of(once.p_value))


def test_null_signals_are_called_skilled_as_often_as_the_level_says() -> None:
    """1,000 models with random entries on independent windows of an overlapping series."""
    bits = np.random.default_rng(3)
    called = 0
    for _ in range(1_000):
        walk = np.concatenate(([0.0], np.cumsum(bits.normal(0, 0.01, 1_500))))
        ratios = np.exp(walk[10:] - walk[:-10])
        base = value_of(window_hit_rate(ratios, "BUY", 0.001, 0.02))
        entries = bits.integers(0, len(ratios), 120)
        excess = (ratios[entries] - 1 - 0.001 > 0) - base
        found = overlap_test(excess.tolist(), entries.tolist(), [10] * 120)
        called += value_of(found.p_value) < 0.05

    assert called / 1_000 == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("entries", "horizon", "worth"),
    [
        (range(0, 900, 30), 30, 30.0),
        ([7] * 40, 30, 1.0),
        (range(252), 30, 8.75),
        (range(40), 5, 8.33),
    ],
    ids=["apart", "one session", "daily for a year", "daily for 40 sessions"],
)
def test_signals_that_overlap_are_worth_fewer(
    entries: Sequence[int], horizon: int, worth: float
) -> None:
    found = effective_n(list(entries), [horizon] * len(entries))

    assert value_of(found) == pytest.approx(worth, abs=0.01)


@pytest.mark.parametrize(("span", "trusted"), [(30, False), (60, False), (480, True)])
def test_a_bunch_of_lucky_signals_is_not_worth_eight(span: int, *, trusted: bool) -> None:
    """Of bunched null signals the test calls a quarter skilled; so their worth is asked, too."""
    bits = np.random.default_rng(4)
    called = refused = 0
    for _ in range(200):
        walk = np.concatenate(([0.0], np.cumsum(bits.normal(0, 0.01, 1_500))))
        ratios = np.exp(walk[30:] - walk[:-30])
        base = value_of(window_hit_rate(ratios, "BUY", 0.001, 0.02))
        entries = (bits.integers(0, 900) + bits.integers(0, span, 60)).tolist()
        excess = (ratios[entries] - 1 - 0.001 > 0) - base
        p_value = overlap_test(excess.tolist(), entries, [30] * 60).p_value.value
        called += p_value is not None and p_value < 0.05
        refused += value_of(effective_n(entries, [30] * 60)) < 8

    assert refused == (0 if trusted else 200)
    assert (called / 200 < 0.12) is trusted


def test_nothing_is_worth_nothing() -> None:
    assert undefined_because(effective_n([], []), "no outcome")


@pytest.mark.parametrize("n", [0, 1])
def test_a_test_needs_two_outcomes(n: int) -> None:
    found = overlap_test([0.5][:n], [1][:n], [30][:n])

    assert undefined_because(found.p_value, f"expected at least 2 outcomes, was {n}")
    assert undefined_because(found.standard_error, f"expected at least 2 outcomes, was {n}")
    assert found.mean.value == (0.5 if n else None)


@pytest.mark.parametrize(
    ("values", "entries"),
    [
        ([0.45] * 30, list(range(0, 900, 30))),
        ([0.1, 0.7, -0.3, 0.2, 0.1], [7] * 5),
        ([0.4, 0.4], [1, 2]),
    ],
    ids=["all hits at one base rate", "all at one entry", "two alike"],
)
def test_outcomes_that_show_no_error_have_no_p_value(
    values: list[float], entries: list[int]
) -> None:
    found = overlap_test(values, entries, [30] * len(values))

    assert found.mean.value is not None
    assert undefined_because(found.p_value, "variance is not positive")
    assert undefined_because(found.standard_error, "variance is not positive")


@ORACLE
@given(series(min_size=1), st.sampled_from([0.0, 0.001, 0.002]), st.sampled_from([0.0, 0.02, 0.05]))
def test_a_base_rate_counts_the_windows_that_would_have_hit(
    moves: list[float], cost: float, band: float
) -> None:
    ratios = [1 + each for each in moves]
    hits = {
        "BUY": [each - 1 - cost > 0 for each in ratios],
        "SELL": [(1 - each) - cost > 0 for each in ratios],
        "HOLD": [abs(each - 1) <= band for each in ratios],
    }

    for action, expected in hits.items():
        found = window_hit_rate(ratios, action, cost, band)
        assert found == window_hit_rate(np.array(ratios), action, cost, band)
        assert found.value == sum(expected) / len(expected)


def test_a_sale_earns_what_the_price_fell_of_the_entry_and_not_of_the_exit() -> None:
    assert value_of(window_hit_rate([0.905], "SELL", 0.1, 0.02)) == 0.0
    assert value_of(window_hit_rate([0.895], "SELL", 0.1, 0.02)) == 1.0


def test_a_base_rate_needs_a_window_and_an_action() -> None:
    assert undefined_because(window_hit_rate([], "BUY", 0.001, 0.02), "no window")
    with pytest.raises(ValueError, match="expected one of BUY, SELL, HOLD, was 'LONG'"):
        window_hit_rate([1.0], "LONG", 0.001, 0.02)


@ORACLE
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.01, 0.05, 1.0]), min_size=1, max_size=60))
def test_q_values_are_those_of_scipy_and_statsmodels(p_values: list[float]) -> None:
    found = benjamini_hochberg(p_values)

    assert found == pytest.approx(stats.false_discovery_control(p_values), abs=1e-12)
    assert found == pytest.approx(multipletests(p_values, method="fdr_bh")[1], abs=1e-12)


def test_no_p_value_has_no_q_value_and_one_is_its_own() -> None:
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([0.04]) == [0.04]


def test_a_thousand_nulls_with_forty_lucky_ones_are_no_discovery() -> None:
    lucky = [0.001 + 0.00125 * at for at in range(40)]
    nulls = [0.05 + 0.95 * at / 960 for at in range(960)]

    assert min(benjamini_hochberg(lucky + nulls)) > 0.10


@pytest.mark.parametrize(("rate", "expected"), [(0.52, 3863), (0.55, 617), (0.60, 153)])
def test_so_many_signals_are_needed_to_show_a_rate(rate: float, expected: int) -> None:
    assert signals_needed(rate) == expected


@pytest.mark.parametrize("rate", [0.55, 0.6, 0.7])
def test_the_power_is_reached_at_the_signals_needed_and_not_before(rate: float) -> None:
    def power(n: int) -> float:
        bar = 0.5 + stats.norm.ppf(0.95) * 0.5 / math.sqrt(n)
        return float(stats.norm.sf(bar, rate, math.sqrt(rate * (1 - rate) / n)))

    n = signals_needed(rate)

    assert power(n) >= 0.8 > power(n - 1)


@pytest.mark.parametrize("rate", [0.5, 0.4, 1.1, float("nan")])
def test_no_number_of_signals_shows_a_rate_that_is_not_over_one_half(rate: float) -> None:
    with pytest.raises(ValueError, match=r"expected a rate over 0\.5 and up to 1, was"):
        signals_needed(rate)
