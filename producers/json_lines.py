"""JSON lines: one object a line, each with fields of its own."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from producers.arrow import Column
from producers.casts import tidy
from producers.formats import Fields
from producers.record_columns import RecordColumns
from producers.results import Refusal
from producers.sources import Source, blocks
from producers.tables import Table

_BOM = b"\xef\xbb\xbf"
_NAMES: dict[type, str] = {list: "a JSON list", dict: "a JSON object"}
_NESTED = frozenset(_NAMES)


def tables(source: Source, wanted: Collection[str]) -> Iterator[Table]:
    """Yield the wanted fields as columns, a block of lines at a time."""
    for first, block in blocks(source):
        yield json_table(block, first, wanted)


def rows(source: Source, _columns: RecordColumns) -> Iterator[tuple[int, Fields | Refusal]]:
    """Yield each line's object, its names in lower case."""
    for first, block in blocks(source):
        for line, text in zip(count(first), block.split(b"\n"), strict=False):
            if not text.strip():
                continue
            row, reason = _object(text)
            if reason is not None:
                yield line, Refusal(line=line, reason=reason)
                continue
            names = [name.strip().lower() for name in row]
            if len(set(names)) < len(names):
                yield line, Refusal(line=line, reason="expected each field once")
            else:
                yield line, dict(zip(names, row.values(), strict=True))


def json_table(block: bytes, first: int, wanted: Collection[str]) -> Table:
    """Return the table of a block of JSON lines."""
    lines = block.split(b"\n")
    numbers = [first + index for index, line in enumerate(lines) if line.strip()]
    texts = [line for line in lines if line.strip()]
    try:
        found = orjson.loads(b"[" + b",".join(texts) + b"]")
    except orjson.JSONDecodeError:
        found = None
    refused: list[Refusal] = []
    if found is None or len(found) != len(texts) or not all(type(each) is dict for each in found):
        found, numbers, refused = _by_line(texts, numbers)
    columns = _columns_of(found, wanted)
    return Table(columns=columns, lines=np.array(numbers, dtype=np.int64), refused=refused)


def _by_line(
    texts: list[bytes], numbers: list[int]
) -> tuple[list[Fields], list[int], list[Refusal]]:
    found: list[Fields] = []
    kept: list[int] = []
    refused = []
    for number, text in zip(numbers, texts, strict=True):
        row, reason = _object(text)
        if reason is None:
            found.append(row)
            kept.append(number)
        else:
            refused.append(Refusal(line=number, reason=reason))
    return found, kept, refused


def _object(text: bytes) -> tuple[Fields, str | None]:
    try:
        row = orjson.loads(text.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        return {}, f"bad JSON: {error}"
    if not isinstance(row, dict):
        return {}, f"expected a JSON object, was {type(row).__name__}"
    return row, None


def _columns_of(objects: list[Fields], wanted: Collection[str]) -> dict[str, Column]:
    columns: dict[str, list[Any]] = {}
    for key in {key: None for each in objects for key in each}:
        name = key.strip().lower()
        if name not in wanted:
            continue
        values = [each.get(key) for each in objects]
        if name in columns:
            pairs = zip(columns[name], values, strict=True)
            values = [old if new is None else new for old, new in pairs]
        columns[name] = values
    return {name: tidy(_array(values)) for name, values in columns.items()}


def _array(values: list[Any]) -> Column:
    # Arrow would make a type of a nested cell, of any depth
    if _NESTED.isdisjoint(map(type, values)):
        with suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            return pa.array(values)
    # mixed types: as text, in which each cell is read on its own
    return pa.array([None if each is None else _cell(each) for each in values], pa.string())


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    # what is neither a number nor a ticker
    return _NAMES.get(type(value)) or orjson.dumps(value).decode()
