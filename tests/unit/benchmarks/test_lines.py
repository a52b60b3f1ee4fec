"""A line of the results, and the figures made of runs."""

import pytest

from benchmarks.lines import AT_MOST, Line, median_ratio, quantile, times


def line(**fields: object) -> Line:
    return Line(**{"scenario": "s", "metric": "m", "value": 2.0, "unit": "x", **fields})  # type: ignore[arg-type]


def test_a_line_without_a_bound_neither_holds_nor_fails() -> None:
    assert line().holds is None


@pytest.mark.parametrize(
    ("value", "direction", "holds"),
    [
        (2.0, "at least", True),
        (1.9, "at least", False),
        (2.0, AT_MOST, True),
        (2.1, AT_MOST, False),
    ],
)
def test_a_bound_is_on_the_value_and_includes_itself(
    value: float, direction: str, holds: bool
) -> None:
    assert line(value=value, floor=2.0, direction=direction).holds is holds


def test_a_ratio_is_taken_within_the_rounds() -> None:
    # the second round was ten times slower for both
    assert median_ratio([10.0, 1.0, 12.0], [5.0, 0.5, 5.0]) == 2.0


def test_rounds_must_pair() -> None:
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1.0, 2.0], [1.0])


def test_a_bounded_ratio_is_its_own_value() -> None:
    found = times("s", "m", [3.0], [2.0], against="peer", floor=1.5)

    assert (found.value, found.ratio, found.holds) == (1.5, 1.5, True)


def test_quantiles_are_values_that_were_measured() -> None:
    values = [float(each) for each in range(100, 0, -1)]

    assert [quantile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert quantile([7.0], 0.5) == 7.0
