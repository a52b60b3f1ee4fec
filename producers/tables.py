"""Files to tables of raw columns with line numbers, a bounded block at a time.

A table's columns are untyped as far as the format allows: CSV gives text,
JSON lines and Parquet what they hold. Column names are folded to lower case.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from producers.casts import Column, Values, tidy
from producers.errors import InputError
from producers.results import Refusal
from producers.sources import Source, blocks, seekable

PARQUET_ROWS = 65_536

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of equal length, the line each row came from, and lines that are no rows."""

    columns: dict[str, Column]
    lines: Values
    refused: list[Refusal] = field(default_factory=list)


def tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    """Yield the wanted columns of a source; a table has only those that are there."""
    if source.format == "csv":
        yield from _csv_tables(source, wanted)
    elif source.format == "jsonl":
        for first, block in blocks(source):
            yield json_table(block, first, wanted)
    else:
        yield from _parquet_tables(source, wanted)


def folded(names: Sequence[str], source_name: str) -> list[str]:
    """Return column names in lower case; raise InputError where one stands twice."""
    lower = [name.strip().lower() or f"column {n}" for n, name in enumerate(names, 1)]
    for name in lower:
        if lower.count(name) > 1:
            msg = f"{source_name}: expected each column once, was {name!r} twice"
            raise InputError(msg)
    return lower


def _csv_tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    names: list[str] = []
    for line, content in blocks(source):
        first, block = line, content
        if not names:
            head, _, block = content.removeprefix(_BOM).partition(b"\n")
            first = line + 1
            if not head.strip():
                continue
            names = folded(next(csv.reader([_text(head, source)])), source.name)
        if block:
            read = _csv_table if _is_text(block) else _csv_by_line
            yield read(block, first, names, wanted)


def _csv_table(
    block: bytes, first: int, names: list[str], wanted: Collection[str], *, checked: bool = False
) -> Table:
    kept = [name for name in names if name in wanted]
    odd: list[Any] = []
    reason = "a line break in quotes"
    try:
        rows: Any = pa_csv.read_csv(
            pa.BufferReader(block),
            read_options=pa_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=pa_csv.ParseOptions(
                ignore_empty_lines=False, invalid_row_handler=lambda row: _skip(row, odd)
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=kept,
                column_types=dict.fromkeys(kept, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        rows, reason = None, str(error)
    # a quote that is not closed on its line swallows the lines after it
    if rows is None or rows.num_rows + len(odd) != _line_count(block):
        if checked:
            msg = f"lines from {first}: expected CSV, one row a line: {reason}"
            raise InputError(msg)
        return _csv_by_line(block, first, names, wanted)
    numbers = np.arange(first, first + _line_count(block))
    skipped = np.array([row.number - 1 for row in odd], dtype=np.int64)
    refused = [
        Refusal(line=first + row.number - 1, reason=_columns_reason(names, row.actual_columns))
        for row in odd
    ]
    table = Table(
        columns={name: tidy(rows[name]) for name in kept},
        lines=np.delete(numbers, skipped),
        refused=refused,
    )
    return _without_blank(table, block, first)


def _csv_by_line(block: bytes, first: int, names: list[str], wanted: Collection[str]) -> Table:
    """Read each line alone and leave out what is none; the way for blocks with damage."""
    lines = block.split(b"\n")
    refused = []
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            fields = next(csv.reader([line.decode()], strict=True))
            reason = None if len(fields) == len(names) else _columns_reason(names, len(fields))
        except UnicodeDecodeError:
            reason = "expected UTF-8 text"
        except csv.Error as error:
            reason = f"expected a row of CSV: {error}"
        if reason is not None:
            refused.append(Refusal(line=first + index, reason=reason))
            lines[index] = b""
    table = _csv_table(b"\n".join(lines), first, names, wanted, checked=True)
    return Table(columns=table.columns, lines=table.lines, refused=refused + table.refused)


def _without_blank(table: Table, block: bytes, first: int) -> Table:
    empty = np.ones(len(table.lines), dtype=bool)
    for column in table.columns.values():
        empty &= np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    if not empty.any():
        return table
    lines = block.split(b"\n")
    for row in np.flatnonzero(empty):
        empty[row] = not lines[table.lines[row] - first].strip()
    return _rows(table, ~empty)


def _rows(table: Table, kept: Values) -> Table:
    mask = pa.array(kept)
    return Table(
        columns={name: column.filter(mask) for name, column in table.columns.items()},
        lines=table.lines[kept],
        refused=table.refused,
    )


def json_table(block: bytes, first: int, wanted: Collection[str]) -> Table:
    """Return the table of a block of JSON lines."""
    lines = block.split(b"\n")
    numbers = [first + index for index, line in enumerate(lines) if line.strip()]
    texts = [line for line in lines if line.strip()]
    try:
        rows = orjson.loads(b"[" + b",".join(texts) + b"]")
    except orjson.JSONDecodeError:
        rows = None
    refused: list[Refusal] = []
    if rows is None or len(rows) != len(texts) or not all(type(row) is dict for row in rows):
        rows, numbers, refused = _json_by_line(texts, numbers)
    columns = _columns_of(rows, wanted)
    return Table(columns=columns, lines=np.array(numbers, dtype=np.int64), refused=refused)


def _json_by_line(
    texts: list[bytes], numbers: list[int]
) -> tuple[list[dict[str, Any]], list[int], list[Refusal]]:
    rows: list[dict[str, Any]] = []
    kept: list[int] = []
    refused = []
    for number, text in zip(numbers, texts, strict=True):
        row, reason = json_object(text)
        if reason is None:
            rows.append(row)
            kept.append(number)
        else:
            refused.append(Refusal(line=number, reason=reason))
    return rows, kept, refused


def json_object(text: bytes) -> tuple[dict[str, Any], str | None]:
    """Return the object of a line, or why it is none."""
    try:
        row = orjson.loads(text.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        return {}, f"bad JSON: {error}"
    if not isinstance(row, dict):
        return {}, f"expected a JSON object, was {type(row).__name__}"
    return row, None


def _columns_of(rows: list[dict[str, Any]], wanted: Collection[str]) -> dict[str, Column]:
    columns: dict[str, list[Any]] = {}
    for key in {key: None for row in rows for key in row}:
        name = key.strip().lower()
        if name not in wanted:
            continue
        values = [row.get(key) for row in rows]
        if name in columns:
            pairs = zip(columns[name], values, strict=True)
            values = [old if new is None else new for old, new in pairs]
        columns[name] = values
    return {name: tidy(_array(values)) for name, values in columns.items()}


def _array(values: list[Any]) -> Column:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        # mixed types: as text, in which each cell is read on its own
        return pa.array([None if each is None else _cell(each) for each in values], pa.string())


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _parquet_tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    try:
        file = pq.ParquetFile(seekable(source))
        original = file.schema_arrow.names
        names = dict(zip(folded(original, source.name), original, strict=True))
        kept = {name: original for name, original in names.items() if name in wanted}
        first = 1
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=list(kept.values())):
            yield Table(
                columns={name: tidy(batch.column(original)) for name, original in kept.items()},
                lines=np.arange(first, first + batch.num_rows),
            )
            first += batch.num_rows
    except pa.ArrowInvalid as error:
        msg = f"{source.name}: expected a Parquet file: {error}"
        raise InputError(msg) from None


def _skip(row: Any, odd: list[Any]) -> str:
    odd.append(row)
    return "skip"


def _columns_reason(names: Sequence[str], actual: int) -> str:
    return f"expected {len(names)} columns, was {actual}"


def _line_count(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _is_text(block: bytes) -> bool:
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False


def _text(head: bytes, source: Source) -> str:
    try:
        return head.decode()
    except UnicodeDecodeError:
        msg = f"{source.name}: line 1: expected UTF-8 text"
        raise InputError(msg) from None
