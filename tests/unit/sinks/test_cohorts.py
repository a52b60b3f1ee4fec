"""Evidence by hand: small series whose figures can be told without a program."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from schemas.policy import Policy
from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.evidence.figures import Figure
from sinks.rows import SignalRow
from tests.builders import make_policy
from tests.unit.sinks.cohort_worlds import (
    Bars,
    close_ms_of,
    make_row,
    random_bars,
    random_world,
    row_on,
)

SIDE = 0.0005
POLICY = make_policy(min_sessions=2, risk_free_rate=0.0)
UP = Bars(ticker="AAPL", closes=[100.0, 101.0, 102.01, 100.9899, 101.999799])
INDEX = Bars(ticker="^GSPC", closes=[10.0, 10.1, 10.0, 10.2, 10.1])


def built(
    rows: Sequence[SignalRow], *bars: Bars, policy: Policy = POLICY, **options: Any
) -> dict[str, Cohort]:
    """The cohorts by level; of several of one level the last."""
    prices = {each.ticker: each.history() for each in bars or (UP,)}
    as_of_ms = options.pop("as_of_ms", close_ms_of("2024-02-01"))
    found = build_cohorts(rows, prices, policy, as_of_ms, **options)
    return {each.key.level: each for each in found}


def buy(entry: int, bars: Bars = UP, **changes: Any) -> SignalRow:
    return row_on(bars, entry, POLICY, **{"horizon_sessions": 2, **changes})


def values(*figures: Figure) -> list[float | None]:
    return [each.value for each in figures]


def test_a_signal_pays_one_side_on_its_first_and_one_on_its_last_day() -> None:
    cohort = built([buy(0)])["cohort"]

    assert cohort.series.days == ("2024-01-02", "2024-01-03")
    assert cohort.series.gross == pytest.approx((0.01, 0.01))
    assert cohort.series.net == pytest.approx((0.01 - SIDE, 0.01 - SIDE))
    assert cohort.series.open_signals == (1, 1)


def test_a_signal_of_one_session_pays_both_sides_in_it() -> None:
    cohort = built([buy(0, horizon_sessions=1)])["cohort"]

    assert cohort.series.net == pytest.approx((0.01 - 2 * SIDE,))


def test_an_open_signal_is_in_the_series_and_has_paid_one_side_only() -> None:
    cohort = built([buy(2, horizon_sessions=4)])["cohort"]

    assert (cohort.signals, cohort.matured, cohort.open, cohort.sessions) == (1, 0, 1, 2)
    assert cohort.series.net == pytest.approx((-0.01 - SIDE, 0.01))
    assert cohort.mean_net == Figure(None, "no matured signal")


def test_a_signal_leaves_the_series_at_its_horizon_though_its_window_goes_on() -> None:
    cohort = built([row_on(UP, 0, make_policy(min_sessions=4), horizon_sessions=1)])["cohort"]

    assert cohort.series.days == ("2024-01-02",)
    assert cohort.matured == 1


def test_a_day_is_the_mean_over_the_signals_open_on_it() -> None:
    rows = [buy(0), buy(1, signal_id="s-2")]
    cohort = built(rows)["cohort"]

    assert cohort.series.open_signals == (1, 2, 1)
    assert cohort.series.gross == pytest.approx((0.01, 0.01, -0.01))
    assert cohort.series.net == pytest.approx((0.01 - SIDE, 0.01 - SIDE, -0.01 - SIDE))


def test_a_sell_earns_what_a_buy_loses() -> None:
    cohort = built([buy(1, action="SELL")])["cohort"]

    assert cohort.series.gross == pytest.approx((-0.01, 0.01))
    assert values(cohort.mean_gross, cohort.mean_net) == pytest.approx([0.0001, 0.0001 - 2 * SIDE])


def test_returns_are_in_excess_of_the_riskless_rate_of_a_session() -> None:
    policy = replace(POLICY, risk_free_rate=0.0252)
    cohort = built([buy(1)], policy=policy)["cohort"]
    low, high = -0.01 - SIDE - 0.0001, 0.01 - SIDE - 0.0001

    mean, spread = (low + high) / 2, (high - low) / math.sqrt(2)
    assert cohort.sharpe.value == pytest.approx(mean / spread * math.sqrt(252))


def test_a_sharpe_ratio_below_zero_never_becomes_sure() -> None:
    falling = Bars(ticker="AAPL", closes=[100.0, 99.0, 97.0, 96.5])
    cohort = built([buy(0, falling, horizon_sessions=3)], falling)["cohort"]

    assert cohort.min_trl_more == Figure(None, "never: the Sharpe ratio is not positive")


def test_the_sessions_that_are_still_needed_are_whole_and_at_least_zero() -> None:
    steady = Bars(ticker="AAPL", closes=[100 * 1.01**k * (1 + k % 2 / 1000) for k in range(60)])
    unsteady = Bars(ticker="AAPL", closes=[100 + k + 30 * (k % 2) for k in range(60)])
    enough = built([buy(0, steady, horizon_sessions=59)], steady)["cohort"]
    more = built([buy(0, unsteady, horizon_sessions=59)], unsteady)["cohort"]

    assert enough.min_trl_more.value == 0.0
    assert more.min_trl_more.value is not None
    assert more.min_trl_more.value > 0
    assert more.min_trl_more.value.is_integer()


def test_nothing_is_annualised_by_more_than_the_calendar_in_the_series() -> None:
    crypto = make_row(ticker="BTC-USD", calendar="24/7", periods_per_year=365, signal_id="s-2")
    found = built([buy(0), crypto])

    assert found["all"].periods_per_year == 252
    assert found["all"].under_a_year


def test_a_signal_that_waits_is_counted_and_nothing_is_known_of_it() -> None:
    cohort = built([make_row()])["cohort"]

    assert (cohort.signals, cohort.open, cohort.sessions) == (1, 1, 0)
    assert (cohort.first_day, cohort.last_day) == (None, None)
    for name in Cohort.__slots__:
        figure = getattr(cohort, name)
        if isinstance(figure, Figure):
            assert figure.value is None
            assert figure.reason


def test_no_signals_make_no_cohorts() -> None:
    assert built([]) == {}


def test_a_cancelled_signal_is_counted_as_that_and_as_nothing_else() -> None:
    rows = [make_row(status="cancelled", stale_after_ms=0), buy(0, signal_id="s-2")]
    cohort = built(rows)["all"]

    assert (cohort.signals, cohort.matured, cohort.open) == (1, 1, 0)
    assert (cohort.cancelled, cohort.stale) == (1, 0)
    assert cohort.series == built(rows[1:])["all"].series


def test_a_stale_signal_stays_among_the_open_ones_with_what_it_has_done() -> None:
    cohort = built([buy(2, horizon_sessions=4, stale_after_ms=1)])["cohort"]

    assert (cohort.signals, cohort.open, cohort.stale, cohort.sessions) == (1, 1, 1, 2)


def test_without_a_time_nothing_is_stale() -> None:
    assert built([make_row(stale_after_ms=0)], as_of_ms=None)["cohort"].stale == 0


def test_a_roll_up_counts_holds_and_measures_trades_alone() -> None:
    flat = buy(0, action="HOLD", signal_id="s-2", confidence=0.9)
    found = built([buy(0), flat])

    assert (found["all"].signals, found["all"].matured) == (2, 2)
    assert found["all"].hit_rate == built([buy(0)])["all"].hit_rate
    assert found["all"].series == built([buy(0)])["all"].series
    assert built([flat])["all"].hit_rate.n == 1


def test_without_bars_of_the_benchmark_alpha_is_undefined() -> None:
    cohort = built([buy(0)])["cohort"]

    missing = Figure(None, "no bars of ^GSPC")
    assert (cohort.alpha, cohort.alpha_t, cohort.beta) == (missing, missing, missing)
    assert (cohort.benchmark, cohort.benchmark_sessions) == ("^GSPC", 0)


def test_a_cohort_that_is_twice_the_benchmark_has_beta_two_and_no_alpha() -> None:
    closes = [100.0]
    for before, after in zip(INDEX.closes, INDEX.closes[1:], strict=False):
        closes.append(closes[-1] * (1 + 2 * (after / before - 1)))
    twice = Bars(ticker="AAPL", closes=closes)
    policy = replace(POLICY, cost_bps_per_side=0.0)
    cohort = built([buy(0, twice, horizon_sessions=4)], twice, INDEX, policy=policy)["cohort"]

    assert cohort.benchmark_sessions == 4
    assert values(cohort.beta, cohort.alpha) == pytest.approx([2.0, 0.0], abs=1e-9)


def test_a_benchmark_that_does_not_move_has_no_beta() -> None:
    flat = Bars(ticker="^GSPC", closes=[10.0] * 5)
    cohort = built([buy(0, horizon_sessions=4)], UP, flat)["cohort"]

    assert cohort.beta == Figure(None, "the benchmark does not vary")


def test_days_without_the_benchmark_are_left_out_of_alpha() -> None:
    late = Bars(ticker="^GSPC", closes=[1.0, 2.0, 3.0], sessions=UP.labels[2:])
    cohort = built([buy(0, horizon_sessions=4)], UP, late)["cohort"]

    assert (cohort.sessions, cohort.benchmark_sessions) == (4, 2)


def test_one_cohort_alone_has_no_deflated_sharpe_ratio() -> None:
    cohort = built([buy(0, horizon_sessions=4)])["cohort"]

    reason = "expected at least 2 cohorts with a Sharpe ratio, was 1"
    assert cohort.dsr == Figure(None, reason)


def test_signals_without_bars_leave_the_test_undefined_instead_of_being_left_out() -> None:
    rows = [buy(0), replace(buy(0), ticker="GONE", signal_id="s-2")]
    cohort = built(rows)["cohort"]

    missing = Figure(None, "no bars of GONE")
    assert cohort.hit_rate.n == 2
    assert (cohort.base_rate, cohort.p_value, cohort.q_value) == (missing, missing, missing)
    assert cohort.excess_hit_interval.reason == "no bars of GONE"


def test_a_split_changes_no_evidence() -> None:
    policy = make_policy(min_sessions=3)
    world = random_world(7, policy)
    told = {ticker: bars.split_at(20, 2.0).split_at(31, 0.5) for ticker, bars in world.bars.items()}
    prices = {ticker: bars.history() for ticker, bars in told.items()}

    found = build_cohorts(world.rows, prices, policy, world.as_of_ms)

    assert found == build_cohorts(world.rows, world.prices, policy, world.as_of_ms)


def test_yesterdays_winners_and_losers_called_off_improve_nothing() -> None:
    policy = make_policy(min_sessions=3)
    world = random_world(3, policy)
    honest = _live(build_cohorts(world.rows, world.prices, policy, world.as_of_ms))
    winners = [
        replace(row, signal_id=f"late-{row.signal_id}", backdated=True, confidence=1.0)
        for row in world.rows
        if row.hit == "hit" and row.data_class == "live"
    ]
    # Calling one off after its entry is refused; putting it away hides nothing either.
    losers = [replace(row, status="archived") if row.hit == "miss" else row for row in world.rows]

    found = build_cohorts([*losers, *winners], world.prices, policy, world.as_of_ms)

    assert len(winners) > 10
    assert _live(found) == honest


def _live(cohorts: Sequence[Cohort]) -> dict[CohortKey, Cohort]:
    return {each.key: each for each in cohorts if each.key.data_class == "live"}


def test_no_class_of_data_is_inside_another() -> None:
    rows = [
        buy(0),
        buy(0, signal_id="s-2", data_kind="synthetic", source_kind="fallback"),
        buy(0, signal_id="s-3", source_kind="fallback"),
        buy(0, signal_id="s-4", backdated=True),
        buy(0, signal_id="s-5", data_kind="replay"),
    ]
    found = build_cohorts(rows, {"AAPL": UP.history()}, POLICY, None)
    everything = [each for each in found if each.key.level == "all"]

    names = ["backdated", "fallback", "live", "replay", "synthetic"]
    assert [(each.key.data_class, each.signals) for each in everything] == [(n, 1) for n in names]


def test_a_name_like_that_of_a_roll_up_counts_no_signal_twice() -> None:
    star = replace(UP, ticker="*")
    found = built([buy(0, star, source="*", model_name="*", model_version="*")], star)

    assert {level: each.signals for level, each in found.items()} == {"cohort": 1, "all": 1}


def test_mixed_calendars_are_compared_in_days() -> None:
    rng = random.Random(1)
    days = random_bars(rng, "BTC-USD", "24/7", 60, gaps=0.0)
    weekdays = random_bars(rng, "AAPL", "XNYS", 60, gaps=0.0)
    one, other = (
        [buy(at, bars, signal_id=f"{bars.ticker}{at}") for at in range(0, 40, 3)]
        for bars in (days, weekdays)
    )
    # In another numbering of its sessions a calendar has the same days.
    moved = [replace(row, entry_index=(row.entry_index or 0) + 1000) for row in other]
    mixed = built([*one, *other], days, weekdays)["cohort"]

    assert mixed.p_value.value is not None
    assert built([*one, *moved], days, weekdays)["cohort"] == mixed
