"""Files of signals, actions and decisions to checked records, one row at a time."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from io import StringIO
from itertools import count
from typing import Any, Generic, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from producers.errors import InputError
from producers.results import Refusal
from producers.sources import Source, blocks, seekable
from producers.tables import PARQUET_ROWS, folded, json_object
from producers.values import from_text, plain, to_ms
from schemas.codec import from_json_fields
from schemas.errors import DecodeError
from schemas.records import CorporateAction, Decision, Signal

T = TypeVar("T", Signal, CorporateAction, Decision)
Fields: TypeAlias = dict[str, Any]

# The times that a file may give in ISO 8601 instead of milliseconds.
_ISO_TIMES = {"generated_at": "generated_at_ms", "decided_at": "decided_at_ms"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[T]):
    """A record and the line it came from."""

    line: int
    record: T


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """How to read a file of records: what its rows do not say themselves."""

    ticker: str | None = None
    tz: ZoneInfo | None = None


def read_records(
    source: Source, cls: type[T], options: RowOptions | None = None
) -> Iterator[Row[T] | Refusal]:
    """Yield each record of a source, or why a line is none."""
    options = options or RowOptions()
    readers = {"csv": _csv_rows, "jsonl": _json_rows, "parquet": _parquet_rows}
    for line, found in readers[source.format](source, cls, options):
        if isinstance(found, Refusal):
            yield found
            continue
        try:
            yield Row(line=line, record=record_of(cls, found, options))
        except DecodeError as error:
            yield Refusal(line=line, reason=str(error))


def record_of(cls: type[T], content: Mapping[str, Any], options: RowOptions) -> T:
    """Return the checked record of a row; raise DecodeError where it is none."""
    row = dict(content)
    if options.ticker is not None:
        row.setdefault("ticker", options.ticker)
    for name, name_ms in _iso_times(cls).items():
        if name in row:
            if name_ms in row:
                msg = f"{name}: expected it or {name_ms}, was both"
                raise DecodeError(msg)
            row[name_ms] = to_ms(name, row.pop(name), options.tz)
    try:
        record: Any = from_json_fields(cls, row)
    except (OverflowError, ValueError) as error:
        msg = f"expected finite numbers: {error}"
        raise DecodeError(msg) from None
    checked: T = record
    return checked


def _csv_rows(
    source: Source, cls: type[Any], options: RowOptions
) -> Iterator[tuple[int, Fields | Refusal]]:
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
            _check_columns(source.name, names, cls, options)
        else:
            yield line, _csv_row(cls, names, cells, line)


def _csv_row(
    cls: type[Any], names: Sequence[str], cells: Sequence[str], line: int
) -> Fields | Refusal:
    if len(cells) != len(names):
        reason = f"expected {len(names)} columns, was {len(cells)}"
        return Refusal(line=line, reason=reason)
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


def _json_rows(
    source: Source, _cls: type[Any], _options: RowOptions
) -> Iterator[tuple[int, Fields | Refusal]]:
    for first, block in blocks(source):
        for line, text in zip(count(first), block.split(b"\n"), strict=False):
            if not text.strip():
                continue
            row, reason = json_object(text)
            if reason is not None:
                yield line, Refusal(line=line, reason=reason)
                continue
            names = [name.strip().lower() for name in row]
            if len(set(names)) < len(names):
                yield line, Refusal(line=line, reason="expected each field once")
            else:
                yield line, dict(zip(names, row.values(), strict=True))


def _parquet_rows(
    source: Source, cls: type[Any], options: RowOptions
) -> Iterator[tuple[int, Fields | Refusal]]:
    try:
        file = pq.ParquetFile(seekable(source))
        names = folded(file.schema_arrow.names, source.name)
        _check_columns(source.name, names, cls, options)
        numbers = count(1)
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            for values in batch.to_pylist():
                row = {
                    name: plain(value) for name, value in zip(names, values.values(), strict=True)
                }
                yield next(numbers), {name: each for name, each in row.items() if each is not None}
    except pa.ArrowInvalid as error:
        msg = f"{source.name}: expected a Parquet file: {error}"
        raise InputError(msg) from None


def _check_columns(
    source_name: str, names: Sequence[str], cls: type[Any], options: RowOptions
) -> None:
    known = {each.name for each in fields(cls)} | set(_iso_times(cls))
    if unknown := [name for name in names if name not in known]:
        msg = f"{source_name}: unknown column {', '.join(map(repr, unknown))} of {cls.__name__}"
        raise InputError(msg)
    given = {_iso_times(cls).get(name, name) for name in names}
    given |= {"ticker"} if options.ticker is not None else set()
    required = [
        each.name
        for each in fields(cls)
        if each.default is MISSING and each.default_factory is MISSING
    ]
    if missing := [name for name in required if name not in given]:
        msg = f"{source_name}: expected a column {', '.join(missing)} for {cls.__name__}"
        raise InputError(msg)


def _iso_times(cls: type[Any]) -> dict[str, str]:
    own = {each.name for each in fields(cls)}
    return {iso: name for iso, name in _ISO_TIMES.items() if name in own}
