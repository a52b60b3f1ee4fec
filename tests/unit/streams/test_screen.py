"""The screen before trading: every layer by hand, its reasons, and what cannot change it."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.policy import SCREEN_METRICS, CheckRule, Policy
from schemas.records import Check, Screen
from streams.domain.indicators import Indicators, Market
from streams.domain.screen import METRICS, max_age, screen_of
from tests.builders import make_signal
from tests.unit.streams.closed_bars import CALENDAR, series_of, walk
from tests.unit.streams.fold import RULES

POLICY = RULES.policies.versions[0]
# A market at index 7 that nothing speaks against.
FINE = Market(7, 110.0, 105.0, 100.0, 0.02, 0.4, 100)
EDGE = "edge from confidence and volatility"


def asking(name: str, op: str, required: float, **changes: Any) -> Policy:
    rule = CheckRule(name=name, op=op, required=required)
    return replace(POLICY, screen=(rule,), **changes)


def check_of(
    name: str, market: Market | None = FINE, *, policy: Policy = POLICY, **payload: Any
) -> Check:
    screen = screen_of(policy, make_signal(**payload), market, 7)
    return next(each for each in screen.checks if each.name == name)


def names_of(screen: Screen) -> list[str]:
    return [each.name for each in screen.checks]


def test_every_layer_is_computed_here_but_the_one_of_the_portfolio() -> None:
    assert {*METRICS, "ticker_exposure"} == set(SCREEN_METRICS)


def test_a_good_signal_passes_every_layer_in_the_order_of_the_policy() -> None:
    payload = make_signal(source_kind="llm", reasoning="x" * 30, confidence=0.6)

    screen = screen_of(POLICY, payload, FINE, 7)

    assert (screen.status, screen.reason) == ("passed", "every layer passed")
    assert names_of(screen) == [
        "confidence", "reasoning", "against_trend", "volatility_percentile", "edge_to_cost",
        "data_age",
    ]  # fmt: skip


def test_the_reason_names_the_failed_layers_before_the_insufficient_ones() -> None:
    weak = make_signal(source_kind="llm", confidence=0.5)

    assert screen_of(POLICY, weak, None, 7).status == "failed"
    assert screen_of(POLICY, weak, None, 7).reason == "fail: confidence, reasoning"
    alone = screen_of(POLICY, make_signal(), None, 7)
    assert alone.status == "insufficient"
    assert alone.reason == (
        "insufficient: against_trend, volatility_percentile, edge_to_cost, data_age"
    )


@pytest.mark.parametrize(
    "policy", [replace(POLICY, screen=()), asking("ticker_exposure", "<=", 0.2)]
)
def test_a_policy_that_asks_nothing_passes(policy: Policy) -> None:
    passed = Screen(status="passed", checks=[], reason="the policy asks nothing")

    assert screen_of(policy, make_signal(confidence=0.0), None, -1) == passed


@pytest.mark.parametrize(("confidence", "status"), [(0.55, "pass"), (0.5499, "fail")])
def test_confidence_is_the_published_one(confidence: float, status: str) -> None:
    assert check_of("confidence", confidence=confidence) == Check(
        name="confidence", op=">=", required=0.55, actual=confidence, status=status,
        reason="as published",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["llm", "fallback"])
@pytest.mark.parametrize(
    ("text", "actual", "status", "reason"),
    [
        (" " + "x" * 30 + "\n", 30.0, "pass", "characters"),
        ("x" * 29 + "   ", 29.0, "fail", "characters"),
        (" \n", 0.0, "fail", "no reasoning"),
        (None, 0.0, "fail", "no reasoning"),
    ],
)
def test_reasoning_counts_the_stripped_characters(
    kind: str, text: str | None, actual: float, status: str, reason: str
) -> None:
    check = check_of("reasoning", source_kind=kind, reasoning=text)

    assert (check.actual, check.status, check.reason) == (actual, status, reason)


@pytest.mark.parametrize("kind", ["rule", "human"])
def test_a_source_without_reasoning_is_not_asked_for_it(kind: str) -> None:
    assert "reasoning" not in names_of(screen_of(POLICY, make_signal(source_kind=kind), FINE, 7))


def test_a_hold_is_asked_neither_for_a_trend_nor_for_an_edge() -> None:
    screen = screen_of(POLICY, make_signal(action="HOLD"), FINE, 7)

    assert names_of(screen) == ["confidence", "volatility_percentile", "data_age"]


CLOSE_BELOW, SMA_BELOW = "the close is below the average of 20", "the average of 20 is below that"
CLOSE_ABOVE, SMA_ABOVE = "the close is above the average of 20", "the average of 20 is above that"


@pytest.mark.parametrize(
    ("action", "prices", "actual", "reason"),
    [
        ("BUY", (3, 2, 1), 0, "nothing speaks against it"),
        ("BUY", (1, 2, 1), 1, CLOSE_BELOW),
        ("BUY", (3, 1, 2), 1, f"{SMA_BELOW} of 50"),
        ("BUY", (1, 2, 3), 2, f"{CLOSE_BELOW}, {SMA_BELOW} of 50"),
        ("BUY", (2, 2, 2), 0, "nothing speaks against it"),
        ("SELL", (1, 2, 3), 0, "nothing speaks against it"),
        ("SELL", (3, 2, 3), 1, CLOSE_ABOVE),
        ("SELL", (1, 3, 2), 1, f"{SMA_ABOVE} of 50"),
        ("SELL", (3, 2, 1), 2, f"{CLOSE_ABOVE}, {SMA_ABOVE} of 50"),
        ("SELL", (2, 2, 2), 0, "nothing speaks against it"),
    ],
)
def test_the_trend_counts_what_speaks_against_the_action(
    action: str, prices: tuple[float, float, float], actual: int, reason: str
) -> None:
    close, sma20, sma50 = prices
    market = FINE._replace(last_close=close, sma20=sma20, sma50=sma50)

    check = check_of("against_trend", market, action=action)

    assert (check.actual, check.reason) == (actual, reason)
    assert check.status == ("pass" if actual <= 1 else "fail")


@pytest.mark.parametrize(("rank", "status"), [(0.95, "pass"), (0.951, "fail")])
def test_the_rank_of_the_volatility_is_bounded(rank: float, status: str) -> None:
    check = check_of("volatility_percentile", FINE._replace(volatility_percentile=rank))

    assert (check.actual, check.status) == (rank, status)
    assert check.reason == "mid-rank among the last 80 volatilities"


def test_of_a_long_past_the_last_252_volatilities_are_ranked() -> None:
    closes = walk(1, 400)
    market = Indicators().at(series_of(closes), CALENDAR, (), 400)

    check = check_of("volatility_percentile", market and market._replace(last_index=7))

    assert check.reason == "mid-rank among the last 252 volatilities"


@pytest.mark.parametrize(
    ("name", "bars", "reason"),
    [
        ("against_trend", 49, "49 of 50 sessions"),
        ("volatility_percentile", 79, "79 of 80 sessions"),
        ("edge_to_cost", 20, "20 of 21 sessions"),
    ],
)
def test_a_layer_with_too_few_bars_is_insufficient(name: str, bars: int, reason: str) -> None:
    series = series_of(walk(2, bars + 1))
    few, enough = (Indicators().at(series, CALENDAR, (), each) for each in (bars, bars + 1))

    check = check_of(name, few and few._replace(last_index=7))

    assert (check.actual, check.status, check.reason) == (None, "insufficient", reason)
    assert check_of(name, enough and enough._replace(last_index=7)).actual is not None


@pytest.mark.parametrize(
    ("payload", "actual", "reason"),
    [
        ({"expected_return": 0.002}, 2.0, "edge from the published return"),
        ({"expected_return": 0.002, "action": "SELL"}, -2.0, "edge from the published return"),
        ({"expected_return": 0.002, "target_price": 1.0}, 2.0, "edge from the published return"),
        ({"target_price": 121.0}, 100.0, "edge from the target price"),
        ({"target_price": 99.0, "action": "SELL"}, 100.0, "edge from the target price"),
        ({"target_price": 121.0, "action": "SELL"}, -100.0, "edge from the target price"),
        ({"confidence": 0.6, "horizon_sessions": 4}, 8.0, EDGE),
        ({"confidence": 0.6, "horizon_sessions": 4, "action": "SELL"}, 8.0, EDGE),
        ({"confidence": 0.4, "horizon_sessions": 4}, -8.0, EDGE),
        ({"confidence": 0.6, "horizon_sessions": None}, 0.2 * 0.02 * 30**0.5 / 0.001, EDGE),
    ],
)
def test_the_edge_is_compared_with_the_cost_of_a_round_trip(
    payload: dict[str, Any], actual: float, reason: str
) -> None:
    """Five basis points a side are a thousandth of the price, there and back."""
    check = check_of("edge_to_cost", **payload)

    assert check.actual == pytest.approx(actual, rel=1e-9)
    assert (check.status, check.reason) == ("pass" if actual >= 1 else "fail", reason)


def test_an_edge_of_nothing_is_zero_without_a_sign() -> None:
    check = check_of("edge_to_cost", expected_return=0.0, action="SELL")

    assert (str(check.actual), check.status) == ("0.0", "fail")


@pytest.mark.parametrize(
    ("payload", "cost_bps", "reason"),
    [
        ({"expected_return": 0.1}, 0.0, "no cost to compare with"),
        ({"expected_return": 1e308}, 1e-3, "the edge over the cost is not a finite number"),
        ({"target_price": 1e308}, 1e-300, "the edge over the cost is not a finite number"),
        ({"target_price": 0.0}, 5.0, "the target price is 0, not above 0"),
        ({"target_price": -5.0}, 5.0, "the target price is -5, not above 0"),
    ],
)
def test_an_edge_that_cannot_be_compared_is_insufficient(
    payload: dict[str, Any], cost_bps: float, reason: str
) -> None:
    policy = asking("edge_to_cost", ">=", 1.0, cost_bps_per_side=cost_bps)

    check = check_of("edge_to_cost", policy=policy, **payload)

    assert (check.actual, check.status, check.reason) == (None, "insufficient", reason)


@pytest.mark.parametrize(
    ("op", "required", "bound"),
    [("<=", 5, 5), ("<=", 5.5, 5), ("<", 5, 4), ("<", 5.5, 5), ("<=", 0, 0), ("<=", -1, 0),
     ("<", 0, 0), (">=", 5, 10)],
)  # fmt: skip
def test_the_policy_bounds_the_age_of_the_last_bar(op: str, required: float, bound: int) -> None:
    assert max_age(asking("data_age", op, required)) == bound


def test_a_policy_that_does_not_ask_the_age_looks_back_ten_sessions() -> None:
    policy = asking("volatility_percentile", "<=", 0.95)

    assert max_age(policy) == 10
    assert screen_of(policy, make_signal(), FINE, 17).status == "passed"
    assert screen_of(policy, make_signal(), FINE, 18).status == "insufficient"


@pytest.mark.parametrize("age", [0, 5])
def test_a_bar_within_the_bound_is_as_old_as_the_sessions_since(age: int) -> None:
    screen = screen_of(POLICY, make_signal(), FINE, FINE.last_index + age)

    assert screen.checks[-1] == Check(
        name="data_age", op="<=", required=5, actual=age, status="pass",
        reason="sessions since the last bar",
    )  # fmt: skip


@pytest.mark.parametrize(("market", "index"), [(FINE, 13), (FINE, 20_000), (None, 13), (None, -1)])
def test_without_a_recent_bar_every_layer_of_prices_is_insufficient(
    market: Market | None, index: int
) -> None:
    screen = screen_of(POLICY, make_signal(), market, index)

    found = {each.name: (each.actual, each.reason) for each in screen.checks[1:]}
    none = (None, "no bar in the 6 sessions up to the signal")
    layers = ("against_trend", "volatility_percentile", "edge_to_cost", "data_age")
    assert found == dict.fromkeys(layers, none)


def test_a_published_return_needs_no_bar() -> None:
    assert check_of("edge_to_cost", None, expected_return=0.002).actual == 2.0
