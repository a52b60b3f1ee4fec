"""The rows of signals.db beside those that a fold of the source topics calls for; reads only.

Never compared: `epoch`, which says which life of a worker told a row; `validation_events`,
a log of what was believed when; observations that no view reads, as of a displaced payload.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from sinks import sqlite_rows as rows
from sinks.differences import Comparison, Key, Row
from sinks.sink import Batch, Fields
from sinks.sqlite_paper import account_rows
from sinks.states import Contender, contender_of

# A state names at most so many payloads that lost its id.
MOST_QUARANTINED = 100

_OF_IDS = "signal_id IN (SELECT value FROM json_each(?))"


def _but(columns: Sequence[str], *names: str) -> tuple[str, ...]:
    return tuple(each for each in columns if each not in names)


def _picked(columns: Sequence[str], wanted: Sequence[str]) -> "itemgetter[Any]":
    return itemgetter(*map(columns.index, wanted))


_SIGNAL = ("signal_id", *_but(rows.SIGNAL_COLUMNS, "signal_id", "epoch"))
_BAR = ("ticker", "session", *_but(rows.BAR_COLUMNS, "ticker", "session", "epoch"))
_VALUES = _but(rows.VALUE_COLUMNS, "id", "epoch")
_signal = _picked(rows.SIGNAL_COLUMNS, _SIGNAL)
_contender = _picked(_SIGNAL, ("generated_at_ms", "payload_hash", "ticker"))
_bar = _picked(rows.BAR_COLUMNS, _BAR)
_SELECT_SIGNALS = f"SELECT {', '.join(_SIGNAL)} FROM llm_signals WHERE {_OF_IDS}"  # noqa: S608 our own words
_SELECT_BARS = f"SELECT {', '.join(_BAR)} FROM bars WHERE ticker = ?"  # noqa: S608 our own words
# As the view signal_observations has it, beginning at some signals.
_SELECT_OBSERVATIONS = f"""
SELECT s.signal_id, d.session, {", ".join(f"v.{each}" for each in _VALUES)}
FROM llm_signals AS s
CROSS JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
CROSS JOIN observed AS d
  ON d.ticker = p.number >> 27
 AND d.session > s.entry_session
 AND d.session <= coalesce(s.last_session, '9999')
CROSS JOIN observation_values AS v ON v.id = (d.day << 47) + p.number
WHERE s.{_OF_IDS}
"""  # noqa: S608 our own words
_SELECT_DECISIONS = f"SELECT {', '.join(rows.DECISION_COLUMNS)} FROM decisions WHERE {_OF_IDS}"  # noqa: S608 our own words
_SELECT_QUARANTINED = (
    f"SELECT {', '.join(rows.QUARANTINED_COLUMNS)} FROM quarantined WHERE {_OF_IDS}"  # noqa: S608 our own words
)
_DEAD = ", ".join(f'"{each}"' for each in rows.DEAD_LETTER_COLUMNS)
_SELECT_DEAD = (
    f'SELECT {_DEAD} FROM dead_letters WHERE topic = ? AND "partition" = ? '  # noqa: S608 our own words
    'AND "offset" >= ? AND "offset" < ?'
)
# One search a ticker, not a look at every row.
_TICKERS = """
WITH RECURSIVE found(ticker) AS (
    SELECT min(ticker) FROM {table}
    UNION ALL
    SELECT (SELECT min(ticker) FROM {table} WHERE ticker > found.ticker)
    FROM found WHERE found.ticker IS NOT NULL
)
SELECT ticker FROM found WHERE ticker IS NOT NULL
"""


class FileAudit:
    """Compares the rows of one consistent look at a signals.db, a part at a time."""

    def __init__(self, connection: sqlite3.Connection, comparison: Comparison) -> None:
        self._db = connection
        self._to = comparison
        # Of ids that several tickers claim: rows that are another ticker's matter, and those met.
        self._of_others: set[Key] = set()
        self._met: set[Key] = set()

    def tickers(self) -> list[str]:
        """Return every ticker that has a bar or a signal, in order."""
        found = {
            ticker
            for table in ("bars", "llm_signals")
            for (ticker,) in self._db.execute(_TICKERS.format(table=table))
        }
        return sorted(found)

    def bars(self, ticker: str, bars: Iterable[Fields]) -> None:
        """Compare the bars of a ticker."""
        expected = (_bar(rows.bar_row(each)) for each in bars)
        stored = self._db.execute(_SELECT_BARS, (ticker,))
        self._to.rows("bars", _BAR[2:], expected, stored, ticker)

    def signals(self, ticker: str, batch: Batch) -> None:
        """Compare some signals of a ticker, with all that belongs to them."""
        states = {each["signal_id"]: each for each in batch.states}
        stored = list(self._of_ids(_SELECT_SIGNALS, states))
        lost = {row[0] for row in stored if _is_lost(states[row[0]], row)}
        holders = {each: state for each, state in states.items() if each not in lost}
        expected = (_signal(rows.signal_row(each)) for each in holders.values())
        held = (row for row in stored if row[0] in holders)
        self._to.rows("llm_signals", _SIGNAL[1:], expected, held, ticker)
        self._observations(ticker, holders, batch)
        self._decisions(ticker, holders)
        self._quarantined(ticker, states, lost)

    def strangers(self, ticker: str, known: Collection[str]) -> None:
        """Find the signals of a ticker that nobody published."""
        found = self._db.execute(
            "SELECT signal_id, payload_hash FROM llm_signals WHERE ticker = ?", (ticker,)
        )
        for signal_id, payload_hash in found:
            if signal_id not in known:
                row = {"payload_hash": payload_hash}
                self._to.stranger("llm_signals", (signal_id,), ticker, row)

    def dead_letters(
        self,
        where: tuple[str, int],
        span: tuple[int, int],
        letters: Iterable[Fields],
        on_their_way: Collection[Key],
    ) -> None:
        """Compare what was refused of a span of offsets of a partition."""
        stored = self._db.execute(_SELECT_DEAD, (*where, *span)).fetchall()
        coming = set(on_their_way) - {row[:4] for row in stored}
        made = map(rows.dead_letter_row, letters)
        expected = (row for row in made if row[:4] not in coming)
        self._to.rows("dead_letters", rows.DEAD_LETTER_COLUMNS[4:], expected, stored)

    def strange_dead_letters(
        self, ends: Mapping[tuple[str, int], int], outbound: Collection[str]
    ) -> None:
        """Find dead letters of records that are not there; those of outbound topics are ours."""
        found = self._db.execute(
            'SELECT topic, "partition", "offset", index_, error_class FROM dead_letters'
        )
        for topic, partition, offset, index, error_class in found:
            if topic not in outbound and offset >= ends.get((topic, partition), 0):
                key = topic, partition, offset, index
                self._to.stranger("dead_letters", key, None, {"error_class": error_class})

    def policies(self, required: Iterable[Fields], known: Collection[str]) -> None:
        """Compare the policies that judge signals; of others only what no version is stands out."""
        expected = list(map(rows.policy_row, required))
        needed = {row[0] for row in expected}
        found = self._db.execute(f"SELECT {', '.join(rows.POLICY_COLUMNS)} FROM policies")  # noqa: S608 our own words
        stored = (row for row in found if row[0] in needed or row[0] not in known)
        self._to.rows("policies", rows.POLICY_COLUMNS[1:], expected, stored)

    def policy_hashes(self) -> dict[str, str]:
        """Return name by hash of the policies that judged the stored signals."""
        found = self._db.execute("SELECT DISTINCT policy_hash, policy FROM llm_signals")
        return dict(found.fetchall())

    def paper(self) -> None:
        """Compare the paper account with what the stored rows call for."""
        for table, columns, called_for in account_rows(self._db):
            found = self._db.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 our own words
            self._to.rows(table, columns[1:], called_for, found)

    def orphans(self) -> None:
        """Find decisions and quarantined payloads that belong to nothing."""
        for signal_id, payload_hash, generated_at_ms, ticker in sorted(self._of_others - self._met):
            row = {"generated_at_ms": generated_at_ms}
            self._to.stranger("quarantined", (signal_id, payload_hash), ticker, row)
        for table, columns in (
            ("decisions", rows.DECISION_COLUMNS),
            ("quarantined", rows.QUARANTINED_COLUMNS),
        ):
            found = self._db.execute(
                f"SELECT {', '.join(columns)} FROM {table} AS t WHERE NOT EXISTS "  # noqa: S608 our own words
                "(SELECT 1 FROM llm_signals AS s WHERE s.signal_id = t.signal_id)"
            )
            for row in found:
                self._to.stranger(
                    table, row[:2], None, dict(zip(columns[2:], row[2:], strict=True))
                )

    def _observations(self, ticker: str, holders: Mapping[str, Fields], batch: Batch) -> None:
        expected: set[Row] = set()
        for block in batch.observations:
            ids = [signal_id for signal_id, _ in block.keys.pairs()]
            made = zip(ids, repeat(block.session), block.k, *block.values)
            expected.update(row for row in made if row[0] in holders)
        stored = self._of_ids(_SELECT_OBSERVATIONS, holders)
        self._to.rows("observations", _VALUES, expected, stored, ticker)

    def _decisions(self, ticker: str, holders: Mapping[str, Fields]) -> None:
        made = (row for state in holders.values() for row in rows.decision_rows(state))
        stored = self._of_ids(_SELECT_DECISIONS, holders)
        self._to.rows("decisions", rows.DECISION_COLUMNS[2:], made, stored, ticker)

    def _quarantined(self, ticker: str, states: Mapping[str, Fields], lost: set[str]) -> None:
        found: list[Key] = [
            (signal_id, each["payload_hash"], each["generated_at_ms"], ticker)
            for signal_id, state in states.items()
            for each in state["quarantined"]
        ]
        found += [rows.quarantined_row(each, contender_of(states[each])) for each in lost]
        held = list(self._of_ids(_SELECT_QUARANTINED, states))
        contested = lost | {row[0] for row in held if row[3] != ticker}
        self._of_others |= {row for row in held if row[3] != ticker}
        self._met |= {row for row in found if row[0] in contested}
        named = {row[:2] for row in found}
        full = {each for each, s in states.items() if len(s["quarantined"]) >= MOST_QUARANTINED}
        mine = [row for row in held if row[3] == ticker]
        mine = [row for row in mine if row[:2] in named or row[0] not in full]
        self._to.rows("quarantined", rows.QUARANTINED_COLUMNS[2:], found, mine, ticker)

    def _of_ids(self, sql: str, ids: Iterable[str]) -> Iterable[Row]:
        return self._db.execute(sql, (json.dumps(list(ids)),))


def _is_lost(state: Fields, stored: Row) -> bool:
    """Say whether the stored row of an id is of another ticker's lesser payload."""
    generated_at_ms, payload_hash, ticker = _contender(stored)
    holder = Contender(generated_at_ms=generated_at_ms, payload_hash=payload_hash, ticker=ticker)
    return holder.ticker != state["ticker"] and holder < contender_of(state)
