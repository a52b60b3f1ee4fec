"""Parquet files of columns of any type under the names that a reader looks for."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.mutation import mutate_bytes, scalars

_NAMES = (
    *("ticker", "symbol", "date", "session", "ts_event_ms", "timestamp", "close", "price", "open"),
    *("high", "low", "size", "volume", "final", "revision", "adj close", "Close ", "action"),
    *("confidence", "generated_at", "generated_at_ms", "source", "source_kind", "model"),
    *("horizon_sessions", "indicators", "signal_id", "reasoning", "ex_date", "kind", "ratio"),
    *("amount", "decision_id", "decided_at", "decided_at_ms", "reason", "by"),
)
_TEXT = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
_WHOLE = (pa.int8(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64())
_TIMES = tuple(pa.timestamp(unit, tz) for unit in ("s", "ms", "us", "ns") for tz in (None, "UTC"))
_OTHERS: tuple[tuple[Any, Any], ...] = (
    (pa.bool_(), True),
    (pa.binary(), b"\xff\0"),
    (pa.date32(), date(2024, 1, 2)),
    (pa.date64(), date(1900, 1, 1)),
    (pa.time32("ms"), time(1, 2, 3)),
    (pa.duration("us"), timedelta(days=1)),
    (pa.decimal128(38, 4), Decimal("12345.6789")),
    (pa.list_(pa.int64()), [1, None]),
    (pa.struct([("a", pa.int64())]), {"a": 1}),
    (pa.map_(pa.string(), pa.float64()), [("rsi", 1.5), ("x", None)]),
    (pa.null(), None),
)


def mutate_parquet(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return a file with changed bytes, or with columns that were changed or added."""
    if rng.random() < 0.6:
        return mutate_bytes(rng, value, other)
    columns = _columns_of(value) if rng.random() < 0.7 else {}
    many = len(next(iter(columns.values()))) if columns else rng.choice((0, 1, 1, 3))
    for _ in range(rng.choice((1, 2, 3))):
        columns[rng.choice(_NAMES)] = _array(rng, many)
    out = io.BytesIO()
    try:
        pq.write_table(pa.table(columns), out, compression=None, store_schema=rng.random() < 0.5)
    except (pa.ArrowException, ValueError, OverflowError):
        return mutate_bytes(rng, value, other)
    return out.getvalue()


def _columns_of(value: bytes) -> dict[str, Any]:
    try:
        table = pq.read_table(io.BytesIO(value), use_threads=False)
        found = dict(zip(table.column_names, table.columns, strict=True))
    except (pa.ArrowException, OSError, ValueError, NotImplementedError):
        return {}
    return found if table.num_rows < 100 else {}


def _array(rng: Random, many: int) -> Any:
    pick: Callable[[], Any]
    ints, floats, texts = scalars()
    match rng.randrange(6):
        case 0:
            type_, pick = rng.choice(_TEXT), lambda: rng.choice(texts)
        case 1:
            type_ = rng.choice(_WHOLE)
            width, signed = type_.bit_width, pa.types.is_signed_integer(type_)
            low, high = (
                (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
            )
            kept = [each for each in ints if low <= each <= high] + [low, high]
            pick = lambda: rng.choice(kept)  # noqa: E731
        case 2:
            type_, pick = rng.choice((pa.float32(), pa.float64())), lambda: rng.choice(floats)
        case 3:
            type_ = rng.choice(_TIMES)
            pick = lambda: datetime(rng.choice((1700, 1969, 2024, 2200)), 1, 2, tzinfo=UTC)  # noqa: E731
        case _:
            type_, value = rng.choice(_OTHERS)
            pick = lambda: value  # noqa: E731
    try:
        return pa.array([None if rng.random() < 0.2 else pick() for _ in range(many)], type_)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return pa.nulls(many, type_)
