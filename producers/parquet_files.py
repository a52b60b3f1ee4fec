"""Parquet files, a group of rows at a time; lines count its rows from 1."""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from producers.arrow import Column, out_of_range
from producers.casts import tidy, tidy_names
from producers.errors import InputError
from producers.formats import Fields
from producers.record_columns import RecordColumns
from producers.results import Refusal
from producers.sources import Source, seekable
from producers.tables import Table, folded
from producers.tick_cells import NAMES
from producers.values import plain

_BATCH_ROWS = 65_536
_READ_BYTES = 1 << 20
# Arrow finds damage in many ways, and texts that are none late.
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError, KeyError)


def tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    """Yield the wanted columns, a group of rows at a time."""
    try:
        stream = seekable(source)
        schema = pq.read_schema(stream)
        names = dict(zip(folded(schema.names, source.name), schema.names, strict=True))
        kept = {name: original for name, original in names.items() if name in wanted}
        # few tickers stand in many rows: one check of each, and no text a row
        coded = [kept[name] for name in NAMES if name in kept]
        file = _open(stream, coded)
        first = 1
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(kept.values())):
            yield Table(
                columns={
                    name: _tidy(name, batch.column(original)) for name, original in kept.items()
                },
                lines=np.arange(first, first + batch.num_rows),
            )
            first += batch.num_rows
    except _DAMAGE as error:
        raise _damaged(source, error) from None


def _open(stream: IO[bytes], coded: Sequence[str] = ()) -> Any:
    # Arrow would read a whole group of rows ahead, and keep every group until the end of the file
    return pq.ParquetFile(
        stream, read_dictionary=list(coded), pre_buffer=False, buffer_size=_READ_BYTES
    )


def _tidy(name: str, column: Column) -> Column:
    # else a cell would fail only where it is shown, long after the file was opened
    column.validate(full=True)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        pa.lib.string_to_tzinfo(column.type.tz)
    return tidy_names(column) if name in NAMES else tidy(column)


def rows(source: Source, columns: RecordColumns) -> Iterator[tuple[int, Fields | Refusal]]:
    """Yield each row's cells by the name of their column; null and NaN are left out."""
    try:
        file = _open(seekable(source))
        names = folded(file.schema_arrow.names, source.name)
        columns.check(source.name, names)
        numbers = count(1)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for row in _rows_of(batch, names):
                line = next(numbers)
                if isinstance(row, str):
                    yield line, Refusal(line=line, reason=row)
                    continue
                cells = {name: plain(value) for name, value in row.items()}
                yield line, {name: each for name, each in cells.items() if each is not None}
    except _DAMAGE as error:
        raise _damaged(source, error) from None


def _rows_of(batch: Any, names: Sequence[str]) -> Iterator[dict[str, Any] | str]:
    """Yield the cells of each row, or why it has none."""
    try:
        found = batch.to_pylist()
    except (OverflowError, ValueError):
        # a cell that Python has no value for: its own row is none, the others are
        yield from (_row_of(batch, at, names) for at in range(batch.num_rows))
        return
    for row in found:
        yield dict(zip(names, row.values(), strict=True))


def _row_of(batch: Any, at: int, names: Sequence[str]) -> dict[str, Any] | str:
    row = {}
    for name, column in zip(names, batch.columns, strict=True):
        try:
            row[name] = column[at].as_py()
        except UnicodeDecodeError:
            raise
        except (OverflowError, ValueError):
            return f"{name}: expected a value in range, was {out_of_range(column)}"
    return row


def _damaged(source: Source, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno is not None:
        # of the disk, not of what stands there
        return error
    return InputError(f"{source.name}: expected a Parquet file: {str(error).strip()}")
