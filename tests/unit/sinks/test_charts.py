"""Scales, and the charts made of them."""

import math
import re
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sinks.charts import WIDTH, no_data
from sinks.charts_curves import MOST_POINTS, equity_points, under_water
from sinks.charts_evidence import (
    equity_chart,
    ic_chart,
    interval_strip,
    open_chart,
    trend_chart,
    underwater_chart,
)
from sinks.charts_reliability import reliability_chart
from sinks.charts_scales import apart, date_ticks, spread, thinned, ticks
from sinks.evidence.cohort import DailySeries
from tests.unit.sinks.cohort_samples import (
    make_cohort,
    make_ic_by_horizon,
    make_reliability,
    make_series,
    make_young_cohort,
)
from tests.unit.sinks.html_reading import read

finite = st.floats(-1e9, 1e9)


def points_of(chart: str) -> list[int]:
    """How many points each curve of a chart has."""
    return [len(each.split()) // 2 for each in re.findall(r'class="curve \w+" d="M([^"]+)"', chart)]


@given(st.lists(finite, min_size=1, max_size=20))
def test_ticks_are_few_and_lie_within_their_axis(values: list[float]) -> None:
    low, high = spread(values)

    found, _ = ticks(low, high)

    assert low < high
    assert 2 <= len(found) <= 8
    room = (high - low) * 1e-6
    assert all(low - room <= each <= high + room for each in found)
    assert found == sorted(set(found))


@given(st.lists(finite, max_size=300), st.integers(4, 60))
def test_fewer_points_keep_both_ends_and_the_extremes(values: list[float], limit: int) -> None:
    kept = thinned(values, limit)

    assert kept == sorted(set(kept))
    assert len(kept) <= max(limit, 0)
    if values:
        assert {0, len(values) - 1} <= set(kept)
        assert {min(values), max(values)} <= {values[at] for at in kept}


@given(st.dates(date(1980, 1, 1), date(2090, 1, 1)), st.integers(0, 9_000))
def test_days_have_few_labels_in_order_and_within_their_axis(first: date, span: int) -> None:
    last = first + timedelta(days=span)

    found = date_ticks(first, last)

    assert 1 <= len(found) <= 5
    assert all(first.toordinal() <= day <= last.toordinal() for day, _ in found)
    assert len({words for _, words in found}) == len(found)


@given(st.lists(st.floats(0, 300), max_size=6))
def test_labels_keep_their_distance(places: list[float]) -> None:
    found = sorted(apart(places, 13.0))

    assert all(later - earlier >= 12.999 for earlier, later in pairwise(found))


def test_an_equity_curve_starts_at_one_before_the_first_day_and_stops_at_ruin() -> None:
    days = ["2024-01-02", "2024-01-03", "2024-01-04"]
    first = date(2024, 1, 2).toordinal()

    assert equity_points(days, [0.1, -1.2, 0.5]) == [
        (first - 1, 1.0),
        (first, 1.1),
        (first + 1, 0.0),
    ]


def test_an_equity_that_outgrows_every_number_ends_where_it_does() -> None:
    days = [(date(2024, 1, 1) + timedelta(days=each)).isoformat() for each in range(400)]

    assert all(math.isfinite(value) for _, value in equity_points(days, [10.0] * 400))


def test_what_is_under_water_is_measured_from_the_peak_before_it() -> None:
    assert under_water([(1, 1.0), (2, 1.25), (3, 1.0), (4, 2.0)]) == [
        (1, 0.0),
        (2, 0.0),
        (3, 1.0 / 1.25 - 1.0),
        (4, 0.0),
    ]


def test_a_long_curve_has_at_most_400_points() -> None:
    cohort = make_cohort(series=make_series(2500))

    for chart in (
        equity_chart("a", cohort),
        underwater_chart("b", cohort),
        trend_chart("c", cohort),
        open_chart("d", cohort),
    ):
        assert all(0 < each <= MOST_POINTS for each in points_of(chart))


def test_the_equity_rests_where_nothing_was_open() -> None:
    series = DailySeries(
        days=("2024-01-02", "2024-06-03"),
        gross=(0.1, 0.1),
        net=(0.1, 0.1),
        open_signals=(1, 1),
    )

    # The start, both sessions, and the day before the second.
    assert points_of(equity_chart("a", make_cohort(series=series))) == [4, 4]


def test_charts_have_a_title_a_description_and_their_units() -> None:
    chart = equity_chart("c1-equity", make_cohort())

    page = read(chart)
    svg = page.tags[0][1]
    assert svg["role"] == "img"
    assert svg["aria-labelledby"] == "c1-equity-t c1-equity-d"
    assert {"c1-equity-t", "c1-equity-d"} <= set(page.values("id"))
    assert "growth of 1" in page.text
    assert "net ends at 1.29" in page.text
    assert 'class="zero"' in chart


def test_charts_without_data_say_why() -> None:
    young = make_young_cohort()

    reason = "needs at least 1 matured signal, was 0"
    assert reason in read(equity_chart("a", young)).text
    assert reason in read(underwater_chart("a", young)).text
    assert reason in read(ic_chart("a", young.ic_by_horizon)).text
    assert "expected at least 30 sessions, was 0" in read(trend_chart("a", young)).text
    assert "No data" in read(reliability_chart("a", young.reliability, None)).text
    assert "No data" in read(ic_chart("a", ())).text


def test_a_long_reason_is_broken_into_lines_that_fit() -> None:
    lines = re.findall(r"<text[^>]*>([^<]*)", no_data("a", "t", "a reason " * 60))

    assert len(lines) == 4
    assert all(len(each) * 6 < WIDTH for each in lines)


def test_the_reliability_diagram_shows_n_of_every_bin_and_the_base_rate() -> None:
    page = read(reliability_chart("a", make_reliability(), 0.5312))

    assert "0 0 0 0 0 21 48 37 14 0" in page.text
    assert "base rate 53.1%" in page.text
    described = "confidence 60% to 70%: hit rate 60.4% of 48 signals, 95% interval 46.3% to 73.0%"
    assert described in page.text


def test_the_ic_chart_shows_n_of_every_horizon_and_what_is_undefined() -> None:
    page = read(ic_chart("a", make_ic_by_horizon()))

    assert "horizon 5: 0.118, n 120" in page.text
    assert "horizon 30: needs at least 3 signals, was 2, n 2" in page.text


def test_an_interval_wholly_above_zero_is_told_from_one_that_is_not() -> None:
    assert 'class="whisker gain"' in interval_strip(0.1, 0.01, 0.2, 0.2)
    assert 'class="whisker even"' in interval_strip(0.1, -0.01, 0.2, 0.2)
    assert 'class="whisker loss"' in interval_strip(-0.1, -0.2, -0.01, 0.2)


def test_a_series_of_one_day_is_drawn() -> None:
    chart = equity_chart("a", make_cohort(series=make_series(1)))

    assert points_of(chart) == [2, 2]
    assert "nan" not in chart
