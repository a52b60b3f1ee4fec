"""Publishing does no Python work a tick: calls are counted, of Python's functions and of C's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from producers.files import publish_ticks_file
from producers.memory import MemoryPublisher

TICKERS = [f"T{n:03d}" for n in range(50)]
OPEN_MS = 1_577_975_400_000  # 2020-01-02T14:30:00Z
PARTITIONS = 4
# 500 it is: nothing that is done for each tick or each row fits in.
MOST_CALLS = 800


def plain(rows: int) -> dict[str, Any]:
    """One price a row."""
    return {
        "ticker": [TICKERS[n % len(TICKERS)] for n in range(rows)],
        "ts_event_ms": OPEN_MS + np.arange(rows),
        "price": 100 + np.arange(rows) % 977 / 100,
        "size": np.arange(rows) % 13 * 1.0,
    }


def bars(rows: int) -> dict[str, Any]:
    """Four prices a row."""
    close = 100 + np.arange(rows) % 977 / 100
    return {
        "ticker": [TICKERS[n % len(TICKERS)] for n in range(rows)],
        "date": (np.datetime64("2015-01-05") + np.arange(rows) // len(TICKERS)).astype("M8[D]"),
        "open": close,
        "high": close + 1,
        "low": close - 1,
        "close": close,
    }


def write(path: Path, columns: dict[str, Any]) -> Path:
    table = pa.table(columns)
    if path.suffix == ".csv":
        pa_csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the calls in the block."""
    calls = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            calls[0] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def calls_of(path: Path, ticks: int) -> int:
    publisher = MemoryPublisher(partition_count=PARTITIONS)
    with counted() as calls:
        result = publish_ticks_file(publisher, path)
    assert (result.records, result.refused) == (ticks, 0)
    return calls[0]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(("columns", "ticks_a_row"), [(plain, 1), (bars, 4)])
def test_ten_thousand_ticks_more_are_a_bounded_number_of_calls(
    columns: Any, ticks_a_row: int, suffix: str, tmp_path: Path
) -> None:
    few = write(tmp_path / f"few.{suffix}", columns(200_000 // ticks_a_row))
    many = write(tmp_path / f"many.{suffix}", columns(600_000 // ticks_a_row))
    calls_of(few, 200_000)

    more = calls_of(many, 600_000) - calls_of(few, 200_000)

    assert more / 40 < MOST_CALLS


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("columns", [plain, bars])
def test_a_file_of_numbers_is_published_without_pandas(
    columns: Any, suffix: str, tmp_path: Path
) -> None:
    path = write(tmp_path / f"ticks.{suffix}", columns(1_000))
    script = (
        "import sys; from producers.files import publish_ticks_file; "
        "from producers.memory import MemoryPublisher; "
        f"publish_ticks_file(MemoryPublisher(), {str(path)!r}); print('pandas' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert ran.stdout == "False\n"
