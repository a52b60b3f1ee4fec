"""TickBatch records to columns; every tick of a batch is judged alone, by masks."""

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from schemas.errors import DecodeError
from schemas.records import FLAG_FINAL, FLAG_OPEN, Tick, TickBatch
from schemas.rules import (
    MAX_EVENT_MS,
    MAX_PRICE,
    MIN_EVENT_MS,
    MIN_PRICE,
    check_tick,
    is_ticker,
)
from streams.domain.calendar import Mask
from streams.domain.ticks import NO_DAY, NO_TIME, TickColumns

_DAY_MS = 86_400_000

Refused = list[tuple[int, DecodeError]]


def batch_columns(batch: TickBatch) -> tuple[TickColumns, Refused]:
    """Return the valid ticks of a batch and (index, error) of the others.

    Raise DecodeError where the columns do not fit each other.
    """
    columns, index_ok = _read(batch)
    valid = index_ok & _valid(columns)
    good = [is_ticker(each) for each in batch.tickers]
    if not all(good):
        valid &= np.array(good)[columns.code]
    if valid.all():
        return columns, []
    refused = [(int(at), _why(batch, columns, int(at))) for at in np.flatnonzero(~valid)]
    return columns.take(valid), refused


def _read(batch: TickBatch) -> tuple[TickColumns, Mask]:
    if len(set(batch.tickers)) < len(batch.tickers):
        msg = "tickers: expected each ticker once"
        raise DecodeError(msg, error_class="BadColumns")
    price = _column("price", batch.price, "<f8", None)
    count = len(price)
    code = _column("ticker_index", batch.ticker_index, "<i4", count).astype(np.int64)
    index_ok = (code >= 0) & (code < len(batch.tickers))
    columns = TickColumns(
        tickers=batch.tickers,
        code=np.where(index_ok, code, 0),
        ts_ms=_column("ts_event_ms", batch.ts_event_ms, "<i8", count).astype(np.int64),
        day=_column("session", batch.session, "<i4", count).astype(np.int64),
        price=price.astype(np.float64),
        flags=_column("flags", batch.flags, "u1", count),
        revision=_column("revision", batch.revision, "u1", count),
    )
    _column("size", batch.size, "<f8", count)
    return columns, index_ok


def _column(name: str, content: bytes, kind: str, count: int | None) -> npt.NDArray[Any]:
    width = np.dtype(kind).itemsize
    if len(content) % width or (count is not None and len(content) != count * width):
        expected = "whole values" if count is None else f"{count} values"
        msg = f"{name}: expected {expected} of {width} bytes, was {len(content)} bytes"
        raise DecodeError(msg, error_class="BadColumns")
    return np.frombuffer(content, dtype=kind)


def _valid(columns: TickColumns) -> Mask:
    by_day = columns.day != NO_DAY
    day_ms = columns.day * _DAY_MS
    day_ok = (day_ms >= MIN_EVENT_MS) & (day_ms < MAX_EVENT_MS)
    time_ok = (columns.ts_ms >= MIN_EVENT_MS) & (columns.ts_ms < MAX_EVENT_MS)
    no_time = columns.ts_ms == NO_TIME
    price_ok = (columns.price >= MIN_PRICE) & (columns.price <= MAX_PRICE)
    valid: Mask = price_ok & np.where(by_day, day_ok & (time_ok | no_time), time_ok)
    return valid


def _tick(content: dict[str, Any]) -> Tick:
    return Tick(**content)


def _why(batch: TickBatch, columns: TickColumns, at: int) -> DecodeError:
    code = int(np.frombuffer(batch.ticker_index, dtype="<i4")[at])
    known = 0 <= code < len(batch.tickers)
    price, ts_ms, day = float(columns.price[at]), int(columns.ts_ms[at]), int(columns.day[at])
    flags = int(columns.flags[at])
    content = {
        "ticker": batch.tickers[code] if known else None,
        # A price that is not a number may be why the tick is here; JSON has only text for it.
        "price": price if np.isfinite(price) else repr(price),
        "ts_event_ms": None if ts_ms == NO_TIME else ts_ms,
        "session": None if day == NO_DAY else str(np.datetime64(day, "D")),
        "open": bool(flags & FLAG_OPEN),
        "final": bool(flags & FLAG_FINAL),
        "revision": int(columns.revision[at]),
    }
    element = orjson.dumps(content)
    if not known:
        msg = f"ticker_index: expected 0 to {len(batch.tickers) - 1}, was {code}"
        return DecodeError(msg, element=element)
    try:
        check_tick(_tick({**content, "price": price}))
    except DecodeError as error:
        error.element = element
        return error
    return DecodeError("the tick breaks a rule", element=element)
