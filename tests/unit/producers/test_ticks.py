"""Price files of every format to ticks: columns, sessions, times, bars, refused lines."""

import gzip
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers import casts
from producers.errors import InputError
from producers.sources import open_source
from producers.tables import Table
from producers.tick_cells import TickOptions
from producers.ticks import read_ticks, tick_chunk
from schemas.errors import DecodeError
from schemas.records import FLAG_FINAL, Tick
from schemas.rules import check_tick
from tests.unit.producers.reading import ticks_of

NEW_YORK = ZoneInfo("America/New_York")
OPEN_MS = 1_577_975_400_000  # 2020-01-02T14:30:00Z


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "header", ["date,ticker,close", "Date,Symbol,PRICE", " DATE ,symbol,Close"]
)
def test_a_date_without_a_time_is_its_sessions_final_price(header: str) -> None:
    ticks, refused = ticks_of(f"{header}\n2020-01-02,AAPL,75.0875\n")

    assert refused == []
    assert ticks == [
        {
            "ticker": "AAPL",
            "ts": -1,
            "session": "2020-01-02",
            "price": 75.0875,
            "size": None,
            "flags": FLAG_FINAL,
            "revision": 0,
            "line": 2,
        }
    ]


def test_the_same_rows_give_the_same_ticks_in_every_format() -> None:
    frame = pd.DataFrame(
        {
            "date": ["2020-01-02", "2020-01-03"],
            "ticker": ["AAPL", "MSFT"],
            "close": [75.0875, 158.62],
            "volume": [10.0, np.nan],
            "revision": [0, 3],
        }
    )
    lines = frame.to_json(orient="records", lines=True)

    csv, _ = ticks_of(frame.to_csv(index=False))
    without_line = [{**tick, "line": 0} for tick in csv]

    for content in (lines, parquet(frame), gzip.compress(lines.encode())):
        ticks, refused = ticks_of(content)
        assert refused == []
        assert [{**tick, "line": 0} for tick in ticks] == without_line


def test_bad_lines_are_named_with_their_number_and_the_rest_goes_on() -> None:
    ticks, refused = ticks_of(
        b"date,ticker,close\r\n"
        b"2020-01-02,AAPL,1.5\r\n"
        b"\r\n"
        b"2020-01-03,AAPL,x\n"
        b"2020-02-30,AAPL,2\n"
        b"2020-01-06,MSFT\n"
        b'2020-01-06,"MSFT,4\n'
        b"2020-01-07,MSFT,5\n"
        b"2020-01-08,\xff,5\n"
        b",,\n"
        b"9999-01-01,AAPL,5\n"
        b"2020-01-08,A|B,5\n"
        b"2020-01-08,AAPL,-1\n"
        b"2020-01-08,AAPL,nan\n"
        b"2020-01-08,AAPL,1e999\n"
        b"2020-01-09,AAPL,"
    )

    assert [(tick["line"], tick["price"]) for tick in ticks] == [(2, 1.5), (8, 5.0)]
    assert refused == [
        "line 4: close: expected a number, was 'x'",
        "line 5: date: expected a date YYYY-MM-DD, was '2020-02-30'",
        "line 6: expected 3 columns, was 2",
        "line 7: expected a row of CSV: unexpected end of data",
        "line 9: expected UTF-8 text",
        "line 10: ticker: missing",
        "line 11: session: expected a date from 1980 to 2099, was 9999-01-01",
        "line 12: ticker: expected 1 to 64 characters without space or '|', was 'A|B'",
        "line 13: close: expected a number > 0 (1e-100 to 1e+100), was -1.0",
        "line 14: close: expected a number, was 'nan'",
        "line 15: close: expected a number > 0 (1e-100 to 1e+100), was inf",
        "line 16: close: missing",
    ]


def test_line_numbers_hold_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.sources.BLOCK_BYTES", 64)
    monkeypatch.setattr("producers.sources.blocks.__defaults__", (1, 64))
    rows = [f"2020-01-02,T{n},{'x' if n % 10 == 3 else n + 1}" for n in range(100)]

    ticks, refused = ticks_of("\n".join(["date,ticker,close", *rows]))

    assert [tick["line"] for tick in ticks] == [n + 2 for n in range(100) if n % 10 != 3]
    assert [each.split(":")[0] for each in refused] == [
        f"line {n + 2}" for n in range(100) if n % 10 == 3
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'{"ticker":"A","price":1', "line 2: bad JSON: "),
        (b"[1]", "line 2: expected a JSON object, was list"),
        (b'{"price":1,"date":"2020-01-02"}', "line 2: ticker: missing"),
        (b'{"ticker":"A","price":1}', "line 2: ts_event_ms: expected a time, or a session"),
        (b'{"ticker":"A","price":true,"ts_event_ms":1}', "line 2: price: expected a number"),
        (b'{"ticker":"A","price":1,"ts_event_ms":1}', "line 2: ts_event_ms: expected a time from"),
        (b'{"ticker":"A","price":1,"session":"2020-01-02","revision":256}', "line 2: revision: "),
        (b'{"ticker":"A","price":1,"session":"2020-01-02","revision":1.5}', "line 2: revision: "),
        (b'{"ticker":"A","price":1,"session":"2020-01-02","final":"maybe"}', "line 2: final: "),
    ],
)
def test_a_bad_json_line_is_refused_alone(row: bytes, reason: str) -> None:
    good = b'{"ticker":"A","price":2,"ts_event_ms":%d}' % OPEN_MS

    ticks, refused = ticks_of(b"\n".join((good, row, b"", good)), "jsonl")

    assert [tick["line"] for tick in ticks] == [1, 4]
    assert len(refused) == 1
    assert refused[0].startswith(reason)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("date,close", "a column ticker or symbol, or --ticker"),
        ("ticker,close", "a column date, session, ts_event_ms or timestamp"),
        ("date,ticker", "a column close or price"),
        ("date,ticker,Adj Close", "a column close or price"),
        ("date,ticker,close,CLOSE", "each column once, was 'close' twice"),
    ],
)
def test_a_file_without_its_columns_is_refused_as_a_whole(header: str, wanted: str) -> None:
    cells = ",".join("1" for _ in header.split(","))

    with pytest.raises(InputError, match=wanted):
        ticks_of(f"{header}\n{cells}\n", "csv")


@pytest.mark.parametrize(
    "content",
    [
        b"PAR1 not really",
        b"PAR1" + bytes(20) + b"\x08\0\0\0PAR1",
        gzip.compress(b"date,close\n", mtime=0)[:-9],
        gzip.compress(b"date,close\n", mtime=0)[:-8] + bytes(8),
        gzip.compress(b"date,close\n", mtime=0) + b"x",
        b"\x1f\x8b\x07",
        b"date,close\rAAPL,1\n\n",
    ],
)
def test_a_damaged_file_is_an_input_error(content: bytes) -> None:
    with pytest.raises(InputError):
        ticks_of(content)


def test_an_empty_file_has_no_ticks() -> None:
    assert ticks_of("") == ([], [])
    assert ticks_of("date,ticker,close\n") == ([], [])


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    path = tmp_path / "ticks.JSONL.gz"
    path.write_bytes(gzip.compress(b'{"ticker":"A","price":2,"session":"2020-01-02"}\n'))

    with open_source(path) as source:
        chunks = list(read_ticks(source, TickOptions()))

        assert source.format.name == "jsonl"
        assert source.position() == source.total
    assert [float(price) for chunk in chunks for price in chunk.ticks.price] == [2.0]


@given(st.lists(st.floats(min_value=1e-100, max_value=1e100), min_size=1, max_size=30))
def test_csv_prices_are_exact_to_the_last_bit(prices: list[float]) -> None:
    rows = "".join(f"2020-01-02,A,{price!r}\n" for price in prices)

    ticks, refused = ticks_of(f"date,ticker,close\n{rows}")
    beside_a_bad_one, _ = ticks_of(f"date,ticker,close\n{rows}2020-01-02,A,x\n")

    assert refused == []
    assert [tick["price"] for tick in ticks] == prices
    assert [tick["price"] for tick in beside_a_bad_one] == prices


CELLS = {
    "ticker": st.sampled_from(["A", "B C", "", "X|Y", "^GSPC", "é" * 65, None]),
    "price": st.sampled_from([1.0, 0.0, -1.0, float("inf"), None]),
    "ts_event_ms": st.sampled_from([OPEN_MS, 0, 315_532_800_000, 4_102_444_800_000, None]),
    "session": st.sampled_from(["2020-01-02", "1979-12-31", "2099-12-31", "2100-01-01", None]),
    "size": st.sampled_from([1.0, float("inf"), None]),
    "revision": st.sampled_from([0, 255, 256, -1]),
}


@given(st.fixed_dictionaries(CELLS))
def test_the_masks_refuse_just_what_the_rules_refuse(cells: dict[str, Any]) -> None:
    columns = {name: casts.tidy(casts.pa.array([value])) for name, value in cells.items()}

    chunk = tick_chunk(Table(columns=columns, lines=np.array([7])), TickOptions())

    assert len(chunk.refused) == (0 if obeys(cells) else 1)
    assert len(chunk.ticks.price) == 1 - len(chunk.refused)
    assert all(refusal.reason for refusal in chunk.refused)


def obeys(cells: dict[str, Any]) -> bool:
    if cells["ticker"] is None or cells["price"] is None:
        return False
    try:
        check_tick(Tick(**cells))
    except DecodeError:
        return False
    return True


def test_a_cell_nested_without_end_costs_its_own_line() -> None:
    deep = b'{"ticker":"AAPL","session":"2024-01-02","price":' + b"[" * 900 + b"]" * 900 + b"}"
    good = b'{"ticker":"AAPL","session":"2024-01-03","price":2}'

    ticks, refused = ticks_of(deep + b"\n" + good, "jsonl")

    assert [each["price"] for each in ticks] == [2.0]
    assert refused == ["line 1: price: expected a number, was 'a JSON list'"]
