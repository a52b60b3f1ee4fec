"""Closes of sessions for the generators: from a price file, or made up from a seed."""

import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np

from producers.errors import InputError
from producers.results import OnRefused
from producers.sources import open_source
from producers.tick_cells import TickOptions
from producers.ticks import TickColumns, read_ticks
from schemas.records import FLAG_FINAL

Close: TypeAlias = tuple[str, float]
Closes: TypeAlias = Mapping[str, Sequence[Close]]

SYNTHETIC_SESSIONS = 250
_DRIFT, _VOLATILITY = 0.0003, 0.015


def read_closes(
    path: str | Path,
    on_refused: OnRefused,
    *,
    tickers: Collection[str] | None = None,
    options: TickOptions | None = None,
    stdin: IO[bytes] | None = None,
) -> dict[str, list[Close]]:
    """Return each ticker's (session, close) in order of session; raise InputError.

    Of several closes of one session the greatest (revision, time, price)
    counts, as in a bar.
    """
    best: dict[tuple[str, int], tuple[int, int, float]] = {}
    with open_source(path, stdin=stdin) as source:
        for chunk in read_ticks(source, options or TickOptions()):
            for refusal in chunk.refused:
                on_refused(refusal)
            _keep_greatest(best, chunk.ticks, tickers)
    if not best and not tickers:
        msg = f"{path}: expected closes of sessions, found none"
        raise InputError(msg)
    closes: dict[str, list[Close]] = {}
    for (ticker, day), (_, _, price) in sorted(best.items()):
        closes.setdefault(ticker, []).append((str(np.datetime64(day, "D")), price))
    return closes


def synthetic_closes(ticker: str, seed: int, count: int = SYNTHETIC_SESSIONS) -> list[float]:
    """Return made-up closes: the same for the same ticker and seed, whatever the machine."""
    random = np.random.default_rng([seed, zlib.crc32(ticker.encode())])
    price = float(random.integers(20, 400))
    closes = []
    for step in random.standard_normal(count).tolist():
        # cents, so that the last bit of a platform's exp cannot show
        price = max(0.01, round(price * math.exp(_DRIFT + _VOLATILITY * step), 2))
        closes.append(price)
    return closes


def _keep_greatest(
    best: dict[tuple[str, int], tuple[int, int, float]],
    ticks: TickColumns,
    tickers: Collection[str] | None,
) -> None:
    wanted = np.array([tickers is None or each in tickers for each in ticks.tickers], dtype=bool)
    final = (ticks.flags & FLAG_FINAL).astype(bool) & (ticks.session >= 0)
    if not wanted.any():
        return
    for row in np.flatnonzero(final & wanted[ticks.ticker_index]):
        key = ticks.tickers[ticks.ticker_index[row]], int(ticks.session[row])
        revision, ts_event_ms = int(ticks.revision[row]), int(ticks.ts_event_ms[row])
        found = (revision, ts_event_ms, float(ticks.price[row]))
        best[key] = max(best.get(key, found), found)
