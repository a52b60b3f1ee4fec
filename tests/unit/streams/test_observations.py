"""Entry, returns, hit and path metrics of one claim, by hand and by the oracle."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.calendar import label_days
from streams.domain.observations import (
    Claim,
    Split,
    annualised,
    entry_positions,
)
from streams.domain.series import BarSeries
from streams.sessions import load_calendar
from tests.builders import CLOSE_MS
from tests.oracle import judge as oracle
from tests.oracle.bars import Bar as OracleBar
from tests.oracle.examples import days
from tests.unit.streams.fold import RULES
from tests.unit.streams.paths import claim_of, path_of, series_of

NEW_YORK = RULES.calendar_of("AAPL")
ALWAYS = RULES.calendar_of("BTC-USD")


def test_two_percent_in_thirty_sessions_are_eighteen_a_year() -> None:
    facts = path_of([100.0] * 30 + [102.1], claim_of()).facts

    assert facts.raw_return == pytest.approx(0.021, abs=1e-12)
    assert facts.net_return == pytest.approx(0.02, abs=1e-12)
    assert facts.annual_return == pytest.approx(0.18098, abs=5e-6)
    assert (facts.hit, facts.mae, facts.max_drawdown) == ("hit", 0.0, 0.0)
    assert (facts.entry_session, facts.last_session) == ("2024-01-02", "2024-02-14")


def test_a_year_around_the_clock_has_365_sessions() -> None:
    path = path_of([100.0] * 30 + [102.1], claim_of(), ticker="BTC-USD")

    assert path.facts.annual_return == pytest.approx(0.2724, abs=5e-5)
    assert path.facts.last_session == "2024-02-01"


def test_one_session_less_knows_no_result() -> None:
    path = path_of([100.0] * 29 + [102.1], claim_of())

    assert path.observations == 29
    assert path.facts[4:14] == (None,) * 10
    assert path.facts.entry_price == 100.0


def test_the_outcome_is_fixed_at_the_horizon_while_the_window_is_open() -> None:
    path = path_of([100.0, 101, 99, 103, 104, 105, 84], claim_of(horizon=5))
    facts = path.facts

    assert facts.net_return == pytest.approx(0.049, abs=1e-12)
    assert facts.annual_return == pytest.approx(1.049**50.4 - 1, rel=1e-12)
    assert (facts.horizon_session, facts.last_session) == ("2024-01-09", None)
    assert [facts.mae, facts.mfe] == pytest.approx([-0.01, 0.05], abs=1e-12)
    assert path.max_drawdown[-1] == pytest.approx(0.2, abs=1e-12)
    assert path.mae[-1] == path.mae[4]


def test_a_seller_past_ruin_loses_everything_and_no_more() -> None:
    path = path_of([20.0, 16, *[30.0] * 28, 50.0], claim_of("SELL"))

    assert path.facts.net_return == pytest.approx(-1.501, abs=1e-12)
    assert (path.facts.annual_return, path.facts.mae) == (-1.0, -1.5)
    assert path.facts.max_drawdown == pytest.approx(1 + 0.5 / 1.2, abs=1e-12)


@pytest.mark.parametrize(
    ("last", "hit"),
    [(101.99, "hit"), (98.01, "hit"), (102.01, "miss"), (97.99, "miss"), (102.0, "miss")],
)
def test_a_hold_stays_within_two_percent_and_has_zeros(last: float, hit: str) -> None:
    """102.0 / 100.0 - 1 is 0.020000000000000018."""
    path = path_of([100.0, 50.0, *[100.0] * 28, last], claim_of("HOLD"))
    facts = path.facts

    assert facts.hit == hit
    zeros = (facts.net_return, facts.annual_return, facts.max_drawdown, facts.mae, facts.mfe)
    assert [repr(each) for each in zeros] == ["0.0"] * 5


def test_no_number_is_negative_zero() -> None:
    for action in ("BUY", "SELL", "HOLD"):
        path = path_of([100.0] * 31, claim_of(action))
        for column in (path.raw, path.signed, path.max_drawdown, path.mae, path.mfe):
            assert not np.signbit(column).any()
        values = [path.facts.raw_return, path.facts.mae, path.facts.mfe]
        assert [repr(each) for each in values] == ["0.0"] * 3


def test_a_result_that_is_no_number_is_null() -> None:
    path = path_of([1e-100, *[1.0] * 5], claim_of(horizon=5))

    assert annualised(1e100, 252, 5) is None
    assert (path.facts.annual_return, path.facts.hit) == (None, "hit")
    assert path.facts.raw_return == pytest.approx(1e100)


def test_excursions_are_at_lows_and_highs_but_not_of_the_entry() -> None:
    spread = [(9.0, 0.1), (1.2, 1.0), (1.0, 0.9), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]
    closes = [100.0] * 6

    buy = path_of(closes, claim_of(horizon=5), spread=spread).facts
    sell = path_of(closes, claim_of("SELL", horizon=5), spread=spread).facts

    assert [buy.mae, buy.mfe] == pytest.approx([-0.1, 0.2], abs=1e-12)
    assert [sell.mae, sell.mfe] == pytest.approx([-0.2, 0.1], abs=1e-12)


@pytest.mark.parametrize(("after_close_ms", "position"), [(-1, 0), (0, 1), (1, 1)])
def test_the_entry_closes_strictly_after_the_signal(after_close_ms: int, position: int) -> None:
    times = np.array([CLOSE_MS + after_close_ms], dtype=np.int64)

    assert entry_positions(series_of([1.0, 2.0]), times).tolist() == [position]
    assert entry_positions(BarSeries(NEW_YORK), times).tolist() == [0]


factors = st.floats(0.5, 2.0)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.6, 1.7), factors, factors), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from([2.0, 0.5, 3.0, 1.0])), max_size=3),
    st.sampled_from(["BUY", "SELL", "HOLD"]),
    st.integers(1, 8),
    st.sampled_from(["AAPL", "BTC-USD"]),
)
def test_every_observation_is_that_of_the_oracle(
    moves: list[tuple[float, float, float]],
    cuts: list[tuple[int, float]],
    action: str,
    horizon: int,
    ticker: str,
) -> None:
    closes, spread = [100.0], [(1.0, 1.0)]
    for move, one, other in moves:
        closes.append(closes[-1] * move)
        spread.append((max(1.0, one, other), min(1.0, one, other)))
    labels = days("2024-01-02", 25, ticker)
    splits = sorted({labels[at]: ratio for at, ratio in cuts}.items())
    claim = claim_of(action, horizon, max(horizon, 6))

    path = path_of(
        closes,
        claim,
        ticker=ticker,
        spread=spread,
        splits=[Split(label_days(label), ratio) for label, ratio in splits],
    )

    expected = by_the_oracle(list(zip(closes, spread, strict=True)), labels, splits, claim, ticker)
    found = {
        "observations": path.observations,
        "signed": path.signed.tolist(),
        "max_drawdown": path.max_drawdown.tolist(),
        **{name: getattr(path.facts, name) for name in expected["outcome"]},
    }
    assert found["observations"] == expected["observations"]
    assert found["signed"] == pytest.approx(expected["signed"], abs=1e-12)
    assert found["max_drawdown"] == pytest.approx(expected["max_drawdown"], abs=1e-12)
    for name, value in expected["outcome"].items():
        is_float = isinstance(value, float)
        assert found[name] == (pytest.approx(value, rel=1e-9, abs=1e-12) if is_float else value)


def by_the_oracle(
    prices: list[tuple[float, tuple[float, float]]],
    labels: list[str],
    splits: list[tuple[str, float]],
    claim: Claim,
    ticker: str,
) -> dict[str, Any]:
    bars = [
        OracleBar(
            session=label,
            close_ms=0,
            open=close,
            high=close * high,
            low=close * low,
            close=close,
            final=True,
            revision=0,
            conflicting_close=False,
            complete=True,
        )
        for label, (close, (high, low)) in zip(labels, prices, strict=False)
    ]
    rows = [{"ex_date": label, "ratio": ratio} for label, ratio in splits]
    ratios = [oracle.price_ratios(bars[0], bar, rows) for bar in bars[1 : 1 + claim.window]]
    signed = [oracle.signed_return(claim.action, close) for close, _, _ in ratios]
    payload = {"action": claim.action, "horizon_sessions": claim.horizon, "ticker": ticker}
    names = ("net_return", "raw_return", "hit", "annual_return", "mae", "mfe")
    known = len(ratios) >= claim.horizon
    return {
        "observations": len(ratios),
        "signed": signed,
        "max_drawdown": [oracle.max_drawdown(signed[: k + 1]) for k in range(len(signed))],
        "outcome": oracle.outcome(payload, ratios[: claim.horizon])
        if known
        else dict.fromkeys(names),
    }


def test_the_calendars_differ_in_their_year() -> None:
    assert (NEW_YORK.periods_per_year, ALWAYS.periods_per_year) == (252, 365)
    assert load_calendar("XNYS") is NEW_YORK
