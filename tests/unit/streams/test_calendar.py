"""Which session a time belongs to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.calendar import NO_SESSION, SessionCalendar, days_label, label_days
from streams.sessions import load_calendar
from tests.builders import CLOSE_MS, HOUR_MS, OPEN_MS, SESSION
from tests.oracle.bars import LATENESS_MS, session_at, sessions_of

NEW_YORK = load_calendar("XNYS")
ALWAYS = load_calendar("24/7")
MIDNIGHT_MS = 1_704_240_000_000  # 2024-01-03 00:00 UTC
HALF_DAY_CLOSE_MS = 1_700_848_800_000  # 2023-11-24 18:00 UTC


def located(calendar: SessionCalendar, ts_ms: int, *, final: bool = False) -> str | None:
    found = calendar.locate(
        np.array([ts_ms], dtype=np.int64), np.array([final], dtype=np.bool_), LATENESS_MS
    )
    index = int(found[0])
    return None if index == NO_SESSION else calendar.label(index)


@pytest.mark.parametrize(
    ("ts_ms", "final", "expected"),
    [
        (OPEN_MS - 1, False, None),
        (OPEN_MS, False, SESSION),
        (CLOSE_MS, False, SESSION),
        (CLOSE_MS, True, SESSION),
        (CLOSE_MS + 1, False, None),
        (CLOSE_MS + 1, True, SESSION),
        (CLOSE_MS + LATENESS_MS, True, SESSION),
        (CLOSE_MS + LATENESS_MS + 1, True, None),
        (CLOSE_MS + LATENESS_MS, False, None),
        (HALF_DAY_CLOSE_MS, False, "2023-11-24"),
        (HALF_DAY_CLOSE_MS + 1, False, None),
        (HALF_DAY_CLOSE_MS + 2 * HOUR_MS, True, None),
    ],
)
def test_bounds_are_inclusive_and_a_final_tick_may_be_late(
    ts_ms: int, final: bool, expected: str | None
) -> None:
    assert located(NEW_YORK, ts_ms, final=final) == expected


@pytest.mark.parametrize(
    ("after_ms", "final", "expected"),
    [
        (-1, False, "2024-01-02"),
        (0, False, "2024-01-02"),
        (0, True, "2024-01-02"),
        (1, False, "2024-01-03"),
        (1, True, "2024-01-02"),
        (LATENESS_MS, True, "2024-01-02"),
        (LATENESS_MS + 1, True, "2024-01-03"),
    ],
)
def test_where_sessions_touch_the_earlier_has_the_tick(
    after_ms: int, final: bool, expected: str
) -> None:
    assert located(ALWAYS, MIDNIGHT_MS + after_ms, final=final) == expected


def test_outside_the_calendar_there_is_no_session() -> None:
    first, last = NEW_YORK.closes[0], NEW_YORK.closes[-1]

    assert located(NEW_YORK, int(NEW_YORK.open_ms[0]) - 1) is None
    assert located(NEW_YORK, last + 1) is None
    assert located(NEW_YORK, last + 1, final=True) == NEW_YORK.label(len(NEW_YORK) - 1)
    assert located(NEW_YORK, first) == NEW_YORK.label(0)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["AAPL", "BTC-USD"]),
    st.integers(10_000, 11_000),
    st.sampled_from(["open_ms", "close_ms"]),
    st.builds(
        int.__add__,
        st.sampled_from([0, LATENESS_MS, HOUR_MS]) | st.integers(0, 30 * HOUR_MS),
        st.integers(-1, 1),
    ),
    st.booleans(),
)
def test_sessions_are_those_of_the_oracle(
    ticker: str, at: int, edge: str, offset_ms: int, final: bool
) -> None:
    session = sessions_of(ticker)[at]
    ts_ms = getattr(session, edge) + offset_ms
    expected = session_at(ticker, ts_ms, final=final)
    calendar = ALWAYS if ticker == "BTC-USD" else NEW_YORK

    assert located(calendar, ts_ms, final=final) == (expected.label if expected else None)


@pytest.mark.parametrize("ticker", ["AAPL", "BTC-USD"])
def test_the_whole_calendar_is_that_of_the_oracle(ticker: str) -> None:
    calendar = ALWAYS if ticker == "BTC-USD" else NEW_YORK
    sessions = sessions_of(ticker)

    assert len(calendar) == len(sessions)
    assert [calendar.label(at) for at in range(len(calendar))] == [e.label for e in sessions]
    assert calendar.open_ms.tolist() == [each.open_ms for each in sessions]
    assert calendar.closes == [each.close_ms for each in sessions]


@pytest.mark.parametrize(
    "label", ["2024-01-06", "2024-01-15", "1979-12-31", "1970-01-01", "2100-01-01", "2500-06-01"]
)
def test_a_date_that_is_no_session(label: str) -> None:
    assert NEW_YORK.index_of(label_days(label)) is None


def test_a_session_is_found_by_its_date() -> None:
    index = NEW_YORK.index_of(label_days(SESSION))

    assert index is not None
    assert NEW_YORK.label(index) == SESSION
    assert (NEW_YORK.open_ms[index], NEW_YORK.closes[index]) == (OPEN_MS, CLOSE_MS)


def test_the_nth_close_after_a_time_is_strictly_after_it() -> None:
    assert NEW_YORK.close_of_nth_after(CLOSE_MS - 1, 1) == CLOSE_MS
    assert NEW_YORK.close_of_nth_after(CLOSE_MS, 1) == CLOSE_MS + 24 * HOUR_MS
    assert NEW_YORK.close_of_nth_after(NEW_YORK.closes[-2], 40) == NEW_YORK.closes[-1]
    assert NEW_YORK.close_of_nth_after(NEW_YORK.closes[-1] + 1, 40) == NEW_YORK.closes[-1]


@given(st.dates())
def test_labels_and_days_are_one_another(day: object) -> None:
    assert days_label(label_days(str(day))) == str(day)
