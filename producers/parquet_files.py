"""Parquet files, a group of rows at a time; lines count its rows from 1."""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from producers.arrow import Column
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
    return tidy_names(column) if name in NAMES else tidy(column)


def rows(source: Source, columns: RecordColumns) -> Iterator[tuple[int, Fields | Refusal]]:
    """Yield each row's cells by the name of their column; null and NaN are left out."""
    try:
        file = _open(seekable(source))
        names = folded(file.schema_arrow.names, source.name)
        columns.check(source.name, names)
        numbers = count(1)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for values in batch.to_pylist():
                row = {
                    name: plain(value) for name, value in zip(names, values.values(), strict=True)
                }
                yield next(numbers), {name: each for name, each in row.items() if each is not None}
    except _DAMAGE as error:
        raise _damaged(source, error) from None


def _damaged(source: Source, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno is not None:
        # of the disk, not of what stands there
        return error
    return InputError(f"{source.name}: expected a Parquet file: {str(error).strip()}")
