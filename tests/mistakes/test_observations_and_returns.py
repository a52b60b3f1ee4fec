"""Rows 14 to 20 and 26: what is observed of a signal, and what its return is."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from tests.mistakes.ledger import row
from tests.mistakes.world import (
    FIRST,
    Told,
    close_ms,
    folded,
    one,
    tell,
    to_the_end,
)
from tests.oracle.examples import days
from tests.topology.events import Events

COSTS = 0.001  # of a round trip
SECOND = days(FIRST, 2)[1]


@row("14")
def test_thirty_ticks_of_one_date_are_one_session(tmp_path: Path) -> None:
    minutes = [
        {"ticker": "AAPL", "price": 101.0 + at, "ts_event_ms": close_ms(SECOND) - 60_000 * at}
        for at in range(30)
    ]
    final = {"ticker": "AAPL", "price": 120.0, "session": SECOND, "final": True}
    told = tell(tmp_path, one([100.0]), Events(ticks=minutes), Events(ticks=[final] * 30))

    assert (told.row.observations, told.row.status, told.row.verdict) == (1, "tracking", None)


@row("14")
def test_thirty_sessions_are_six_weeks_and_more(every_day: Told) -> None:
    spans = {
        (date.fromisoformat(last) - date.fromisoformat(entry)).days
        for each in every_day.report.signals
        if (entry := each.entry_session) and (last := each.last_session)
    }

    assert {each.observations for each in every_day.report.signals} == {30}
    assert min(spans) == 42
    assert max(spans) <= 48


@row("15")
@pytest.mark.parametrize(("ticker", "annual"), [("AAPL", 0.181), ("BTC-USD", 0.272)])
def test_two_percent_over_thirty_sessions_are_annualised_by_the_sessions_of_a_year(
    ticker: str, annual: float, tmp_path: Path
) -> None:
    told = tell(tmp_path, one(to_the_end(102.1), ticker=ticker))

    assert told.row.net_return == pytest.approx(0.02)
    assert told.row.annual_return == pytest.approx(annual, abs=5e-4)


@row("16")
def test_the_entry_is_no_observation_and_comes_after_the_signal(tmp_path: Path) -> None:
    at_the_close = one([100.0, 110.0, 121.0], generated_at_ms=close_ms(FIRST))
    alone = tell(tmp_path / "alone", one([100.0]))
    told = tell(tmp_path / "more", at_the_close)

    assert (alone.row.entry_price, alone.row.observations) == (100.0, 0)
    assert (told.row.entry_session, told.row.entry_price, told.row.observations) == (
        SECOND,
        110.0,
        1,
    )
    assert told.select("SELECT k, raw_return FROM signal_observations") == [(1, pytest.approx(0.1))]


@row("17")
def test_two_observations_show_no_annual_figure(tmp_path: Path) -> None:
    told = tell(tmp_path, one([100.0, 100.5, 101.0]))

    assert told.row.observations == 2
    assert (told.row.annual_return, told.row.net_return, told.row.hit) == (None, None, None)
    assert told.report.counted.everything.avg_return is None
    [shown] = csv.DictReader(told.text("signals.csv").splitlines())
    assert (shown["annual_return"], shown["annualised_from_sessions"]) == ("", "")
    assert "514.7%" not in told.text()


@row("17", "15")
def test_what_is_annualised_from_less_than_a_year_is_marked_beside_its_period_return(
    tmp_path: Path,
) -> None:
    told = tell(tmp_path, one(to_the_end(102.1)))

    [shown] = csv.DictReader(told.text("signals.csv").splitlines())
    assert (shown["annualised_from_sessions"], shown["annualised_under_a_year"]) == ("30", "true")
    assert float(shown["net_return"]) == pytest.approx(0.02)
    [record] = json.loads(told.text("llm_signal_tracking.json"))["signals"].values()
    assert record["validation_results"]["checks"]["annual_return"]["under_a_year"] is True


@row("18")
@pytest.mark.parametrize(("last", "hit"), [(101.9, "hit"), (98.1, "hit"), (103.0, "miss")])
def test_a_hold_is_right_where_the_price_stayed(last: float, hit: str, tmp_path: Path) -> None:
    told = tell(tmp_path, one(to_the_end(last), action="HOLD"))

    assert told.row.hit == hit
    assert told.row.verdict_status == ("passed" if hit == "hit" else "failed")
    assert told.row.verdict is not None
    asked = {each["name"] for each in told.row.verdict["checks"]}
    assert asked == {"validation_period", "stayed_flat"}
    assert "HOLD is no trade" in told.report.readiness["one"].against
    assert {each.mean_net.value for each in told.cohorts} == {None}


@row("19")
def test_the_way_down_counts_though_the_end_is_up(tmp_path: Path) -> None:
    way = [100.0, 75.0, 55.0, 40.0, 52.0, 70.0, 90.0, *[101.4] * 54]
    told = tell(tmp_path, one(way[:31]))
    [strictly] = folded("prs", one(way)).values()

    assert told.row.hit == "hit"
    assert told.row.max_drawdown == pytest.approx(0.6)
    assert told.row.mae == pytest.approx(-0.6)
    assert told.row.mfe == pytest.approx(0.014)
    assert strictly.verdict is not None
    assert [each.name for each in strictly.verdict.checks if each.status == "fail"] == [
        "max_drawdown"
    ]
    assert strictly.status == "failed"


@row("20")
@pytest.mark.parametrize("steps", [1, 30])
def test_a_short_that_loses_more_than_all_is_ruined_and_has_failed(
    steps: int, tmp_path: Path
) -> None:
    growth = (347 / 20) ** (1 / steps)
    way = [20 * growth ** min(at, steps) for at in range(31)]
    told = tell(tmp_path, one(way, action="SELL"))

    assert told.row.net_return == pytest.approx(1 - 347 / 20 - COSTS)
    assert (told.row.annual_return, told.row.hit) == (-1.0, "miss")
    assert told.row.verdict_status == "failed"
    assert told.row.max_drawdown == pytest.approx(347 / 20 - 1)
    [cohort] = told.cohorts
    assert cohort.max_drawdown.value is not None
    # Held through, or sold anew every day: nobody loses more than all of an account.
    assert cohort.max_drawdown.value == (1.0 if steps == 1 else pytest.approx(0.957, abs=1e-3))


@row("26")
def test_the_average_return_is_that_of_all_that_matured_with_its_n(tmp_path: Path) -> None:
    ends = {"AAPL": 110.0, "MSFT": 80.0}
    told = tell(
        tmp_path,
        *(one(to_the_end(last), ticker=each, signal_id=each) for each, last in ends.items()),
        one([100.0, 150.0], ticker="XOM", signal_id="XOM"),
    )

    everything = json.loads(told.text("summary.json"))["all"]
    assert everything["avg_return"] == pytest.approx((0.1 - 0.2) / 2 - COSTS)
    assert (everything["avg_return_n"], everything["total"], everything["validated"]) == (2, 3, 1)
    by_ticker = {each.name: each.avg_return for each in told.report.counted.by_ticker}
    assert by_ticker == {
        "AAPL": pytest.approx(0.1 - COSTS),
        "MSFT": pytest.approx(-0.2 - COSTS),
        "XOM": None,
    }
