"""CSV files: one row a line, all names in the first line.

Whole blocks go through Arrow, which turns their cells into numbers and dates at
once; a block with a cell that is none is read as text, and one with damage line by
line, so that one wrong line costs itself alone.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from producers.arrow import Values, booleans_from, present_of
from producers.casts import tidy_names
from producers.errors import InputError
from producers.formats import Fields
from producers.record_columns import RecordColumns
from producers.results import Refusal
from producers.sources import Source, blocks
from producers.tables import Table, columns_reason, folded
from producers.tick_cells import TYPES
from producers.values import from_text
from schemas.errors import DecodeError

_BOM = b"\xef\xbb\xbf"


def tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    """Yield the wanted columns, a block of lines at a time."""
    names: list[str] = []
    for line, content in blocks(source):
        first, block = line, content
        if not names:
            head, _, block = content.removeprefix(_BOM).partition(b"\n")
            first = line + 1
            if not head.strip():
                continue
            names = folded(_cells(head, source), source.name)
        if block:
            read = _table if _is_text(block) else _by_line
            yield read(block, first, names, wanted)


def rows(source: Source, columns: RecordColumns) -> Iterator[tuple[int, Fields | Refusal]]:
    """Yield each line's cells by the name of their column, as the record's types."""
    names: list[str] = []
    reader = csv.reader(_text_lines(source), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = max(reader.line_num, line)
            reason = f"expected a row of CSV: {error}"
            yield line, Refusal(line=line, reason=reason, last_line=last, lines=last - line + 1)
            continue
        if not any(cell.strip() for cell in cells):
            if len(cells) > 1 and names:
                yield line, Refusal(line=line, reason="expected values, was empty")
        elif not names:
            names = folded(cells, source.name)
            columns.check(source.name, names)
        else:
            yield line, _row(columns.cls, names, cells, line)


def _row(cls: type[Any], names: Sequence[str], cells: Sequence[str], line: int) -> Fields | Refusal:
    if len(cells) != len(names):
        return Refusal(line=line, reason=columns_reason(names, len(cells)))
    if any("\udc80" <= char <= "\udcff" for cell in cells if not cell.isascii() for char in cell):
        return Refusal(line=line, reason="expected UTF-8 text")
    pairs = ((name, cell.strip()) for name, cell in zip(names, cells, strict=True))
    try:
        return {name: from_text(cls, name, cell) for name, cell in pairs if cell}
    except DecodeError as error:
        return Refusal(line=line, reason=str(error))


def _text_lines(source: Source) -> Iterator[str]:
    # undecodable bytes become lone surrogates here and are refused with their row
    for first, block in blocks(source):
        encoding = "utf-8-sig" if first == 1 else "utf-8"
        yield from StringIO(block.decode(encoding, "surrogateescape"), newline="\n")


def _table(
    block: bytes, first: int, names: list[str], wanted: Collection[str], *, checked: bool = False
) -> Table:
    kept = [name for name in names if name in wanted]
    odd: list[Any] = []
    reason = "a line break in quotes"
    try:
        found = None if checked else _typed(block, names, kept, odd)
        if found is None:
            odd.clear()
            found = _read(block, names, dict.fromkeys(kept, pa.string()), odd)
    except pa.ArrowInvalid as error:
        found, reason = None, str(error)
    # a quote that is not closed on its line swallows the lines after it
    if found is None or found.num_rows + len(odd) != _line_count(block):
        if checked:
            msg = f"lines from {first}: expected CSV, one row a line: {reason}"
            raise InputError(msg)
        return _by_line(block, first, names, wanted)
    numbers = np.arange(first, first + _line_count(block))
    skipped = np.array([row.number - 1 for row in odd], dtype=np.int64)
    refused = [
        Refusal(line=first + row.number - 1, reason=columns_reason(names, row.actual_columns))
        for row in odd
    ]
    table = Table(
        columns={name: tidy_names(found[name]) for name in kept},
        lines=np.delete(numbers, skipped),
        refused=refused,
    )
    return _without_blank(table, block, first)


def _typed(block: bytes, names: list[str], kept: list[str], odd: list[Any]) -> Any:
    """Return the block with its cells as what they should be, None where one is something else."""
    types = {name: TYPES.get(name, pa.string()) for name in kept}
    try:
        found = _read(block, names, types, odd)
    except pa.ArrowInvalid:
        return None
    # the word nan is a number to Arrow, and no price
    numbers = [found[name] for name in kept if types[name] == pa.float64()]
    return None if any(pc.any(pc.is_nan(each)).as_py() for each in numbers) else found


def _read(block: bytes, names: list[str], types: dict[str, Any], odd: list[Any]) -> Any:
    return pa_csv.read_csv(
        pa.BufferReader(block),
        read_options=pa_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(block) + 1
        ),
        parse_options=pa_csv.ParseOptions(
            ignore_empty_lines=False, invalid_row_handler=lambda row: _skip(row, odd)
        ),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(types),
            column_types=types,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _by_line(block: bytes, first: int, names: list[str], wanted: Collection[str]) -> Table:
    """Read each line alone and leave out what is none; the way for blocks with damage."""
    lines = block.split(b"\n")
    refused = []
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            fields = next(csv.reader([line.decode()], strict=True))
            reason = None if len(fields) == len(names) else columns_reason(names, len(fields))
        except UnicodeDecodeError:
            reason = "expected UTF-8 text"
        except csv.Error as error:
            reason = f"expected a row of CSV: {error}"
        if reason is not None:
            refused.append(Refusal(line=first + index, reason=reason))
            lines[index] = b""
    table = _table(b"\n".join(lines), first, names, wanted, checked=True)
    return Table(columns=table.columns, lines=table.lines, refused=refused + table.refused)


def _without_blank(table: Table, block: bytes, first: int) -> Table:
    empty = np.ones(len(table.lines), dtype=bool)
    for column in table.columns.values():
        empty &= ~present_of(column)
    if not empty.any():
        return table
    lines = block.split(b"\n")
    for row in np.flatnonzero(empty):
        empty[row] = not lines[table.lines[row] - first].strip()
    return _kept(table, ~empty)


def _kept(table: Table, kept: Values) -> Table:
    mask = booleans_from(kept)
    return Table(
        columns={name: column.filter(mask) for name, column in table.columns.items()},
        lines=table.lines[kept],
        refused=table.refused,
    )


def _skip(row: Any, odd: list[Any]) -> str:
    odd.append(row)
    return "skip"


def _line_count(block: bytes) -> int:
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _is_text(block: bytes) -> bool:
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False


def _cells(head: bytes, source: Source) -> list[str]:
    try:
        return next(csv.reader([head.decode()]))
    except UnicodeDecodeError:
        msg = f"{source.name}: line 1: expected UTF-8 text"
    except csv.Error as error:
        msg = f"{source.name}: line 1: expected a row of CSV: {error}"
    raise InputError(msg)
