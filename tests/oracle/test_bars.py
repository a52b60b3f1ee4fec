"""Sessions and bars of the second implementation are what one finds by hand."""

from typing import Any

import pytest

from tests.oracle.bars import (
    LATENESS_MS,
    complete_bars,
    fold_bars,
    session_at,
    session_named,
)
from tests.oracle.examples import DAY_MS, JAN_02_CLOSE_MS

Row = dict[str, Any]


class TestSessions:
    """Which session a time belongs to."""

    def test_knows_the_winter_hours_of_new_york(self) -> None:
        """09:30 to 16:00 in New York is 14:30 to 21:00 UTC in January."""
        session = session_named("AAPL", "2024-01-02")

        assert session is not None
        assert session.close_ms == JAN_02_CLOSE_MS
        assert session.open_ms == JAN_02_CLOSE_MS - 6 * 3_600_000 - 1_800_000

    def test_knows_weekends_holidays_and_half_days(self) -> None:
        """The day after Thanksgiving ends at 13:00, Martin Luther King Day is none."""
        friday = session_named("AAPL", "2023-11-24")

        assert friday is not None
        assert friday.close_ms == 1_700_848_800_000  # 2023-11-24 18:00 UTC
        assert session_named("AAPL", "2024-01-15") is None
        assert session_named("AAPL", "2024-01-06") is None
        assert session_named("BTC-USD", "2024-01-06") is not None

    @pytest.mark.parametrize(
        ("offset_ms", "final", "expected"),
        [
            (0, False, "2024-01-02"),
            (1, False, None),
            (1, True, "2024-01-02"),
            (LATENESS_MS, True, "2024-01-02"),
            (LATENESS_MS + 1, True, None),
            (-6 * 3_600_000 - 1_800_000, False, "2024-01-02"),
            (-6 * 3_600_000 - 1_800_001, False, None),
        ],
    )
    def test_bounds_are_inclusive_and_a_final_tick_may_be_late(
        self, offset_ms: int, final: bool, expected: str | None
    ) -> None:
        """Open and close belong to the session; after it only a final tick does."""
        session = session_at("AAPL", JAN_02_CLOSE_MS + offset_ms, final=final)

        assert (session.label if session else None) == expected

    def test_of_two_that_touch_the_earlier_takes_the_tick(self) -> None:
        """Midnight ends the day; a final tick shortly after it still belongs to it."""
        midnight_ms = 1_704_240_000_000  # 2024-01-03 00:00 UTC

        cases = [(0, False), (1, False), (1, True), (LATENESS_MS + 1, True)]
        found = [session_at("BTC-USD", midnight_ms + ms, final=final) for ms, final in cases]

        assert [session.label for session in found if session] == [
            "2024-01-02",
            "2024-01-03",
            "2024-01-02",
            "2024-01-03",
        ]


class TestBars:
    """How ticks become a bar, and when it is complete."""

    def ticks(self) -> list[Row]:
        """Return four ticks of 2024-01-02, an hour apart, the last at the close."""
        hour = 3_600_000
        return [
            {"ticker": "AAPL", "ts_event_ms": JAN_02_CLOSE_MS - 3 * hour, "price": 10.0},
            {"ticker": "AAPL", "ts_event_ms": JAN_02_CLOSE_MS - 2 * hour, "price": 14.0},
            {"ticker": "AAPL", "ts_event_ms": JAN_02_CLOSE_MS - hour, "price": 9.0},
            {"ticker": "AAPL", "ts_event_ms": JAN_02_CLOSE_MS, "price": 12.0},
        ]

    def test_extremes_first_and_last(self) -> None:
        """Open and close are the first and last by event time."""
        bar = fold_bars("AAPL", reversed(self.ticks()))["2024-01-02"]

        assert (bar.open, bar.high, bar.low, bar.close) == (10.0, 14.0, 9.0, 12.0)
        assert not bar.complete

    def test_flags_outrank_time_and_a_tie_goes_to_the_price(self) -> None:
        """The official open and close win; at one time the greater price closes."""
        ticks = self.ticks()
        ticks[1]["open"] = True
        ticks[2]["final"] = True
        ticks.append({**ticks[2], "price": 9.5})

        bar = fold_bars("AAPL", ticks)["2024-01-02"]

        assert (bar.open, bar.close) == (14.0, 9.5)
        assert bar.conflicting_close
        assert bar.complete

    def test_final_ticks_at_different_times_do_not_conflict(self) -> None:
        """A later official close simply replaces the earlier one."""
        ticks = self.ticks()
        ticks[2]["final"] = ticks[3]["final"] = True

        bar = fold_bars("AAPL", ticks)["2024-01-02"]

        assert bar.close == 12.0
        assert not bar.conflicting_close

    def test_a_higher_revision_restates_the_session(self) -> None:
        """Only ticks of the greatest revision count."""
        bar = fold_bars("AAPL", [*self.ticks(), {**self.ticks()[1], "revision": 1}])["2024-01-02"]

        assert (bar.open, bar.high, bar.low, bar.close) == (14.0, 14.0, 14.0, 14.0)

    @pytest.mark.parametrize(("late_ms", "complete"), [(LATENESS_MS - 1, 0), (LATENESS_MS, 1)])
    def test_event_time_completes_a_session(self, late_ms: int, complete: int) -> None:
        """A tick outside every session still moves its ticker's clock, and no other's."""
        later = {"ticker": "AAPL", "ts_event_ms": JAN_02_CLOSE_MS + late_ms, "price": 99.0}
        other = {"ticker": "MSFT", "ts_event_ms": JAN_02_CLOSE_MS + DAY_MS, "price": 1.0}

        bars = complete_bars("AAPL", [*self.ticks(), later, other])

        assert [bar.close for bar in bars] == [12.0] * complete

    def test_a_tick_with_a_session_moves_the_clock_to_its_close(self) -> None:
        """A price of the next session ends this one, itself it stays open."""
        following = {"ticker": "AAPL", "session": "2024-01-03", "price": 13.0}

        bars = complete_bars("AAPL", [*self.ticks(), following])

        assert [bar.session for bar in bars] == ["2024-01-02"]

    def test_a_date_that_is_no_session_does_nothing(self) -> None:
        """Neither a bar nor event time comes from a Saturday."""
        stray = {"ticker": "AAPL", "session": "2024-01-06", "price": 1.0, "final": True}

        bars = fold_bars("AAPL", [*self.ticks(), stray])

        assert [(bar.session, bar.complete) for bar in bars.values()] == [("2024-01-02", False)]
