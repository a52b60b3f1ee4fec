"""Rows 32 to 35, 37 and 38: what each figure of a cohort is, and what it is not."""

import csv
import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev, stdev

import pytest

from sinks.evidence.returns import equity_curve, max_drawdown
from sinks.paper.account import run_account
from sinks.paper.summary import summarise
from tests.mistakes.ledger import row
from tests.mistakes.models import tell_daily
from tests.mistakes.world import (
    one,
    random_walk,
    tell,
    to_the_end,
    together,
)
from tests.unit.sinks.paper.samples import flat, make_order, make_rules

RISKLESS = 0.04 / 252
SIDE_COST = 0.0005


def returns_of(prices: Sequence[float]) -> list[float]:
    return [later / earlier - 1 for earlier, later in pairwise(prices)]


def line_of(y: Sequence[float], x: Sequence[float]) -> tuple[float, float]:
    """The intercept and the slope of least squares, as a school book has them."""
    x_mean, y_mean = fmean(x), fmean(y)
    slope = sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True))
    slope /= sum((a - x_mean) ** 2 for a in x)
    return y_mean - slope * x_mean, slope


class Daily:
    """A BUY over five sessions each day, on a ticker that moves twice as the benchmark does."""

    def __init__(self, folder: Path) -> None:
        rng = random.Random(1)
        self.benchmark = [
            price * 1.0004**at for at, price in enumerate(random_walk(rng, 400, 0.01))
        ]
        self.prices = [100.0]
        for each in returns_of(self.benchmark):
            self.prices.append(self.prices[-1] * (1 + 2 * each))
        self.told = tell_daily(folder, self.prices, self.benchmark)
        [self.cohort] = self.told.cohorts
        # What the original compounds and annualises: each trade of five sessions.
        self.trades = [
            later / earlier - 1
            for earlier, later in zip(self.prices, self.prices[5:], strict=False)
        ][:394]
        # The series by hand: up to five signals are open; one enters and one leaves each day.
        self.net = []
        for at, each in enumerate(returns_of(self.prices)[:398]):
            held = [entry for entry in range(at - 4, at + 1) if 0 <= entry < 394]
            turned = (at in held) + (at - 4 in held)
            self.net.append(each - turned * SIDE_COST / len(held))


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Daily:
    return Daily(tmp_path_factory.mktemp("daily"))


@row("32")
def test_sharpe_is_of_daily_excess_returns_and_not_of_trades_that_overlap(daily: Daily) -> None:
    excess = [each - RISKLESS for each in daily.net]
    original = fmean(daily.trades) / pstdev(daily.trades) * math.sqrt(252)

    right = fmean(excess) / stdev(excess) * math.sqrt(252)

    assert daily.cohort.sharpe.value == pytest.approx(right)
    assert original > 2 * right
    assert daily.cohort.psr.value is not None
    assert (daily.cohort.sessions, daily.cohort.under_a_year) == (398, False)


@row("33")
def test_the_equity_of_a_cohort_grows_as_its_days_and_not_as_its_trades(daily: Daily) -> None:
    curve = equity_curve(daily.cohort.series.net)
    held = daily.prices[398] / daily.prices[0]

    assert list(daily.cohort.series.gross) == pytest.approx(returns_of(daily.prices)[:398])
    assert list(daily.cohort.series.net) == pytest.approx(daily.net)
    assert curve[-1] == pytest.approx(held * (1 - 2 * SIDE_COST / 5) ** 398, rel=1e-2)
    assert math.prod(1 + each for each in daily.trades) > 10 * curve[-1]


@row("34")
def test_alpha_is_what_a_market_of_the_same_risk_does_not_explain(daily: Daily) -> None:
    excess = [each - RISKLESS for each in daily.net]
    market = [each - RISKLESS for each in returns_of(daily.benchmark)[:398]]
    intercept, slope = line_of(excess, market)

    assert daily.cohort.alpha.value == pytest.approx(intercept * 252)
    assert daily.cohort.beta.value == pytest.approx(slope)
    # Twice the market is no skill: what is left is the riskless rate less the costs.
    assert daily.cohort.beta.value == pytest.approx(2, abs=0.01)
    assert daily.cohort.alpha.value == pytest.approx(0.04 - 252 * SIDE_COST * 2 / 5, abs=2e-3)
    whole = daily.prices[-1] / daily.prices[0]
    original = whole ** (252 / 400) - 1 - (whole - 1)
    assert abs(daily.cohort.alpha.value - original) > 0.1
    assert (daily.cohort.benchmark, daily.cohort.benchmark_sessions) == ("^GSPC", 398)


@row("35")
def test_what_is_called_alpha_is_no_information_ratio(daily: Daily) -> None:
    active = [ours - theirs for ours, theirs in
              zip(daily.net, returns_of(daily.benchmark), strict=False)]  # fmt: skip
    information_ratio = fmean(active) / stdev(active) * math.sqrt(252)
    [shown] = [
        each
        for each in csv.DictReader(daily.told.text("cohorts.csv").splitlines())
        if each["level"] == "cohort"
    ]

    market = [each - RISKLESS for each in returns_of(daily.benchmark)[:398]]
    intercept, _ = line_of([each - RISKLESS for each in daily.net], market)
    assert float(shown["alpha"]) == pytest.approx(intercept * 252)
    assert abs(float(shown["alpha"]) - information_ratio) > 0.5
    assert not [each for each in shown if "information" in each]


@row("37")
def test_a_win_is_a_closed_trade_with_a_net_profit_whichever_side_it_was() -> None:
    # Three SELL that lose, two BUY that win, and one BUY that only its costs make a loss.
    ends = {"a": 110.0, "b": 110.0, "c": 110.0, "d": 105.0, "e": 120.0, "f": 100.05}
    orders = [
        make_order(name, ticker=name, action="SELL" if name in "abc" else "BUY", horizon_sessions=2)
        for name in ends
    ]
    bars = {name: [flat(1), flat(2, end), flat(3, end)] for name, end in ends.items()}
    rules = make_rules(cost_bps=10.0)

    found = summarise(run_account(orders, bars, rules), rules)

    assert (found.wins, found.trades) == (2, 6)
    assert found.win_rate.value == pytest.approx(1 / 3)


@row("37")
def test_the_hit_rate_of_sells_is_not_the_share_of_sells(tmp_path: Path) -> None:
    parts = [
        one(to_the_end(end), ticker=name, signal_id=name, action="SELL")
        for name, end in (("A", 90.0), ("B", 110.0), ("C", 111.0), ("D", 112.0))
    ]

    assert tell(tmp_path, together(*parts)).cohort.hit_rate.value == 0.25


@row("38")
@pytest.mark.parametrize("points", [61, 121])
def test_a_fall_by_45_percent_is_a_drawdown_of_45_percent(points: int, tmp_path: Path) -> None:
    half = (points - 1) // 2
    equity = [100.0 * 1.002**at for at in range(half)]
    equity += [equity[-1] * (1 - 0.45 * at / (points - half)) for at in range(1, points - half + 1)]

    assert len(equity) == points
    assert max_drawdown(returns_of(equity)).value == pytest.approx(0.45)
    # From the first day on, too: the start of 1 is a peak.
    assert max_drawdown([-0.45]).value == pytest.approx(0.45)
    told = tell(tmp_path, one(equity, horizon_sessions=points - 1))
    assert told.row.max_drawdown == pytest.approx(0.45)
    assert told.cohort.max_drawdown.value == pytest.approx(0.45, abs=1e-3)
