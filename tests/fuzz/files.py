"""Judges of users' files: what `publish` takes of one, the worker takes too.

Declared: InputError, for a file as a whole; what is wrong with a line is a refusal of it.
"""

import io
from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from producers.batches import batches_of
from producers.errors import InputError
from producers.prices import read_closes
from producers.record_columns import RowOptions
from producers.results import Refusal
from producers.rows import read_records
from producers.sources import open_source
from producers.tick_cells import TickOptions
from producers.ticks import TickChunk, read_ticks
from schemas.codec import MAX_RECORD_BYTES, decode_inbound, encode
from schemas.errors import DecodeError
from schemas.records import CorporateAction, Decision, Signal, Tick, TickBatch
from streams.tick_batches import batch_columns
from tests.fuzz.outcomes import refused, taken

_PARTITIONS = 2
_TICKS = (
    TickOptions(),
    TickOptions(ticker="AAPL", tz=ZoneInfo("America/New_York")),
    TickOptions(adjusted=True, tz=ZoneInfo("UTC")),
)
_ROWS = (RowOptions(), RowOptions(ticker="AAPL", tz=ZoneInfo("America/New_York")))


def ticks(form: str | None, value: bytes) -> str:
    """Judge a price file; its length says by which options it is read."""
    options = _TICKS[len(value) % len(_TICKS)]
    told: list[str] = []
    good = 0
    try:
        with open_source("-", form, stdin=io.BytesIO(value)) as source:
            for chunk in read_ticks(source, options):
                _accounted(chunk)
                told += [each.reason[:12] for each in chunk.refused]
                for placed in batches_of(chunk.ticks, _PARTITIONS):
                    _worker_takes(placed.batch)
                good += len(chunk.ticks.price)
    except InputError as error:
        return refused(error)
    return _way(good, told)


def records(cls: Any, form: str | None, value: bytes) -> str:
    """Judge a file of signals, actions or decisions."""
    told: list[str] = []
    good = 0
    try:
        with open_source("-", form, stdin=io.BytesIO(value)) as source:
            for found in read_records(source, cls, _ROWS[len(value) % len(_ROWS)]):
                if isinstance(found, Refusal):
                    str(found).encode("utf-8", "backslashreplace")
                    told.append(found.reason[:12])
                    continue
                good += 1
                content = encode(found.record)
                if len(content) <= MAX_RECORD_BYTES:
                    [(_, again)] = decode_inbound(content, (cls,))
                    assert again == found.record, f"the worker refuses it: {again}"
    except InputError as error:
        return refused(error)
    return _way(good, told)


def closes(value: bytes) -> str:
    """Judge a price file of `generate`."""
    told: list[Refusal] = []
    try:
        found = read_closes("-", told.append, stdin=io.BytesIO(value))
    except InputError as error:
        return refused(error)
    return taken(min(len(found), 3), bool(told))


def _accounted(chunk: TickChunk) -> None:
    lines = set(chunk.ticks.lines.tolist())
    for each in chunk.refused:
        str(each).encode("utf-8", "backslashreplace")
        assert each.line not in lines, "a line is taken and refused"


def _worker_takes(batch: TickBatch) -> None:
    [(_, again)] = decode_inbound(encode(batch), (Tick, TickBatch))
    assert not isinstance(again, DecodeError), f"the worker refuses it: {again}"
    assert isinstance(again, TickBatch)
    _, wrong = batch_columns(again)
    assert not wrong, f"the worker refuses a tick of it: {wrong[0]}"


def _way(good: int, told: list[str]) -> str:
    return f"{'taken' if good else 'refused'} {min(good, 2)} {sorted(set(told))[:3]}"


_CLASSES = {"signals": Signal, "actions": CorporateAction, "decisions": Decision}

JUDGES: dict[str, Callable[[bytes], str]] = {
    **{f"{form}-ticks": partial(ticks, form) for form in ("csv", "jsonl", "parquet")},
    **{
        f"{form}-{name}": partial(records, cls, form)
        for form in ("csv", "jsonl", "parquet")
        for name, cls in _CLASSES.items()
    },
    "prices": closes,
}
