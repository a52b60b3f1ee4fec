"""The second implementation gives the outcomes that one computes by hand."""

import pytest

from tests.oracle.examples import closes, judged, signal
from tests.oracle.judge import judge


class TestOutcome:
    """Returns, hit and path metrics."""

    def test_two_percent_in_thirty_sessions_pass(self) -> None:
        """102.1 on 100 is 2 % after 10 bps: 18.1 % a year of 252 sessions."""
        ticks = closes([100.0] * 30 + [102.1])

        row = judged(ticks)

        assert ticks[30]["session"] == "2024-02-14"
        assert (row["status"], row["validation_status"]) == ("passed", "validated")
        assert (row["observations"], row["hit"]) == (30, "hit")
        assert row["raw_return"] == pytest.approx(0.021, abs=1e-12)
        assert row["net_return"] == pytest.approx(0.02, abs=1e-12)
        assert row["annual_return"] == pytest.approx(0.18098, abs=5e-6)
        assert (row["max_drawdown"], row["mae"]) == (0.0, 0.0)
        assert row["mfe"] == pytest.approx(0.021, abs=1e-12)

    def test_a_year_around_the_clock_has_365_sessions(self) -> None:
        """The same return is 27.2 % where no day is off."""
        ticks = closes([100.0] * 30 + [102.1], ticker="BTC-USD")

        row = judged(ticks, ticker="BTC-USD", generated_at_ms=1_704_200_000_000)

        assert row["entry_session"] == "2024-01-02"
        assert row["annual_return"] == pytest.approx(0.2724, abs=5e-5)

    def test_twenty_nine_observations_do_not_suffice(self) -> None:
        """One session less is still tracking, without any result."""
        row = judged(closes([100.0] * 29 + [102.1]))

        assert (row["status"], row["validation_status"], row["observations"]) == (
            "tracking",
            "pending",
            29,
        )
        assert row["max_drawdown"] == 0.0
        assert {row[name] for name in ("net_return", "raw_return", "hit", "mae", "mfe")} == {None}

    def test_a_gain_within_the_costs_is_a_miss(self) -> None:
        """5 bps gained are 5 bps lost after 10 bps of costs."""
        row = judged(closes([100.0] * 30 + [100.05]))

        assert row["hit"] == "miss"
        assert row["net_return"] == pytest.approx(-0.0005, abs=1e-12)
        assert (row["status"], row["validation_status"]) == ("failed", "failed")

    def test_a_hit_may_fail_the_policy(self) -> None:
        """0.4 % net in 30 sessions is 3.4 % a year."""
        row = judged(closes([100.0] * 30 + [100.5]))

        assert (row["hit"], row["status"]) == ("hit", "failed")
        assert row["annual_return"] == pytest.approx(0.0341, abs=5e-5)

    def test_values_are_fixed_at_a_horizon_of_five_while_the_window_is_open(self) -> None:
        """The fifth close counts, later ones move the drawdown only."""
        row = judged(closes([100.0, 101, 99, 103, 104, 105, 84]), horizon_sessions=5)

        assert (row["status"], row["observations"], row["hit"]) == ("tracking", 6, "hit")
        assert row["raw_return"] == pytest.approx(0.05, abs=1e-12)
        assert row["net_return"] == pytest.approx(0.049, abs=1e-12)
        assert row["annual_return"] == pytest.approx(1.049**50.4 - 1, rel=1e-9)
        assert row["mae"] == pytest.approx(-0.01, abs=1e-12)
        assert row["mfe"] == pytest.approx(0.05, abs=1e-12)
        assert row["max_drawdown"] == pytest.approx(0.2, abs=1e-12)  # 84 under 105

    def test_a_horizon_over_thirty_is_its_own_window(self) -> None:
        """45 sessions are waited for."""
        at_44 = judged(closes([100.0] * 45), horizon_sessions=45)
        at_50 = judged(closes([100.0] * 51), horizon_sessions=45)

        assert (at_44["status"], at_44["observations"]) == ("tracking", 44)
        assert (at_50["status"], at_50["observations"]) == ("failed", 45)

    def test_a_sell_past_ruin(self) -> None:
        """From 20 to 50 a seller loses 150 %: ruin, not a power of a negative base."""
        row = judged(closes([20.0, 16] + [30.0] * 28 + [50.0]), action="sell")

        assert (row["action"], row["status"], row["hit"]) == ("SELL", "failed", "miss")
        assert row["raw_return"] == 1.5
        assert row["net_return"] == pytest.approx(-1.501, abs=1e-12)
        assert row["annual_return"] == -1.0
        assert row["max_drawdown"] == pytest.approx(1 + 0.5 / 1.2, abs=1e-12)  # 1.2 to -0.5
        assert row["mae"] == -1.5
        assert row["mfe"] == pytest.approx(0.2, abs=1e-12)

    @pytest.mark.parametrize(
        ("last", "hit", "status"),
        [
            (101.99, "hit", "passed"),
            (98.01, "hit", "passed"),
            (102.01, "miss", "failed"),
            (97.99, "miss", "failed"),
            (102.0, "miss", "failed"),  # 102.0 / 100.0 - 1 is 0.020000000000000018
        ],
    )
    def test_a_hold_stays_within_two_percent(self, last: float, hit: str, status: str) -> None:
        """Nothing is earned, nothing paid, whatever the path was."""
        row = judged(closes([100.0, 50.0] + [100.0] * 28 + [last]), action="Hold")

        assert (row["hit"], row["status"]) == (hit, status)
        assert row["raw_return"] == pytest.approx(last / 100 - 1, abs=1e-12)
        zeros = [row[k] for k in ("net_return", "annual_return", "max_drawdown", "mae", "mfe")]
        assert [repr(value) for value in zeros] == ["0.0"] * 5

    def test_excursions_are_at_lows_and_highs_but_not_of_the_entry_bar(self) -> None:
        """A BUY suffers at the low and gains at the high, a SELL mirrors it."""
        ticks = closes([100.0, 101, 102, 103, 104, 105])
        low, high = {"final": False, "price": 90.0}, {"final": False, "price": 120.0}
        ticks += [{**ticks[3], **low}, {**ticks[2], **high}]
        ticks += [{**ticks[0], **low, "price": 1.0}, {**ticks[0], **high, "price": 999.0}]

        buy = judged(ticks, horizon_sessions=5)
        sell = judged(ticks, horizon_sessions=5, action="SELL")

        assert (buy["entry_price"], buy["observations"]) == (100.0, 5)
        assert [buy["mae"], buy["mfe"]] == pytest.approx([-0.1, 0.2], abs=1e-12)
        assert [sell["mae"], sell["mfe"]] == pytest.approx([-0.2, 0.1], abs=1e-12)
        assert buy["max_drawdown"] == 0.0  # closes only

    def test_a_split_in_the_window_is_taken_out(self) -> None:
        """60 after 2:1 is 120 of the entry's shares; on the entry's own date it is no matter."""
        ticks = closes([100.0, 100, 55, 56, 58, 60])
        split = {"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2.0}
        no_split = {**split, "ticker": "MSFT", "ex_date": "2024-01-05"}
        of_entry = {**split, "ex_date": "2024-01-02"}

        row = judge([signal(horizon_sessions=5)], ticks, [split, no_split, of_entry])["one"]

        assert row["entry_price"] == 100.0
        assert row["raw_return"] == pytest.approx(0.2, abs=1e-12)
        assert row["max_drawdown"] == 0.0

    def test_a_split_can_be_corrected_and_withdrawn(self) -> None:
        """The greatest revision holds; a ratio of 1 takes it back."""
        ticks = closes([100.0, 100, 100, 100, 100, 100])
        split = {"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2.0}
        withdrawn = {**split, "ratio": 1.0, "revision": 1}

        row = judge([signal(horizon_sessions=5)], ticks, [withdrawn, split])["one"]

        assert row["raw_return"] == 0.0
