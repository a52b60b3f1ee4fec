"""Arrow columns of any type to numpy columns, whole columns at a time.

What cannot be read is marked in `bad`, never raised, so that one wrong cell
costs its own row alone. pandas is imported where a column needs it: text that is
a time, and times without an offset.
"""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from producers.arrow import (
    NO_TEXT,
    Column,
    Mask,
    Values,
    booleans_from,
    numbers_of,
    present_of,
    texts_from,
    truths_of,
)

_NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
# Daily files often carry the midnight of their session, with or without an offset.
_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})[T ]00:00(:00([.]0+)?)?(Z|[+-]\d{2}:?\d{2})?$"
_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_LOCAL_TIME = _TIME + r"(:\d{2}([.,]\d+)?)?$"
_OFFSET = r"(Z|z|[+-]\d{2}(:?\d{2})?)$"
_EXACT_INTEGERS = 2.0**53
_PER_MS = {"ms": 1, "us": 1_000, "ns": 1_000_000}
_DAY_MS = 86_400_000
# the second day of year 1 and the last but one of year 9999, in seconds since 1970
_FIRST_S, _LAST_S = -62_135_510_400, 253_402_128_000
_PER_S = {"s": 1, "ms": 1_000, "us": 1_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A column as numpy sees it; `values` means nothing where not `present`, or `bad`."""

    values: Values
    present: Mask
    bad: Mask

    @property
    def good(self) -> Mask:
        """Return where a value is present and readable."""
        return self.present & ~self.bad


def absent(rows: int, dtype: str) -> Cast:
    """Return the cast of a column that the file does not have."""
    nothing = np.zeros(rows, dtype=bool)
    return Cast(values=np.zeros(rows, dtype=dtype), present=nothing, bad=nothing)


def either(first: Cast, second: Cast) -> Cast:
    """Return the first where it is present, else the second."""
    if first.present.all():
        return first
    if not first.present.any():
        return second
    return Cast(
        values=np.where(first.present, first.values, second.values),
        present=first.present | second.present,
        bad=np.where(first.present, first.bad, second.bad),
    )


def tidy(column: Column) -> Column:
    """Return the column as one array, its text without outer space, empty text as null."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        empty = numbers_of(pc.binary_length(column), "i4", 1) == 0
        if empty.any():
            column = pc.if_else(booleans_from(empty), NO_TEXT, column)
    return column


def tidy_names(column: Column) -> Column:
    """Return the column as `tidy` does, but coded, where it is and its texts differ."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        return tidy(column)
    names = tidy(column.dictionary)
    if not pa.types.is_string(names.type) or names.null_count or _has_twice(names):
        return tidy(column)
    return pa.DictionaryArray.from_arrays(column.indices, names)


def floats(column: Column) -> Cast:
    """Return numbers; NaN of a typed column means none, as pandas writes it."""
    present = present_of(column)
    if pa.types.is_string(column.type):
        return _text_floats(column, present)
    if _is_number(column.type):
        values = numbers_of(column.cast(pa.float64(), safe=False), "f8", np.nan)
        return _cast(values, present & (values == values), None)  # noqa: PLR0124 NaN is not itself
    return _unreadable(column, present, "f8")


def integers(column: Column) -> Cast:
    """Return whole numbers, also where they are written as 30.0."""
    present = present_of(column)
    if pa.types.is_string(column.type) or pa.types.is_integer(column.type):
        try:
            return _cast(numbers_of(column.cast(pa.int64()), "i8", 0), present, None)
        except pa.ArrowInvalid:
            pass
    numbers = floats(column)
    values = np.where(numbers.good, numbers.values, 0.0)
    whole = (np.abs(values) < _EXACT_INTEGERS) & (np.floor(values) == values)
    return Cast(
        values=np.where(whole, values, 0.0).astype(np.int64),
        present=numbers.present,
        bad=numbers.bad | (numbers.present & ~whole),
    )


def booleans(column: Column) -> Cast:
    """Return true and false, also written as 1 and 0."""
    present = present_of(column)
    if pa.types.is_boolean(column.type):
        return _cast(truths_of(column), present, None)
    if _is_number(column.type):
        numbers = integers(column)
        known = numbers.good & ((numbers.values == 0) | (numbers.values == 1))
        return Cast(
            values=numbers.values == 1, present=numbers.present, bad=numbers.present & ~known
        )
    if not pa.types.is_string(column.type):
        return _unreadable(column, present, "?")
    lower = pc.utf8_lower(column)
    true = truths_of(pc.is_in(lower, texts_from(["true", "1"])))
    false = truths_of(pc.is_in(lower, texts_from(["false", "0"])))
    return _cast(true, present, present & ~(true | false))


def days(column: Column) -> Cast:
    """Return dates as days since 1970; a time beside the date must be midnight."""
    present = present_of(column)
    if pa.types.is_date(column.type):
        return _cast(numbers_of(column.cast(pa.date32()).cast(pa.int32()), "i4", -1), present, None)
    if pa.types.is_timestamp(column.type) and column.type.tz is None and _has_ms(column.type):
        per_day = _PER_MS[column.type.unit] * _DAY_MS
        since = numbers_of(column.cast(pa.int64()), "i8", 0)
        dates = since // per_day
        return _cast(dates, present, present & (dates * per_day != since))
    if pa.types.is_timestamp(column.type):
        local = _within_datetime(column).to_pandas().dt.tz_localize(None).to_numpy("datetime64[us]")
        dates = local.astype("datetime64[D]")
        return _cast(dates.astype(np.int64), present, present & (dates != local))
    if not pa.types.is_string(column.type):
        return _unreadable(column, present, "i8")
    try:
        return _cast(numbers_of(column.cast(pa.date32()).cast(pa.int32()), "i4", -1), present, None)
    except pa.ArrowInvalid:
        return _text_days(column, present)


def instants(column: Column, tz: ZoneInfo | None) -> Cast:
    """Return times as ms since 1970 UTC; without an offset, as clocks of `tz` showed them."""
    present = present_of(column)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None and _has_ms(column.type):
        since = numbers_of(column.cast(pa.int64()), "i8", 0)
        return _cast(since // _PER_MS[column.type.unit], present, None)
    if pa.types.is_timestamp(column.type):
        series = _within_datetime(column).to_pandas()
        if column.type.tz is None:
            series = _localized(series, tz)
        return _milliseconds(series.dt.tz_convert("UTC"), present)
    if not pa.types.is_string(column.type):
        return _unreadable(column, present, "i8")
    fixed = _matches(column, _TIME) & _matches(column, _OFFSET)
    if np.array_equal(fixed, present) and (utc := _utc(column)) is not None:
        return _cast(numbers_of(utc.cast(pa.int64()), "i8", 0) // _PER_MS["us"], present, None)
    import pandas as pd

    text = pd.Series(column.to_numpy(zero_copy_only=False), dtype=object)
    utc = pd.to_datetime(text.where(fixed), format="ISO8601", utc=True, errors="coerce")
    # nothing that pandas could take for an offset: it refuses a column that mixes them
    clocks = _matches(column, _LOCAL_TIME)
    local = pd.to_datetime(text.where(clocks), format="ISO8601", errors="coerce")
    if local.notna().any():
        utc = utc.where(fixed, _localized(local, tz).dt.tz_convert("UTC"))
    return _milliseconds(utc, present)


def _utc(column: Column) -> Column | None:
    """Return texts with offsets as times, None where one needs a reader with more patience."""
    try:
        return column.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        return None


def texts(column: Column) -> Column:
    """Return the column as text, whole numbers too (some exchanges number their tickers)."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    return pa.nulls(len(column), pa.string())


def _text_floats(column: Column, present: Mask) -> Cast:
    try:
        return _cast(numbers_of(column.cast(pa.float64()), "f8", np.nan), present, None)
    except pa.ArrowInvalid:
        readable = _matches(column, _NUMBER)
        kept = pc.if_else(booleans_from(readable), column, NO_TEXT)
        values = numbers_of(kept.cast(pa.float64()), "f8", np.nan)
        return _cast(values, present, present & ~readable)


def _text_days(column: Column, present: Mask) -> Cast:
    import pandas as pd

    text = pc.replace_substring_regex(column, _MIDNIGHT, r"\1")
    kept = pc.if_else(booleans_from(_matches(text, _DATE)), text, NO_TEXT)
    series = pd.Series(kept.to_numpy(zero_copy_only=False), dtype=object)
    dates = pd.to_datetime(series, format="%Y-%m-%d", errors="coerce")
    values = dates.to_numpy("datetime64[D]").astype(np.int64)
    return _cast(values, present, present & dates.isna().to_numpy())


def _within_datetime(column: Column) -> Column:
    """Return times with null for those that pandas cannot put on a clock."""
    per_s = _PER_S.get(column.type.unit)
    if per_s is None:
        return column
    since = numbers_of(column.cast(pa.int64()), "i8", 0)
    beyond = (since < _FIRST_S * per_s) | (since > _LAST_S * per_s)
    if not beyond.any():
        return column
    return pc.if_else(booleans_from(beyond), pa.nulls(1, column.type)[0], column)


def _localized(series: Any, tz: ZoneInfo | None) -> Any:
    if tz is None:
        import pandas as pd

        return pd.Series(pd.NaT, index=series.index, dtype="datetime64[us, UTC]")
    # an hour that the clocks skip or show twice names no time
    return series.dt.tz_localize(tz, ambiguous="NaT", nonexistent="NaT")


def _milliseconds(series: Any, present: Mask) -> Cast:
    known = series.notna().to_numpy()
    microseconds = series.dt.tz_convert(None).to_numpy("datetime64[us]").astype(np.int64)
    return _cast(microseconds // 1000, present, present & ~known)


def _cast(values: Values, present: Mask, bad: Mask | None) -> Cast:
    return Cast(
        values=values,
        present=present,
        bad=np.zeros(len(values), dtype=bool) if bad is None else bad,
    )


def _unreadable(column: Column, present: Mask, dtype: str) -> Cast:
    return _cast(np.zeros(len(column), dtype=dtype), present, present.copy())


def _matches(column: Column, pattern: str) -> Mask:
    return truths_of(pc.match_substring_regex(column, pattern))


def _has_twice(names: Column) -> bool:
    return len(set(names.to_pylist())) < len(names)


def _has_ms(kind: Any) -> bool:
    # seconds are left to pandas: those of a far year would not go into 64 bits as milliseconds
    return kind.unit in _PER_MS


def _is_number(kind: Any) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
