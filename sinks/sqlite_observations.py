"""The observations of signals.db: where a row lies, and what keeps its place.

What the last block of a ticker looked like is remembered: while the same signals
are observed, a session's block costs a search a row and nothing besides.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, compress, repeat
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.errors import DecodeError
from sinks import sqlite_rows as rows
from sinks.observation_blocks import day_of
from sinks.observation_columns import Keys, MixedKeys, ObservationBlock
from sinks.sqlite_tables_4 import DAY_SHIFT, TICKER_SHIFT

Pair: TypeAlias = tuple[str, str]
Numbers: TypeAlias = npt.NDArray[np.int64]

CHANGED_ROW = rows.upsert_sql("observation_values", rows.VALUE_COLUMNS)
NEW_ROW = rows.insert_sql("observation_values", rows.VALUE_COLUMNS)
NUMBER = "SELECT number FROM payloads WHERE signal_id = ? AND payload_hash = ?"
_OF_IDS = "signal_id IN (SELECT value FROM json_each(?))"
NUMBERS = f"SELECT signal_id, payload_hash, number FROM payloads WHERE {_OF_IDS}"  # noqa: S608 our own words
_ENDED = "llm_signals WHERE last_session IS NOT NULL AND"
ENDS = f"SELECT signal_id, payload_hash, last_session FROM {_ENDED} {_OF_IDS}"  # noqa: S608 our own words
GREATEST = "SELECT max(number) FROM payloads WHERE number >= ? AND number < ?"
DELETE_AFTER = (
    "DELETE FROM observation_values WHERE id IN ("
    "SELECT (d.day << 47) + ?1 FROM observed AS d WHERE d.ticker = ?1 >> 27 AND d.session > ?2)"
)
TICKER = "SELECT number FROM tickers WHERE ticker = ?"
NEW_TICKER = "INSERT INTO tickers (ticker) VALUES (?)"
OBSERVED = "INSERT OR IGNORE INTO observed (ticker, session, day) VALUES (?, ?, ?)"
_OPEN = 1 << 30
# About 110 bytes each.
_REMEMBERED = 4_000_000


@dataclass(slots=True, kw_only=True)
class _Known:
    """A ticker's last block: the numbers of its signals, and the days that their windows end."""

    keys: Keys | MixedKeys
    numbers: Numbers
    lasts: Numbers
    session: str = ""
    ends: dict[Pair, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A block, the numbers of its rows, and which lie in their windows: None for all."""

    block: ObservationBlock
    numbers: Numbers
    kept: list[bool] | None

    def __len__(self) -> int:
        return len(self.numbers) if self.kept is None else sum(self.kept)

    @property
    def place(self) -> tuple[int, int]:
        return self.block.day, int(self.numbers[0]) >> TICKER_SHIFT

    def rows(self) -> Iterator[tuple[Any, ...]]:
        block = self.block
        ids = (self.numbers + (block.day << DAY_SHIFT)).tolist()
        found = zip(ids, block.k, *block.values, repeat(block.epoch))
        return found if self.kept is None else compress(found, self.kept)


class ObservationTable:
    """Writes observations in the caller's transaction; after one that broke, `forget` first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._tickers: dict[str, int] = {}
        self._greatest: dict[int, int] = {}
        self._known: dict[str, _Known] = {}
        self._remembered = 0

    def forget(self) -> None:
        """Forget what was remembered of rows, which may have been taken back."""
        self._tickers.clear()
        self._greatest.clear()
        self._known.clear()
        self._remembered = 0

    def write(self, blocks: Iterable[ObservationBlock]) -> int:
        """Store what lies in its signal's window; return how many rows are new."""
        # In the order of their ids the rows fill one page after the other.
        placed = sorted(map(self._place, blocks), key=lambda each: each.place)
        count = sum(map(len, placed))
        if not count:
            return 0
        new = self._db.executemany(NEW_ROW, _rows(placed)).rowcount
        if new < count:
            self._db.executemany(CHANGED_ROW, _rows(placed))
        return new

    def end_window(self, pair: Pair, ticker: str, session: str | None) -> int:
        """Delete the rows after a window's last session; return how many there were."""
        known = self._known.get(ticker)
        if known is not None:
            known.ends[pair] = _end(session)
        return 0 if session is None else self._delete(pair, session)

    def delete(self, pair: Pair, ticker: str) -> int:
        """Delete the rows of a payload that lost its id; return how many there were."""
        known = self._known.get(ticker)
        if known is not None:
            known.ends[pair] = _OPEN
        return self._delete(pair, "")

    def _delete(self, pair: Pair, after: str) -> int:
        found = self._db.execute(NUMBER, pair).fetchone()
        return 0 if found is None else self._db.execute(DELETE_AFTER, (found[0], after)).rowcount

    def _place(self, block: ObservationBlock) -> _Placed:
        known = self._known.get(block.ticker)
        if known is None or known.ends or known.keys != block.keys:
            known = self._look_up(block, known)
        if known.session != block.session:
            known.session = block.session
            for ticker in {*(known.numbers >> TICKER_SHIFT).tolist()}:
                self._db.execute(OBSERVED, (ticker, block.session, block.day))
        kept = None if block.day <= known.lasts.min() else (known.lasts >= block.day).tolist()
        return _Placed(block=block, numbers=known.numbers, kept=kept)

    def _look_up(self, block: ObservationBlock, known: _Known | None) -> _Known:
        held: dict[Pair, tuple[int, int]] = {}
        if known is not None:
            at = zip(known.numbers.tolist(), known.lasts.tolist(), strict=True)
            held = dict(zip(known.keys.pairs(), at, strict=True))
            self._remembered -= len(held)
            for pair in held.keys() & known.ends.keys():
                held[pair] = held[pair][0], known.ends[pair]
        pairs = block.keys.pairs()
        held |= self._stored([pair for pair in pairs if pair not in held], block.ticker)
        found = [held[pair] for pair in pairs]
        numbers, lasts = np.array(found, dtype=np.int64).T.copy()
        if self._remembered + len(found) > _REMEMBERED:
            self.forget()
        self._remembered += len(found)
        known = self._known[block.ticker] = _Known(keys=block.keys, numbers=numbers, lasts=lasts)
        return known

    def _stored(self, pairs: list[Pair], ticker: str) -> dict[Pair, tuple[int, int]]:
        # Number and last day of each; a payload that was not seen before gets a number.
        if not pairs:
            return {}
        ids = (json.dumps([signal_id for signal_id, _ in pairs]),)
        numbers = {(one, other): number for one, other, number in self._db.execute(NUMBERS, ids)}
        ends = {(one, other): _end(last) for one, other, last in self._db.execute(ENDS, ids)}
        new = [pair for pair in dict.fromkeys(pairs) if pair not in numbers]
        if new:
            numbers |= self._add(new, ticker)
        return {pair: (numbers[pair], ends.get(pair, _OPEN)) for pair in pairs}

    def _add(self, pairs: list[Pair], ticker: str) -> dict[Pair, int]:
        of_ticker = self._ticker(ticker)
        first, end = of_ticker << TICKER_SHIFT, (of_ticker + 1) << TICKER_SHIFT
        greatest = self._greatest.get(of_ticker)
        if greatest is None:
            greatest = self._db.execute(GREATEST, (first, end)).fetchone()[0] or first
        added = {pair: number for number, pair in enumerate(pairs, start=greatest + 1)}
        self._greatest[of_ticker] = greatest + len(added)
        if self._greatest[of_ticker] >= end:
            msg = f"{ticker}: expected fewer than {end - first} signals, was one more"
            raise OverflowError(msg)
        self._db.executemany(
            "INSERT INTO payloads VALUES (?, ?, ?)",
            ((number, *pair) for pair, number in added.items()),
        )
        return added

    def _ticker(self, ticker: str) -> int:
        number = self._tickers.get(ticker)
        if number is None:
            found = self._db.execute(TICKER, (ticker,)).fetchone()
            if found is None:
                number = self._db.execute(NEW_TICKER, (ticker,)).lastrowid or 0
            else:
                number = int(found[0])
            self._tickers[ticker] = number
        return number


def _rows(placed: Iterable[_Placed]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(each.rows() for each in placed)


def _end(session: str | None) -> int:
    if session is None:
        return _OPEN
    try:
        return day_of(session)
    except DecodeError:
        return _OPEN
