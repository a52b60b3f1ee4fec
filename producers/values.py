"""Single cells of a row: text of CSV, objects of Parquet, times in ISO 8601."""

import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin
from zoneinfo import ZoneInfo

import orjson

from schemas.errors import DecodeError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_text(cls: Any, name: str, text: str) -> Any:
    """Return a CSV cell as the type of the record's field; raise DecodeError."""
    kind = _kinds(cls).get(name, str)
    if kind is str:
        return text
    if kind in (int, float):
        if kind is int and _WHOLE.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
            return number
        msg = f"{name}: expected a number, was {text!r:.80}"
        raise DecodeError(msg)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        msg = f"{name}: expected a JSON object, was {text!r:.80}"
        raise DecodeError(msg) from None


def plain(value: Any) -> Any:
    """Return an object of a Parquet file as JSON would hold it, NaN as None."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list) and all(isinstance(each, tuple) for each in value):
        # pyarrow's form of a map
        return {key: plain(each) for key, each in value if each is not None}
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def to_ms(name: str, value: Any, tz: ZoneInfo | None) -> int:
    """Return a time as ms since 1970; raise DecodeError where it names none."""
    moment = _moment(name, value)
    if moment.tzinfo is None:
        if tz is None:
            msg = f"{name}: expected an ISO 8601 time with an offset, or --tz, was {value!r:.80}"
            raise DecodeError(msg)
        first = moment.replace(tzinfo=tz)
        if first.utcoffset() != first.replace(fold=1).utcoffset():
            msg = f"{name}: expected a time that the clocks of {tz} show once, was {value!r:.80}"
            raise DecodeError(msg)
        moment = first
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _moment(name: str, value: Any) -> datetime:
    try:
        # a date alone is no time of generation
        if isinstance(value, str) and ("T" in value or " " in value):
            return datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value
    except ValueError:
        pass
    msg = f"{name}: expected an ISO 8601 time, was {value!r:.80}"
    raise DecodeError(msg)


@cache
def _kinds(cls: Hashable) -> dict[str, Any]:
    annotated: Any = cls
    return {each.name: _kind(each.type) for each in fields(annotated)}


def _kind(annotation: Any) -> Any:
    if isinstance(annotation, UnionType):
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return get_origin(annotation) or annotation
