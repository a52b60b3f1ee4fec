"""Columns say what rows say: a file read whole is its rows read one by one, as text or typed."""

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers import arrow, casts
from producers.formats import format_named
from producers.sources import Source
from producers.tick_cells import TickOptions
from producers.ticks import read_ticks
from tests.unit.producers.reading import Tick, ticks_of

OPEN_MS = 1_577_975_400_000  # 2020-01-02T14:30:00Z
DAY = 18_263  # 2020-01-02

# What most rows hold stands there more than once, so that whole blocks are without a fault too.
TEXTS = {
    "ticker": ["A", "A", "B", " A", "é", "X|Y", ""],
    "close": ["1", "1", "2.5", " 3 ", "1e3", "+4", "nan", "inf", "0", "-1", "0x10", "x", ""],
    "date": ["2020-01-02", "2020-01-02", "", "2020-01-02 00:00", "2020-1-2", "1979-12-31"],
    "ts_event_ms": [str(OPEN_MS), str(OPEN_MS), "", f"{OPEN_MS}.0", "1e12", "-1", "x"],
    "open": ["", "1.5", "2", "true", "False", "nan", "y"],
    "high": ["", "3", "nan"],
    "low": ["", "0.5", "-1"],
    "volume": ["", "10", "nan", "inf", "1e400"],
    "final": ["", "true", "FALSE", "1", "2"],
    "revision": ["", "0", "3", "2.0", "256", "0x1"],
}
TYPED: dict[str, tuple[pa.DataType, list[Any]]] = {
    "ticker": (pa.string(), ["A", "A", "B", " A", "X|Y", "", None]),
    "close": (pa.float64(), [1.0, 1.0, 2.5, float("nan"), float("inf"), 0.0, -1.0, None]),
    "date": (pa.timestamp("us"), [DAY * 86_400_000_000, DAY * 86_400_000_000 + 1, -1, None]),
    "timestamp": (pa.timestamp("ns", tz="UTC"), [OPEN_MS * 1_000_000 + 7, 0, -1, None]),
    "open": (pa.float64(), [None, None, 1.5, float("nan"), -1.0]),
    "high": (pa.float64(), [None, None, 3.0]),
    "low": (pa.float64(), [None, None, 0.5]),
    "volume": (pa.int64(), [None, 10, 2**62]),
    "final": (pa.bool_(), [None, True, False]),
    "revision": (pa.int32(), [0, 0, 3, 256, None]),
}


MOMENTS = [
    *("2020-01-02T14:30:00Z", "2020-01-02 14:30:00.123456Z", "2020-01-02T14:30Z"),
    *("2020-01-02T14:30:00+05:30", "2020-01-02T14:30:00-0500", "2020-01-02T14:30:00+05"),
    *("2199-12-31T23:59Z", "1970-01-01T00:00:00Z", "1979-12-31T23:59:59.9999Z"),
]


def tables(cells: dict[str, list[Any]]) -> Any:
    """Rows of some of the columns, with at least a ticker and a close."""
    columns = st.sets(st.sampled_from(sorted(cells))).map(lambda names: names | {"ticker", "close"})
    return columns.flatmap(
        lambda names: st.lists(
            st.fixed_dictionaries({name: st.sampled_from(cells[name]) for name in sorted(names)}),
            min_size=1,
            max_size=12,
        )
    ).filter(lambda rows: {"date", "ts_event_ms", "timestamp"} & rows[0].keys())


def csv_of(rows: list[dict[str, str]]) -> str:
    lines = [rows[0].keys(), *([row[name] for name in rows[0]] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def parquet_of(rows: list[dict[str, Any]]) -> bytes:
    schema = pa.schema([(name, TYPED[name][0]) for name in rows[0]])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def moved(tick: Tick, lines: int) -> Tick:
    return {**tick, "line": tick["line"] + lines}


@settings(deadline=None)
@given(tables(TEXTS))
def test_cells_of_csv_are_read_as_texts_of_json_are(rows: list[dict[str, str]]) -> None:
    """JSON's texts are never read as numbers at once."""
    lines = map(json.dumps, rows)

    ticks, refused = ticks_of(csv_of(rows), "csv")
    of_json, refused_of_json = ticks_of("".join(f"{line}\n" for line in lines), "jsonl")

    assert ticks == [moved(each, 1) for each in of_json]
    assert [each.split(":", 1)[1] for each in refused] == [
        each.split(":", 1)[1] for each in refused_of_json
    ]


@settings(deadline=None)
@given(tables({name: cells for name, (_, cells) in TYPED.items()}))
def test_a_file_read_whole_is_its_rows_read_one_by_one(rows: list[dict[str, Any]]) -> None:
    ticks, refused = ticks_of(parquet_of(rows))
    alone = [ticks_of(parquet_of([row])) for row in rows]

    assert ticks == [moved(tick, at) for at, (own, _) in enumerate(alone) for tick in own]
    assert refused == [
        reason.replace("line 1:", f"line {at}:")
        for at, (_, own) in enumerate(alone, 1)
        for reason in own
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=6))
def test_times_of_any_offset_are_those_that_pandas_reads(moments: list[str]) -> None:
    known = casts.instants(pa.array(moments), None)
    beside_another = casts.instants(pa.array([*moments, "2020-01-02T14:30:00.1234567Z"]), None)

    assert not known.bad.any()
    assert known.values.tolist() == beside_another.values.tolist()[:-1]


class CountedReads(io.BytesIO):
    """A file that knows how much of it was read."""

    bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.bytes_read += len(found)
        return found


def test_a_group_of_rows_is_not_read_as_a_whole() -> None:
    """Some writers put a whole file into one group."""
    rows = 1_000_000
    price = np.random.default_rng(7).random(rows) + 1.0
    table = pa.table({"ticker": ["A"] * rows, "ts_event_ms": OPEN_MS + np.arange(rows)})
    file = CountedReads()
    pq.write_table(table.append_column("price", [price]), file, row_group_size=rows)
    file.seek(0)
    source = Source(name="x", format=format_named("parquet"), stream=file, raw=file)

    first = next(read_ticks(source, TickOptions()))

    assert 0 < len(first.ticks.price) < rows / 4
    assert file.bytes_read < file.getbuffer().nbytes / 2


def test_tickers_that_are_one_without_their_space_are_one() -> None:
    rows = [{"ticker": name, "close": 1.0, "date": DAY * 86_400_000_000} for name in ("A", " A ")]

    ticks, refused = ticks_of(parquet_of(rows))

    assert refused == []
    assert [tick["ticker"] for tick in ticks] == ["A", "A"]


def test_a_ticker_fills_the_rows_without_one() -> None:
    rows = [{"ticker": name, "close": 1.0, "date": DAY * 86_400_000_000} for name in ("A", None)]

    ticks, refused = ticks_of(parquet_of(rows), ticker="B")

    assert refused == []
    assert [tick["ticker"] for tick in ticks] == ["A", "B"]


@pytest.mark.parametrize("column", [[1, None, 3, 4], [None] * 4, [], [1, 2, 3, 4]])
@pytest.mark.parametrize("cut", [slice(None), slice(1, 3), slice(3, 4)])
def test_arrays_cross_over_with_their_nulls_and_their_cut(
    column: list[int | None], cut: slice
) -> None:
    numbers = pa.array(column, pa.int64())[cut]
    truths = pa.array([None if each is None else each > 2 for each in column], pa.bool_())[cut]
    present = [each is not None for each in column[cut]]

    assert arrow.present_of(numbers).tolist() == present
    assert arrow.numbers_of(numbers, "i8", -1).tolist() == [
        -1 if each is None else each for each in column[cut]
    ]
    assert arrow.truths_of(truths).tolist() == [bool(each and each > 2) for each in column[cut]]
    assert arrow.booleans_from(np.array(present, dtype=bool)).to_pylist() == present
    assert arrow.texts_from(["é", "", "ab"]).to_pylist() == ["é", "", "ab"]
