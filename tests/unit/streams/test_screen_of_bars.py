"""The screen as the worker asks for it, from bars: what comes later cannot change it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Screen
from streams.domain.indicators import Indicators
from streams.domain.observations import Split, entry_positions
from streams.domain.screen import screen_of
from streams.domain.series import BarSeries
from tests.builders import make_signal
from tests.unit.streams.closed_bars import (
    CALENDAR,
    FIRST,
    SEEDS,
    bar_of,
    series_of,
    split_day,
    walk,
)
from tests.unit.streams.fold import RULES

POLICY = RULES.policies.versions[0]


def screen_at(series: BarSeries, generated_at_ms: int, splits: tuple[Split, ...] = ()) -> Screen:
    payload = make_signal(generated_at_ms=generated_at_ms)
    position = int(entry_positions(series, np.array([generated_at_ms]))[0])
    index = int((CALENDAR.close_ms <= generated_at_ms).sum()) - 1
    market = Indicators().at(series, CALENDAR, splits, position)
    return screen_of(POLICY, payload, market, index)


@settings(max_examples=25)
@given(SEEDS, st.integers(0, 119), st.integers(0, 2), st.floats(0.01, 1000))
def test_bars_after_the_signal_never_change_its_screen(
    seed: int, last: int, more: int, price: float
) -> None:
    closes = walk(seed, 120)
    # At a close, just after it, and well before the next one.
    generated = CALENDAR.closes[FIRST + last] + (0, 1, 3_600_000)[more]
    then = screen_at(series_of(closes[: last + 1]), generated)

    assert screen_at(series_of(closes), generated) == then
    assert screen_at(series_of([*closes[: last + 1], *[price] * 60]), generated) == then


def test_a_bar_that_closes_with_the_signal_is_seen_and_one_a_moment_later_is_not() -> None:
    series = series_of([*[100.0] * 79, 1.0])
    close = CALENDAR.closes[FIRST + 79]

    seen, unseen = screen_at(series, close), screen_at(series, close - 1)

    assert (seen.checks[1].actual, unseen.checks[1].actual) == (2.0, 0.0)


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 120))
def test_a_signal_of_the_far_future_has_one_screen_while_bars_come_in(
    seed: int, count: int
) -> None:
    generated = CALENDAR.closes[FIRST + 126]

    screen = screen_at(series_of(walk(seed, count)), generated)

    assert screen == screen_at(series_of([]), generated)
    assert screen.status == "insufficient"


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 119), st.sampled_from([0.5, 2.0, 8.0]))
def test_a_split_with_bars_to_match_changes_no_screen(seed: int, at: int, ratio: float) -> None:
    closes = walk(seed, 120)
    after = [close / ratio if day >= at else close for day, close in enumerate(closes)]
    generated = CALENDAR.closes[FIRST + 119]

    split = screen_at(series_of(after), generated, (Split(split_day(at), ratio),))

    assert split == screen_at(series_of(closes), generated)


def test_a_gap_of_bars_ages_the_last_one() -> None:
    series = series_of(walk(4, 100))
    series.put(FIRST + 103, bar_of(50.0))

    ages = [
        screen_at(series, CALENDAR.closes[FIRST + at]).checks[-1].actual for at in range(99, 111)
    ]

    assert ages == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, None, None]
