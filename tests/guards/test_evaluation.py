"""What a tick and a session close cost, in calls: not more with more signals."""

from typing import Any

from schemas import topics
from streams.domain.ticks import TickColumns
from streams.domain.tracker import PartitionTracker
from tests.guards.counting import PYTHON_AND_C, calls_of
from tests.unit.streams.fold import apply, columns_of, new_tracker

SESSIONS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"]


def ticks_of(session: str, *, final: bool = True) -> TickColumns:
    return columns_of([{"ticker": "AAPL", "session": session, "price": 100.0, "final": final}])


def a_tracker(signals: int, sessions: int) -> PartitionTracker:
    """Signals that all entered at the first session."""
    tracker = new_tracker()
    rows: list[dict[str, Any]] = [
        {
            "ticker": "AAPL", "action": ("BUY", "SELL", "HOLD")[n % 3], "confidence": 0.5,
            "generated_at_ms": 1_704_150_000_000 + n, "source": "s", "source_kind": "rule",
            "model": f"m{n}", "horizon_sessions": 5 + n % 30,
        }
        for n in range(signals)
    ]  # fmt: skip
    apply(tracker, topics.SIGNALS, rows)
    for session in SESSIONS[:sessions]:
        tracker.apply_ticks(ticks_of(session))
    return tracker


def test_a_session_close_calls_no_more_for_more_tracked_signals() -> None:
    ticks = ticks_of(SESSIONS[2])
    few, many = a_tracker(20, 2), a_tracker(400, 2)

    of_few = calls_of(lambda: few.apply_ticks(ticks), PYTHON_AND_C)
    of_many = calls_of(lambda: many.apply_ticks(ticks), PYTHON_AND_C)

    # One id to encode a signal, and nothing else that grows.
    assert of_many - of_few <= 2 * 380
    assert of_few < 700


def test_a_tick_calls_no_more_for_more_signals() -> None:
    ticks = ticks_of(SESSIONS[2], final=False)
    trackers = [a_tracker(20, 2), a_tracker(400, 2)]

    few, many = (
        calls_of(lambda each=each: each.apply_ticks(ticks), PYTHON_AND_C) for each in trackers
    )

    assert few == many


def test_matured_signals_cost_a_session_close_nothing() -> None:
    ticks = ticks_of("2024-05-01")
    trackers = [a_tracker(20, 1), a_tracker(300, 1)]
    days = [f"2024-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(3, 29)]
    for tracker in trackers:
        for day in days:
            tracker.apply_ticks(ticks_of(day))
        assert not tracker.tickers["AAPL"].running

    few, many = (
        calls_of(lambda each=each: each.apply_ticks(ticks), PYTHON_AND_C) for each in trackers
    )

    assert few == many


def test_a_signal_is_kept_in_about_half_a_kilobyte() -> None:
    tracker = a_tracker(300, 3)
    book, running = tracker.tickers["AAPL"].signals, tracker.tickers["AAPL"].running
    assert running is not None

    packed = sum(len(book.row(each)) for each in book) / len(book)
    tracked = running.nbytes / len(running)

    assert packed + tracked < 450
