"""Exact sums against `math.fsum` and fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.evidence.exact import mean_of, parts_of, rounded, rounded_sum, whole
from tests.unit.sinks.evidence.strategies import ORACLE

# Returns, rates and their squares: no digit of theirs lies below 2^-92.
values = st.floats(-1000, 1000).filter(lambda x: not x or abs(x) > 2.0**-39)
PART = st.integers(-(2**61), 2**61) | st.sampled_from([0, 1, -1, 2**35, -(2**35), 2**52])


@ORACLE
@given(st.lists(values, min_size=1, max_size=50))
def test_a_sum_of_parts_is_that_of_fsum(held: list[float]) -> None:
    parts = parts_of(np.array(held)).sum(axis=1)

    assert rounded_sum(parts) == math.fsum(held)
    assert rounded(parts[:, None]).tolist() == [math.fsum(held)]


@ORACLE
@given(st.lists(st.tuples(PART, PART, PART), min_size=1, max_size=20))
def test_many_sums_are_rounded_as_one(held: list[tuple[int, int, int]]) -> None:
    found = rounded(np.array(held, dtype=np.int64).T)

    assert found.tolist() == [rounded_sum(each) for each in held]
    assert found.tolist() == [float(Fraction(whole(each), 1 << 92)) for each in held]


@ORACLE
@given(st.lists(values, min_size=1, max_size=30), st.integers(0, 29))
def test_what_is_added_and_taken_away_leaves_no_trace(held: list[float], at: int) -> None:
    parts = parts_of(np.array(held))
    gone = min(at, len(held) - 1)
    rest = held[:gone] + held[gone + 1 :]

    left = parts.sum(axis=1) - parts[:, gone]
    assert left.tolist() == parts_of(np.array(rest)).sum(axis=1).tolist()


@ORACLE
@given(values, st.integers(1, 10**6))
def test_a_mean_of_equal_values_is_that_value(value: float, n: int) -> None:
    assert mean_of(parts_of(np.array([value]))[:, 0] * n, n) == value


@pytest.mark.parametrize(("value", "counted"), [(1e60, 65_536.0), (-1e9, -65_536.0), (1e-30, 0.0)])
def test_what_is_absurd_or_below_all_digits_is_bounded(value: float, counted: float) -> None:
    assert rounded(parts_of(np.array([value]))).tolist() == [counted]
