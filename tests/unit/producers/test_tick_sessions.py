"""What a row of prices says of its session: flags, bars, times with and without offsets."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producers.errors import InputError
from schemas.records import FLAG_FINAL, FLAG_OPEN
from tests.unit.producers.reading import ticks_of

NEW_YORK = ZoneInfo("America/New_York")
OPEN_MS = 1_577_975_400_000  # 2020-01-02T14:30:00Z


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def test_recorded_ticks_keep_their_flags() -> None:
    ticks, refused = ticks_of(
        f'{{"ticker":"A","price":1,"ts_event_ms":{OPEN_MS},"open":true,"size":5}}\n'
        f'{{"ticker":"A","price":2,"ts_event_ms":{OPEN_MS},"final":true,"open":false}}\n'
        f'{{"ticker":"A","price":3,"ts_event_ms":{OPEN_MS}}}\n'
        '{"ticker":"A","price":4,"session":"2020-01-02","final":false}\n'
    )

    assert refused == []
    assert [tick["flags"] for tick in ticks] == [FLAG_OPEN, FLAG_FINAL, 0, 0]
    assert [tick["size"] for tick in ticks] == [5.0, None, None, None]


def test_a_bar_travels_as_four_ticks_of_its_session() -> None:
    ticks, refused = ticks_of(
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2020-01-02,10,12,9,11,5.5,1000\n"
        "2020-01-03,,,,8,4,\n",
        ticker="AAPL",
    )

    assert refused == []
    assert [(tick["price"], tick["flags"], tick["size"]) for tick in ticks] == [
        (10.0, FLAG_OPEN, None),
        (12.0, 0, None),
        (9.0, 0, None),
        (11.0, FLAG_FINAL, 1000.0),
        (8.0, FLAG_FINAL, None),
    ]
    assert {tick["ts"] for tick in ticks} == {-1}
    assert [tick["line"] for tick in ticks] == [2, 2, 2, 2, 3]


def test_adjusted_takes_adj_close_and_puts_the_bar_on_its_basis() -> None:
    content = (
        "Date,Open,High,Low,Close,Adj Close\n2020-01-02,10,12,9,11,5.5\n2020-01-03,10,12,9,11,\n"
    )

    ticks, refused = ticks_of(content, ticker="AAPL", adjusted=True)

    assert [tick["price"] for tick in ticks] == [5.0, 6.0, 4.5, 5.5]
    assert refused == ["line 3: adj close: missing"]


def test_a_bad_price_of_a_bar_refuses_the_whole_row() -> None:
    ticks, refused = ticks_of("date,open,close\n2020-01-02,0,11\n", ticker="AAPL")

    assert ticks == []
    assert refused == ["line 2: open: expected a number > 0 (1e-100 to 1e+100), was 0.0"]


def test_a_bar_that_gives_a_time_only_is_refused() -> None:
    ticks, refused = ticks_of(f"ts_event_ms,open,close\n{OPEN_MS},10,11\n", ticker="AAPL")

    assert ticks == []
    assert refused[0].startswith("line 2: date: expected a date or session beside open")


def test_a_timestamp_needs_an_offset_or_a_time_zone() -> None:
    content = "timestamp,ticker,price\n2020-01-02T09:30:00-05:00,A,1\n2020-01-02 09:30,A,2\n"

    without, refused = ticks_of(content)
    with_tz, none_refused = ticks_of(content, tz=NEW_YORK)

    assert [tick["ts"] for tick in without] == [OPEN_MS]
    assert refused == [
        "line 3: timestamp: expected an ISO 8601 time with an offset, or --tz, "
        "was '2020-01-02 09:30'"
    ]
    assert [tick["ts"] for tick in with_tz] == [OPEN_MS, OPEN_MS]
    assert none_refused == []
    assert [tick["flags"] for tick in with_tz] == [0, 0]


def test_a_time_that_the_clocks_skip_or_show_twice_is_refused() -> None:
    content = "timestamp,ticker,price\n2020-03-08 02:30:00,A,1\n2020-11-01 01:30:00,A,1\n"

    ticks, refused = ticks_of(content, tz=NEW_YORK)

    assert ticks == []
    assert [each[:7] for each in refused] == ["line 2:", "line 3:"]


@pytest.mark.parametrize(
    "cell",
    ["2020-01-02", "2020-01-02 00:00:00", "2020-01-02 00:00:00-05:00", "2020-01-02T00:00:00Z"],
)
def test_the_midnight_of_a_date_is_the_date(cell: str) -> None:
    ticks, refused = ticks_of(f"date,ticker,close\n{cell},A,1\n2020-01-03,A,2\n")

    assert refused == []
    assert [tick["session"] for tick in ticks] == ["2020-01-02", "2020-01-03"]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_adjusted_bar_beyond_a_float_is_refused_without_a_warning() -> None:
    ticks, refused = ticks_of(
        "date,open,high,low,close,adj close\n"
        "2020-01-02,1e300,1e300,1,1e-300,1e50\n2020-01-03,1,inf,1,1,0\n2020-01-06,4,4,2,2,1\n",
        ticker="A",
        adjusted=True,
    )

    assert [(tick["session"], tick["price"]) for tick in ticks][-1] == ("2020-01-06", 1.0)
    assert [each[:7] for each in refused] == ["line 2:", "line 3:"]


def test_parquet_times_and_dates_are_read_as_what_they_are() -> None:
    moment = datetime(2020, 1, 2, 14, 30, tzinfo=UTC)
    frame = pd.DataFrame({"timestamp": [moment], "ticker": ["A"], "price": [1.0]})
    midnight = pd.DataFrame(
        {"Date": [pd.Timestamp("2020-01-02", tz=NEW_YORK)], "ticker": ["A"], "close": [1.0]}
    )

    assert [tick["ts"] for tick in ticks_of(parquet(frame))[0]] == [OPEN_MS]
    assert [tick["session"] for tick in ticks_of(parquet(midnight))[0]] == ["2020-01-02"]


def test_a_broken_offset_is_refused_alone_beside_other_offsets() -> None:
    ticks, refused = ticks_of(
        "timestamp,ticker,price\n2020-01-02 10:00:00-05:0 ,A,1\n2020-01-02T15:00:00Z,A,2\n"
        "2020-01-02T10:00+01:00 ,A,3\n2020-01-02T10:00:00.5,A,4\n2020-01-02 11:00+1,A,5\n",
        tz=NEW_YORK,
    )

    assert [tick["price"] for tick in ticks] == [2, 3, 4]
    assert [each[:7] for each in refused] == ["line 2:", "line 6:"]


def test_a_date_that_python_cannot_hold_is_refused_with_its_line() -> None:
    days = pa.array([17_000, 2_000_000_000, 18_000], pa.int32()).cast(pa.date32())
    table = pa.table({"date": days, "ticker": ["A", "B", "C"], "close": [1.0, 2.0, 3.0]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    ticks, refused = ticks_of(buffer.getvalue())

    assert [tick["ticker"] for tick in ticks] == ["A", "C"]
    assert [each[:7] for each in refused] == ["line 2:"]


def test_a_text_that_is_none_refuses_the_parquet_file() -> None:
    good = pa.table({"date": ["20xy-01-02"], "ticker": ["A"], "close": [1.0]})
    buffer = io.BytesIO()
    pq.write_table(good, buffer, compression=None, use_dictionary=False)

    with pytest.raises(InputError, match=r"expected a Parquet file: Invalid UTF8"):
        ticks_of(buffer.getvalue().replace(b"20xy", b"20\xff\xff"))


@pytest.mark.parametrize("column", ["timestamp", "date"])
def test_a_time_beyond_the_calendar_refuses_its_row_alone(column: str) -> None:
    times = pa.array([1_577_941_200, 1_700_000_000_000], pa.timestamp("s", tz="America/New_York"))
    table = pa.table({column: times, "ticker": ["A", "B"], "close": [1.0, 2.0]})
    buffer = io.BytesIO()
    pq.write_table(table.cast(table.schema), buffer)

    ticks, refused = ticks_of(buffer.getvalue())

    assert [tick["ticker"] for tick in ticks] == ["A"]
    assert [each[:7] for each in refused] == ["line 2:"]
