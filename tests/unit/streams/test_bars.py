"""Ticks in any order, any number of times, in any chunks, give one bar a session."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import encode
from streams.domain.bars import Bar, merge
from streams.domain.ticks import join_columns
from streams.domain.tracker import PartitionTracker
from streams.inbound_ticks import sort_ticks
from tests.builders import CLOSE_MS, DAY_MS, HOUR_MS, make_batch, make_tick
from tests.oracle import bars as oracle
from tests.oracle.bars import LATENESS_MS
from tests.oracle.examples import days
from tests.unit.streams.fold import apply_ticks, chunk_of, new_tracker, source

Row = dict[str, Any]
TICKERS = ("AAPL", "BTC-USD", "XOM")
# With a half day, a weekend and a holiday among them.
DAYS = {ticker: days("2023-11-20", 8, ticker) for ticker in TICKERS}

prices = st.sampled_from([9.0, 10.0, 10.5, 11.0, 12.25])
offsets_ms = st.sampled_from([-1, 0, 1, HOUR_MS, LATENESS_MS, LATENESS_MS + 1, 5 * HOUR_MS])


@st.composite
def ticks(draw: st.DrawFn) -> Row:
    ticker = draw(st.sampled_from(TICKERS))
    label = draw(st.sampled_from(DAYS[ticker]))
    session = oracle.session_named(ticker, label)
    assert session is not None
    edge_ms = draw(st.sampled_from([session.open_ms, session.close_ms]))
    row: Row = {"ticker": ticker, "price": draw(prices)}
    by_session = draw(st.booleans())
    if by_session:
        row["session"] = draw(st.sampled_from([label, label, label, "2023-11-25", "2100-01-04"]))
        if row["session"] == "2100-01-04":
            row["session"] = "2099-12-26"
    if not by_session or draw(st.booleans()):
        row["ts_event_ms"] = edge_ms + draw(offsets_ms)
    for flag in ("open", "final"):
        if draw(st.integers(0, 3)) == 0:
            row[flag] = True
    if draw(st.integers(0, 4)) == 0:
        row["revision"] = draw(st.integers(0, 2))
    return row


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """Published ticks, and how they arrive: shuffled, some again, cut into chunks."""
    published = draw(st.lists(ticks(), min_size=1, max_size=14))
    again = draw(st.lists(st.sampled_from(published), max_size=5))
    arriving = draw(st.permutations(published + again))
    cuts = draw(st.lists(st.integers(1, len(arriving)), max_size=4))
    bounds = sorted({0, *cuts, len(arriving)})
    return published, [arriving[a:b] for a, b in pairwise(bounds)]


def seen_by_the_oracle(published: list[Row]) -> dict[tuple[str, str], Row]:
    return {
        (ticker, label): {
            "open": bar.open,
            "high": bar.high,
            "low": bar.low,
            "close": bar.close,
            "revision": bar.revision,
            "conflicting_close": bar.conflicting_close,
            "complete": bar.complete,
        }
        for ticker in TICKERS
        for label, bar in oracle.fold_bars(ticker, published).items()
    }


def seen_by(tracker: PartitionTracker) -> dict[tuple[str, str], Row]:
    found = {}
    for name, state in tracker.tickers.items():
        for complete, bars in ((True, state.closed.items()), (False, state.open.items())):
            for index, bar in bars:
                found[name, state.calendar.label(index)] = {
                    "open": bar.open,
                    "high": bar.high,
                    "low": bar.low,
                    "close": bar.close,
                    "revision": bar.revision,
                    "conflicting_close": bar.conflicting_close,
                    "complete": complete,
                }
    return found


@settings(max_examples=150, deadline=None)
@given(deliveries(), st.booleans())
def test_any_delivery_gives_the_bars_of_the_oracle(
    delivery: tuple[list[Row], list[list[Row]]], batch: bool
) -> None:
    published, chunks = delivery
    tracker = new_tracker()
    told: dict[tuple[str, str], Any] = {}

    for chunk in chunks:
        effects = apply_ticks(tracker, chunk, batch=batch)
        told.update({(bar.ticker, bar.session): bar for bar in effects.bars.values()})

    expected = seen_by_the_oracle(published)
    assert seen_by(tracker) == expected
    assert told.keys() == {key for key, bar in expected.items() if bar["complete"]}
    for key, bar in told.items():
        for name in ("open", "high", "low", "close", "revision", "conflicting_close"):
            assert getattr(bar, name) == expected[key][name]


bars = st.builds(
    Bar,
    revision=st.integers(0, 1),
    close_final=st.integers(0, 1),
    close_ts=st.integers(0, 2),
    close=prices,
    open_plain=st.integers(0, 1),
    open_ts=st.integers(0, 2),
    open=prices,
    high=prices,
    low=prices,
    final_low=prices,
    final_seen=st.integers(0, 1),
)


@given(bars, bars, bars)
def test_merging_is_a_join(a: Bar, b: Bar, c: Bar) -> None:
    assert merge(a, b) == merge(b, a)
    assert merge(a, merge(b, c)) == merge(merge(a, b), c)
    assert merge(a, merge(a, b)) == merge(a, b)
    assert merge(a, a) == a


def tick(offset_ms: int, price: float, **changes: Any) -> Row:
    return {"ticker": "AAPL", "ts_event_ms": CLOSE_MS + offset_ms, "price": price, **changes}


def test_a_closed_bar_is_told_with_its_place_in_the_calendar() -> None:
    effects = apply_ticks(new_tracker(), [tick(-HOUR_MS, 10.0), tick(0, 12.0, final=True)])

    [bar] = effects.bars.values()

    assert (bar.ticker, bar.session, bar.calendar) == ("AAPL", "2024-01-02", "XNYS")
    assert bar.close_ms == CLOSE_MS
    assert (bar.open, bar.high, bar.low, bar.close) == (10.0, 12.0, 10.0, 12.0)
    assert (bar.final, bar.revision, bar.conflicting_close) == (True, 0, False)
    assert oracle.sessions_of("AAPL")[bar.session_index].label == "2024-01-02"


def test_the_official_open_comes_before_an_earlier_price() -> None:
    rows = [tick(-5 * HOUR_MS, 9.0), tick(-4 * HOUR_MS, 11.0, open=True), tick(0, 12.0, final=True)]

    [bar] = apply_ticks(new_tracker(), rows).bars.values()

    assert bar.open == 11.0


@pytest.mark.parametrize(
    ("others", "conflict"),
    [
        ([tick(0, 12.0, final=True)], False),
        ([tick(0, 12.5, final=True)], True),
        ([tick(-1, 12.5, final=True)], False),
        ([tick(0, 12.5)], False),
        ([tick(0, 12.5, final=True, revision=1)], False),
        ([tick(0, 12.5, final=True, revision=1), tick(0, 13.0, final=True, revision=1)], True),
    ],
)
def test_two_official_closes_of_one_time_conflict(others: list[Row], conflict: bool) -> None:
    [bar] = apply_ticks(new_tracker(), [tick(0, 12.0, final=True), *others]).bars.values()

    assert bar.conflicting_close is conflict


def test_a_bar_waits_for_the_lateness_of_its_own_ticker() -> None:
    tracker = new_tracker()

    assert not apply_ticks(tracker, [tick(0, 12.0)]).bars
    assert not apply_ticks(tracker, [{**tick(DAY_MS, 1.0), "ticker": "XOM"}]).bars
    assert not apply_ticks(tracker, [tick(LATENESS_MS - 1, 99.0)]).bars
    [bar] = apply_ticks(tracker, [tick(LATENESS_MS, 98.0)]).bars.values()

    assert (bar.close, bar.high, bar.final) == (12.0, 12.0, False)


def test_a_late_tick_revises_a_closed_bar_and_a_repeated_one_does_not() -> None:
    tracker = new_tracker()
    apply_ticks(tracker, [tick(0, 12.0, final=True)])

    assert not apply_ticks(tracker, [tick(0, 12.0, final=True)]).bars
    [bar] = apply_ticks(tracker, [tick(-HOUR_MS, 15.0)]).bars.values()

    assert (bar.high, bar.close) == (15.0, 12.0)


def test_a_final_tick_completes_its_session_also_where_a_revision_restates_it() -> None:
    rows = [tick(0, 12.0, final=True), tick(-HOUR_MS, 13.0, revision=1)]

    for chunks in ([rows], [rows[:1], rows[1:]], [rows[1:], rows[:1]]):
        tracker = new_tracker()
        told = [bar for chunk in chunks for bar in apply_ticks(tracker, chunk).bars.values()]

        assert (told[-1].close, told[-1].revision, told[-1].final) == (13.0, 1, True)


def test_a_date_that_is_no_session_is_counted_and_moves_nothing() -> None:
    tracker = new_tracker()
    apply_ticks(tracker, [tick(0, 12.0)])

    effects = apply_ticks(
        tracker,
        [{"ticker": "AAPL", "session": "2024-01-06", "price": 1.0, "final": True}] * 3,
    )

    assert effects.ignored == 3
    assert (effects.bars, effects.open_tickers) == ({}, set())


def test_a_batch_may_name_a_ticker_of_another_calendar_without_a_good_tick() -> None:
    good = make_tick(final=True, ts_event_ms=CLOSE_MS)
    batch = make_batch(ticks=[good, make_tick(ticker="BTC-USD", price=-1.0)])

    found = sort_ticks(chunk_of([source(encode(batch))]), 1)
    effects = new_tracker().apply_ticks(join_columns(found.columns))

    assert [bar.ticker for bar in effects.bars.values()] == ["AAPL"]
    assert len(found.dead) == 1
