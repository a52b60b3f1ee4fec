"""Files of signals, actions and decisions to checked records, one row at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from producers.record_columns import RecordColumns, RowOptions, iso_times_of
from producers.results import Refusal
from producers.sources import Source
from producers.values import to_ms
from schemas.codec import from_json_fields
from schemas.errors import DecodeError
from schemas.records import CorporateAction, Decision, Signal

T = TypeVar("T", Signal, CorporateAction, Decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[T]):
    """A record and the line it came from."""

    line: int
    record: T


def read_records(
    source: Source, cls: type[T], options: RowOptions | None = None
) -> Iterator[Row[T] | Refusal]:
    """Yield each record of a source, or why a line is none."""
    options = options or RowOptions()
    columns = RecordColumns(cls=cls, options=options)
    for line, found in source.format.reader.rows(source, columns):
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
    for name, name_ms in iso_times_of(cls).items():
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
