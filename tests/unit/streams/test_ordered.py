"""The quick fold of plain parts says what the general one does, whatever the cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import FLAG_FINAL
from streams.domain.ordered import OrderedTicks, fold_ordered
from streams.domain.ticks import NO_DAY, TickColumns, Ticks, fold_columns, join_columns
from tests.builders import CLOSE_MS, DAY_MS, HOUR_MS, OPEN_MS
from tests.oracle.bars import LATENESS_MS
from tests.unit.streams.fold import BOOK

TICKERS = ("AAPL", "XOM", "KO", "BTC-USD", "ETH-USD")
EDGES = [OPEN_MS, CLOSE_MS, CLOSE_MS + LATENESS_MS, OPEN_MS + DAY_MS, CLOSE_MS + DAY_MS]
times = st.sampled_from([edge + by for edge in EDGES for by in (-1, 0, 1, HOUR_MS)])
inside = st.sampled_from([OPEN_MS, OPEN_MS + 1, OPEN_MS + 2, CLOSE_MS - 1, CLOSE_MS])
prices = st.sampled_from([9.0, 10.0, 10.5, 11.0])


@st.composite
def parts(draw: st.DrawFn) -> Ticks:
    """A part: mostly of one session, sometimes over several, sometimes with flags."""
    tickers = draw(st.lists(st.sampled_from(TICKERS), min_size=1, max_size=4, unique=True))
    of = draw(st.sampled_from([inside, inside, times]))
    codes = st.integers(0, len(tickers) - 1)
    rows = draw(st.lists(st.tuples(codes, of, prices), min_size=1, max_size=12))
    ordered = draw(st.booleans())
    if ordered:
        rows.sort(key=lambda row: row[1])
    code, ts_ms, price = zip(*rows, strict=True)
    part = OrderedTicks(
        tuple(tickers),
        np.array(code, dtype=np.int32),
        np.array(ts_ms, dtype=np.int64),
        np.array(price),
    )
    if ordered:
        return part
    flags = draw(st.lists(st.integers(0, 3), min_size=len(code), max_size=len(code)))
    revision = draw(st.lists(st.integers(0, 1), min_size=len(code), max_size=len(code)))
    return TickColumns(
        tickers=tickers,
        code=part.code.astype(np.int64),
        ts_ms=part.ts_ms,
        day=np.full(len(code), NO_DAY),
        price=part.price,
        flags=np.array(flags, dtype=np.uint8),
        revision=np.array(revision, dtype=np.uint8),
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(parts(), min_size=1, max_size=5))
def test_parts_say_what_they_say_together(chunk: list[Ticks]) -> None:
    quick = fold_columns(chunk, BOOK, LATENESS_MS)
    general = fold_columns(join_columns(chunk), BOOK, LATENESS_MS)

    assert quick == general


def part_of(tickers: tuple[str, ...], ts_ms: list[int]) -> OrderedTicks:
    """Every ticker in turn, at these times."""
    code = np.arange(len(ts_ms), dtype=np.int32) % len(tickers)
    return OrderedTicks(tickers, code, np.array(ts_ms), 100.0 + np.arange(len(ts_ms)))


def test_ticks_of_one_session_need_no_general_fold() -> None:
    part = part_of(("AAPL", "XOM", "KO"), [OPEN_MS, OPEN_MS, CLOSE_MS - 5, CLOSE_MS])

    bars, event_times, rest = fold_ordered([part, part], BOOK)

    index = BOOK("AAPL").closes.index(CLOSE_MS)
    assert rest == []
    assert event_times == {"AAPL": CLOSE_MS, "XOM": OPEN_MS, "KO": CLOSE_MS - 5}
    assert bars.keys() == {(ticker, index) for ticker in ("AAPL", "XOM", "KO")}
    assert (bars["AAPL", index].open, bars["AAPL", index].close) == (100.0, 103.0)


def test_what_is_not_of_one_session_and_calendar_is_left_to_the_general_fold() -> None:
    two_days = part_of(("AAPL",), [CLOSE_MS, CLOSE_MS + DAY_MS])
    outside = part_of(("AAPL",), [CLOSE_MS + 1])
    mixed = part_of(("AAPL", "BTC-USD"), [OPEN_MS, OPEN_MS])
    chunk = [two_days, outside, mixed]

    assert fold_ordered(chunk, BOOK).rest == chunk
    assert fold_ordered([part_of(("BTC-USD", "ETH-USD"), [OPEN_MS] * 2)], BOOK).rest == []


def test_many_tickers_with_several_ticks_at_one_time_are_left_to_the_general_fold() -> None:
    tickers = tuple(f"T{n}" for n in range(20))

    assert fold_ordered([part_of(tickers, [OPEN_MS] * 40)], BOOK).rest
    assert not fold_ordered([part_of(tickers[:5], [OPEN_MS] * 40)], BOOK).rest


def test_more_tickers_than_fit_a_byte_are_folded_alike() -> None:
    tickers = tuple(f"T{n}" for n in range(300))
    part = part_of(tickers, [OPEN_MS + n for n in range(900)])

    bars, event_times, rest = fold_ordered([part], BOOK)

    assert rest == []
    assert (bars, event_times, 0) == fold_columns(join_columns([part]), BOOK, LATENESS_MS)


def test_a_final_tick_in_another_part_closes_the_bar() -> None:
    plain = part_of(("AAPL",), [CLOSE_MS])
    final = TickColumns(
        tickers=["AAPL"],
        code=np.array([0]),
        ts_ms=np.array([CLOSE_MS]),
        day=np.array([NO_DAY]),
        price=np.array([7.0]),
        flags=np.array([FLAG_FINAL], dtype=np.uint8),
        revision=np.array([0], dtype=np.uint8),
    )

    [bar] = fold_columns([plain, final], BOOK, LATENESS_MS).bars.values()

    assert (bar.close, bar.open, bar.final_seen) == (7.0, 7.0, 1)
