"""Which calendar a ticker trades on, and what of it is loaded."""

from importlib.metadata import version

import numpy as np
import pytest

from streams.session_table import LIBRARY, PACKAGED, pack, packaged_bounds, packaged_version
from streams.sessions import CalendarBook, CalendarError, library_calendar, load_calendar

# pandas deprecates what the library of the calendars does with it
pytestmark = pytest.mark.filterwarnings("ignore:Series.values")


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("AAPL", "XNYS"),
        ("^GSPC", "XNYS"),
        ("BTC-USD", "24/7"),
        ("-USD", "24/7"),
        ("BTC-USDT", "XNYS"),
        ("btc-usd", "XNYS"),
    ],
)
def test_dollar_pairs_never_sleep_and_the_rest_is_new_york(ticker: str, name: str) -> None:
    assert CalendarBook().name_of(ticker) == name


def test_the_longest_suffix_counts() -> None:
    book = CalendarBook({"-USD": "24/7", "A-USD": "XLON", ".L": "XLON"}, default="XTKS")

    names = [book.name_of(each) for each in ("B-USD", "A-USD", "VOD.L", "7203")]

    assert names == ["24/7", "XLON", "XLON", "XTKS"]
    assert book("VOD.L").name == "XLON"


def test_a_book_answers_with_one_calendar_for_all_its_tickers() -> None:
    book = CalendarBook()

    assert book("AAPL") is book("MSFT") is book("AAPL") is load_calendar("XNYS")


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(CalendarError, match="'XNEVER'"):
        load_calendar("XNEVER")
    with pytest.raises(CalendarError, match="'XNEVER'"):
        CalendarBook({".X": "XNEVER"}).check()
    with pytest.raises(CalendarError, match="'XNEVER'"):
        CalendarBook(default="XNEVER")("AAPL")


def test_a_calendar_reaches_from_1980_to_2099() -> None:
    calendar = load_calendar("XNYS")

    assert calendar.label(0) == "1980-01-02"
    assert calendar.label(len(calendar) - 1) == "2099-12-31"
    assert (calendar.close_ms > calendar.open_ms).all()
    assert (calendar.days[1:] > calendar.days[:-1]).all()


def test_a_calendar_with_bounds_of_its_own_keeps_them() -> None:
    """Tokyo's holidays are known from 1997 on only, Shanghai's one year ahead."""
    tokyo, shanghai = load_calendar("XTKS"), load_calendar("XSHG")

    assert tokyo.label(0) == "1997-01-06"
    assert "2024" < shanghai.label(len(shanghai) - 1) < "2099"
    assert tokyo.periods_per_year == 252


@pytest.mark.parametrize("name", PACKAGED)
def test_the_packaged_sessions_are_those_of_the_library(name: str) -> None:
    """Where this fails the library has changed: `python -m streams.session_table`."""
    packaged, built = load_calendar(name), library_calendar(name)

    assert packaged_version() == version(LIBRARY)
    for column in ("days", "open_ms", "close_ms"):
        assert np.array_equal(getattr(packaged, column), getattr(built, column))
        assert getattr(packaged, column).dtype == getattr(built, column).dtype
    assert packaged.periods_per_year == built.periods_per_year


def test_a_calendar_that_is_not_packaged_comes_from_the_library() -> None:
    assert packaged_bounds("XLON") is None


def test_sessions_that_would_lose_a_part_of_a_minute_are_not_packaged() -> None:
    calendar = library_calendar("XNYS")
    calendar.open_ms[7] += 1

    with pytest.raises(ValueError, match="XNYS: expected sessions of whole minutes"):
        pack(calendar)
