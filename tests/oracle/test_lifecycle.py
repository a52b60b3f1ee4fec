"""The second implementation enters, identifies and cancels signals as one does by hand."""

import pytest

from tests.oracle.examples import JAN_02_CLOSE_MS, closes, judged, signal
from tests.oracle.identity import derived_id, holding_payloads
from tests.oracle.judge import judge


class TestEntry:
    """The entry is the first complete session that closes after the signal."""

    @pytest.mark.parametrize(
        ("generated_at_ms", "expected"),
        [
            (JAN_02_CLOSE_MS - 1, "2024-01-02"),
            (JAN_02_CLOSE_MS, "2024-01-03"),
            (JAN_02_CLOSE_MS + 1, "2024-01-03"),
            (1_704_542_400_000, "2024-01-08"),  # Saturday 2024-01-06 12:00 UTC
            (1_700_000_000_000, "2024-01-02"),  # before the first price
        ],
    )
    def test_closes_strictly_after_the_signal(self, generated_at_ms: int, expected: str) -> None:
        """A signal at the very close waits for the next session."""
        row = judged(closes([10.0, 11, 12, 13, 14]), generated_at_ms=generated_at_ms)

        assert row["entry_session"] == expected

    @pytest.mark.parametrize(
        ("offset_ms", "expected"), [(-1, "2023-11-24"), (0, "2023-11-27"), (1, "2023-11-27")]
    )
    def test_a_half_day_ends_at_one(self, offset_ms: int, expected: str) -> None:
        """13:00 in New York is the close of the day after Thanksgiving."""
        ticks = closes([10.0, 11.0], first="2023-11-24")

        row = judged(ticks, generated_at_ms=1_700_848_800_000 + offset_ms)

        assert row["entry_session"] == expected

    def test_a_missing_session_is_passed_over(self) -> None:
        """Without a tick there is no entry and no observation."""
        ticks = closes([10.0, 11, 12, 13])
        del ticks[2], ticks[0]

        row = judged(ticks)

        assert (row["entry_session"], row["entry_price"], row["observations"]) == (
            "2024-01-03",
            11.0,
            1,
        )

    def test_awaits_a_price(self) -> None:
        """Without a session after it everything is null."""
        row = judged(closes([10.0]), generated_at_ms=JAN_02_CLOSE_MS)

        assert row == {
            "signal_id": "one",
            "ticker": "AAPL",
            "action": "BUY",
            "horizon_sessions": 30,
            "status": "awaiting_entry",
            "validation_status": "pending",
            "entry_session": None,
            "entry_price": None,
            "observations": 0,
            "net_return": None,
            "raw_return": None,
            "hit": None,
            "annual_return": None,
            "max_drawdown": None,
            "mae": None,
            "mfe": None,
        }


class TestIdentity:
    """One id, one payload."""

    def test_the_derived_id_is_a_hash_of_a_json_array(self) -> None:
        """The action is folded, an unpublished horizon is null."""
        payload = {**signal(ticker="É"), "model_version": ""}

        assert derived_id(payload, None) == "s-f926e46fbd281809f427e2b3"

    def test_case_and_defaults_make_no_difference(self) -> None:
        """Written otherwise it is the same signal."""
        plain = signal(confidence=1)
        spelled = signal(confidence=1.0, action="buy", model_version="", data_kind="live")
        del plain["signal_id"], spelled["signal_id"]

        payloads = holding_payloads([plain, spelled])

        assert len(payloads) == 1
        assert next(iter(payloads)).startswith("s-")

    def test_the_earliest_payload_holds_the_id_across_tickers(self) -> None:
        """A later claim to the id is not judged."""
        later = signal(action="SELL", ticker="MSFT", generated_at_ms=JAN_02_CLOSE_MS)

        rows = judge([later, signal()], closes([100.0]))

        assert [(row["ticker"], row["action"]) for row in rows.values()] == [("AAPL", "BUY")]


class TestCancel:
    """A cancel counts before the entry session's close only."""

    @pytest.mark.parametrize(
        ("decided_at_ms", "status", "validation_status"),
        [
            (JAN_02_CLOSE_MS - 1, "cancelled", "archived"),
            (JAN_02_CLOSE_MS, "tracking", "pending"),
            (JAN_02_CLOSE_MS - 2, "tracking", "pending"),  # before the signal itself
        ],
    )
    def test_only_between_signal_and_entry(
        self, decided_at_ms: int, status: str, validation_status: str
    ) -> None:
        """Nobody can take a signal back once its entry price is known."""
        cancel = {
            "decision_id": "d",
            "signal_id": "one",
            "ticker": "AAPL",
            "kind": "cancel",
            "decided_at_ms": decided_at_ms,
        }

        row = judge([signal()], closes([100.0, 101.0]), [], [cancel])["one"]

        assert (row["status"], row["validation_status"]) == (status, validation_status)
        assert (row["entry_session"] is None) == (status == "cancelled")
        assert (row["max_drawdown"] is None) == (status == "cancelled")
