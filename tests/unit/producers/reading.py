"""Read text as a file of prices or records, in one call."""

import io
from typing import Any

import numpy as np

from producers.record_columns import RowOptions
from producers.rows import read_records
from producers.sources import open_source
from producers.tick_cells import TickOptions
from producers.ticks import read_ticks

Tick = dict[str, Any]


def ticks_of(
    content: str | bytes, format_: str | None = None, **options: Any
) -> tuple[list[Tick], list[str]]:
    """Return the ticks of a file as plain dicts, and what was said of refused lines."""
    ticks: list[Tick] = []
    refused: list[str] = []
    with open_source("-", format_, stdin=_stream(content)) as source:
        for chunk in read_ticks(source, TickOptions(**options)):
            columns = chunk.ticks
            refused += map(str, chunk.refused)
            ticks += [
                {
                    "ticker": columns.tickers[columns.ticker_index[row]],
                    "ts": int(columns.ts_event_ms[row]),
                    "session": str(np.datetime64(int(columns.session[row]), "D"))
                    if columns.session[row] >= 0
                    else None,
                    "price": float(columns.price[row]),
                    "size": None if np.isnan(columns.size[row]) else float(columns.size[row]),
                    "flags": int(columns.flags[row]),
                    "revision": int(columns.revision[row]),
                    "line": int(columns.lines[row]),
                }
                for row in range(len(columns.price))
            ]
    return ticks, refused


def records_of(
    content: str | bytes, cls: type[Any], format_: str | None = None, **options: Any
) -> tuple[list[Any], list[str]]:
    """Return the records of a file, and what was said of refused lines."""
    with open_source("-", format_, stdin=_stream(content)) as source:
        found = list(read_records(source, cls, RowOptions(**options)))
    kept = [each.record for each in found if hasattr(each, "record")]
    return kept, [str(each) for each in found if not hasattr(each, "record")]


def _stream(content: str | bytes) -> io.BytesIO:
    return io.BytesIO(content.encode() if isinstance(content, str) else content)
