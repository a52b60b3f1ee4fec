"""How much of the capital a model's signals would hold in one ticker."""

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.policy import Policy
from sinks.portfolio import full_screen, portfolio_check, ticker_exposure
from sinks.rows import SignalRow
from tests.builders import make_policy, make_rule
from tests.unit.sinks.cohort_worlds import Bars, close_ms_of, make_row, sessions_of

LABELS = sessions_of("24/7", 40)
BARS = Bars(ticker="AAPL", closes=[100.0] * 40, calendar="24/7")
PRICES = {"AAPL": BARS.history(), "MSFT": BARS.history()}
POLICY = make_policy(screen=(make_rule("ticker_exposure", 0.2, "<="),))
PASSED = {"name": "confidence", "op": ">=", "required": 0.5, "actual": 0.6, "status": "pass"}


def made_at(day: int, signal_id: str = "s-1", *, closes: int | None = None, **changes: Any):
    """A signal generated an hour before a day's close, with its horizon's close on another day."""
    return make_row(
        signal_id=signal_id,
        generated_at_ms=close_ms_of(LABELS[day]) - 3_600_000,
        horizon_session=None if closes is None else LABELS[closes],
        **changes,
    )


def shares(signals: Sequence[SignalRow], policy: Policy = POLICY) -> dict[str, float]:
    return {key: share for key, (share, _) in ticker_exposure(signals, PRICES, policy).items()}


def test_a_signal_alone_holds_its_own_weight() -> None:
    signals = [
        made_at(0, "policy"),
        made_at(0, "short", action="SELL", source="b"),
        made_at(0, "own", position_size=0.07, source="c"),
        made_at(0, "short own", action="SELL", position_size=-0.05, source="d"),
        made_at(0, "hold", action="HOLD", source="e"),
    ]

    expected = {"policy": 0.02, "short": 0.01, "own": 0.07, "short own": 0.05}
    assert shares(signals) == expected


def test_open_signals_add_up_until_their_horizon_has_closed() -> None:
    signals = [made_at(0, "a", closes=2), made_at(1, "b"), made_at(2, "c"), made_at(3, "d")]

    assert shares(signals) == {"a": 0.02, "b": 0.04, "c": 0.06, "d": 0.06}


def test_a_signal_generated_at_the_very_close_of_another_finds_it_closed() -> None:
    later = make_row(signal_id="b", generated_at_ms=close_ms_of(LABELS[2]))

    assert shares([made_at(0, "a", closes=2), later]) == {"a": 0.02, "b": 0.02}


def test_of_one_moment_the_lesser_id_goes_first() -> None:
    assert shares([made_at(0, "b"), made_at(0, "a")]) == {"a": 0.02, "b": 0.04}


def test_other_models_tickers_and_classes_are_other_books() -> None:
    apart = {
        "source": "x", "model_name": "x", "model_version": "x", "ticker": "MSFT",
        "data_kind": "synthetic", "source_kind": "fallback", "backdated": True,
    }  # fmt: skip
    signals = [made_at(0, "a"), *(made_at(0, f, **{f: v}) for f, v in apart.items())]

    assert set(shares(signals).values()) == {0.02}


def test_a_cancelled_signal_is_not_followed() -> None:
    signals = [made_at(0, "a", status="cancelled"), made_at(1, "b")]

    assert shares(signals) == {"a": 0.02, "b": 0.02}


def test_positions_at_the_limit_are_not_pushed_over_it_by_rounding() -> None:
    signals = [made_at(n // 10, f"{n:03}", closes=n // 10) for n in range(300)]

    assert max(shares(signals).values()) == 0.2


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.none() | st.integers(1, 9),
            st.sampled_from([0.01, 0.02, 0.1, 1e-9, 0.0]),
            st.sampled_from(["tracking", "cancelled"]),
        ),
        max_size=30,
    )
)
def test_the_exposure_is_that_of_a_loop_over_all_pairs(
    drawn: list[tuple[int, int | None, float, str]],
) -> None:
    signals = [
        made_at(
            day, f"{n:02}", closes=None if held is None else day + held, position_size=size,
            status=status,
        )
        for n, (day, held, size, status) in enumerate(drawn)
    ]  # fmt: skip
    found = ticker_exposure(list(reversed(signals)), PRICES, POLICY)

    for each in signals:
        others = [other for other in signals if other is not each and _open(other, each)]
        expected = math.fsum([each.position_size or 0.0, *(o.position_size or 0.0 for o in others)])
        share, words = found[each.signal_id]
        assert share == expected
        assert words == _words(len(others))


def _open(other: SignalRow, then: SignalRow) -> bool:
    earlier = (other.generated_at_ms, other.signal_id) < (then.generated_at_ms, then.signal_id)
    session = other.horizon_session
    closed = session is not None and close_ms_of(session) <= then.generated_at_ms
    return earlier and not closed and other.status != "cancelled"


def _words(others: int) -> str:
    beside = {0: "with no other open signal", 1: "with 1 other open signal"}
    return f"share of capital in AAPL, {beside.get(others, f'with {others} other open signals')}"


def test_the_check_is_asked_of_trades_and_where_the_policy_asks_it() -> None:
    exposure = {"s-1": (0.3, "words")}
    check = portfolio_check(make_row(), exposure, POLICY)

    assert check is not None
    assert (check.name, check.actual, check.status) == ("ticker_exposure", 0.3, "fail")
    assert (check.op, check.required, check.reason) == ("<=", 0.2, "words")
    assert portfolio_check(make_row(action="HOLD"), exposure, POLICY) is None
    assert portfolio_check(make_row(), exposure, make_policy()) is None


def test_an_exposure_that_is_not_known_is_insufficient() -> None:
    check = portfolio_check(make_row(), {}, POLICY)

    assert check is not None
    assert (check.actual, check.status) == (None, "insufficient")


def test_the_full_screen_holds_both_and_is_judged_anew() -> None:
    stored = {"status": "passed", "checks": [PASSED], "reason": "every layer passed"}
    row = make_row(screen=stored)

    fine = full_screen(row, {"s-1": (0.1, "words")}, POLICY)
    over = full_screen(row, {"s-1": (0.3, "words")}, POLICY)

    assert (fine["status"], fine["reason"]) == ("passed", "every layer passed")
    assert [each["name"] for each in fine["checks"]] == ["confidence", "ticker_exposure"]
    assert (over["status"], over["reason"]) == ("failed", "fail: ticker_exposure")
    assert row.screen == {**stored}


def test_a_screen_that_failed_before_stays_failed() -> None:
    failed = {**PASSED, "status": "fail"}
    stored = {"status": "failed", "checks": [failed], "reason": "fail: confidence"}

    full = full_screen(make_row(screen=stored), {"s-1": (0.1, "words")}, POLICY)

    assert (full["status"], full["reason"]) == ("failed", "fail: confidence")


def test_a_screen_that_had_nothing_to_look_at_stays_insufficient() -> None:
    stored = {"status": "insufficient", "checks": [], "reason": "no screen then"}

    full = full_screen(make_row(screen=stored), {"s-1": (0.1, "words")}, POLICY)

    assert (full["status"], full["reason"]) == ("insufficient", "no screen then")


def test_the_portfolio_layer_may_be_all_that_is_asked() -> None:
    full = full_screen(make_row(), {"s-1": (0.1, "words")}, POLICY)

    assert (full["status"], full["reason"]) == ("passed", "every layer passed")


def test_a_portfolio_layer_that_was_stored_is_replaced() -> None:
    stale = {**PASSED, "name": "ticker_exposure", "status": "insufficient", "actual": None}
    row = make_row(screen={"status": "insufficient", "checks": [PASSED, stale], "reason": ""})

    full = full_screen(row, {"s-1": (0.1, "words")}, POLICY)

    assert (full["status"], len(full["checks"])) == ("passed", 2)


def test_a_hold_keeps_its_screen() -> None:
    row = make_row(action="HOLD")

    assert full_screen(row, {}, POLICY) == row.screen
