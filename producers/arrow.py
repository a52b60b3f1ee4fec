"""Arrow arrays as numpy ones and back, by their buffers.

Arrow's own way imports pandas, a third of a second that a file of numbers does
not need.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

Column: TypeAlias = Any
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Values: TypeAlias = np.ndarray[Any, Any]

NO_TEXT = pa.nulls(1, pa.string())[0]


def present_of(column: Column) -> Mask:
    """Return which cells are not null."""
    if column.null_count == 0:
        return np.ones(len(column), dtype=bool)
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=bool)
    return _bits(column.buffers()[0], column)


def numbers_of(column: Column, dtype: str, missing: float) -> Values:
    """Return the numbers of a column of just this type, `missing` where it is null."""
    if len(column) == 0:
        return np.zeros(0, dtype=dtype)
    end = column.offset + len(column)
    values = np.frombuffer(column.buffers()[1], dtype=dtype, count=end)[column.offset :]
    return np.where(present_of(column), values, missing) if column.null_count else values


def truths_of(column: Column) -> Mask:
    """Return where a column of booleans is true."""
    return _bits(column.buffers()[1], column) & present_of(column)


def booleans_from(mask: Mask) -> Column:
    """Return a mask as an Arrow array."""
    bits = pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, bits])


def texts_from(texts: Sequence[str]) -> Column:
    """Return texts as an Arrow array."""
    encoded = [each.encode() for each in texts]
    offsets = np.array([0, *accumulate(map(len, encoded))], dtype=np.int32)
    buffers = pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(encoded), *buffers)


def shown(column: Column, row: int) -> str:
    """Return a cell for the words of a refusal."""
    try:
        return f"{column[row].as_py()!r:.80}"
    except (OverflowError, ValueError):
        return out_of_range(column)


def out_of_range(column: Column) -> str:
    """Return the words for a cell that Python has no value for: a date in the year 100,000."""
    return f"a {column.type} out of range"


def _bits(buffer: Any, column: Column) -> Mask:
    bits = np.frombuffer(buffer or b"", dtype="u1")
    return np.unpackbits(bits, bitorder="little")[column.offset :][: len(column)].view(bool)
