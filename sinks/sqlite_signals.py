"""The signals of signals.db: each row and its decisions, replaced by its state.

Of several states of one signal in a batch only the last of the payload that
holds is written.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sinks import sqlite_rows as rows
from sinks.sink import Fields
from sinks.sqlite_observations import ObservationTable
from sinks.states import Contender, fold_states

_UPSERT_SIGNAL = rows.upsert_sql("llm_signals", rows.SIGNAL_COLUMNS)
_PROGRESS = rows.progress_sql()
_INSERT_DECISION = rows.upsert_sql("decisions", rows.DECISION_COLUMNS)
# The lesser ticker: two states can name one lost payload, and their order must not show.
_UPSERT_QUARANTINED = (
    rows.upsert_sql("quarantined", rows.QUARANTINED_COLUMNS).partition("DO UPDATE")[0]
    + "DO UPDATE SET ticker = min(ticker, excluded.ticker)"
)
_NONE = ("", None)
HELD = (
    "SELECT signal_id, generated_at_ms, payload_hash, ticker, last_session, policy_hash "
    "FROM llm_signals WHERE signal_id IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What some states came to: the tickers that lost a signal, and observations that went."""

    tickers: set[str]
    observations_gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What stood in the rows: who holds an id, and a payload's (policy hash, last session)."""

    contenders: dict[str, Contender]
    judged: dict[tuple[str, str], tuple[str, str | None]]


class SignalTable:
    """Writes states in the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, observations: ObservationTable) -> None:
        self._db = connection
        self._observations = observations

    def write(self, states: list[Fields]) -> Stored:
        """Replace the rows of these signals."""
        if not states:
            return Stored(tickers=set(), observations_gone=0)
        held = self._held({each["signal_id"] for each in states})
        folded = fold_states(held.contenders, states)
        self._write_holders(folded.holders, held)
        gone = sum(self._end_window(each, held) for each in folded.holders.values())
        self._db.executemany(
            _UPSERT_QUARANTINED,
            [
                rows.quarantined_row(signal_id, contender)
                for (signal_id, _), contender in folded.lost.items()
            ],
        )
        for pair, contender in folded.lost.items():
            gone += self._observations.delete(pair, contender.ticker)
        return Stored(
            tickers={each.ticker for each in folded.lost.values()}, observations_gone=gone
        )

    def _write_holders(self, holders: dict[str, Fields], held: _Held) -> None:
        db = self._db
        # The indices rest on payload and policy: where both stay they need not be touched.
        whole: list[Fields] = []
        going_on: list[Fields] = []
        for each in holders.values():
            same = held.judged.get(_pair(each), _NONE)[0] == each["policy_hash"]
            (going_on if same else whole).append(each)
        db.executemany(_UPSERT_SIGNAL, map(rows.signal_row, whole))
        db.executemany(_PROGRESS, map(rows.progress_row, going_on))
        known = [each for each in holders if each in held.contenders]
        db.executemany("DELETE FROM decisions WHERE signal_id = ?", ((each,) for each in known))
        db.executemany(_INSERT_DECISION, _each(holders.values()))

    def _end_window(self, state: Fields, held: _Held) -> int:
        pair, last = _pair(state), state["last_session"]
        if held.judged.get(pair, _NONE)[1] == last:
            return 0
        return self._observations.end_window(pair, state["ticker"], last)

    def _held(self, signal_ids: Collection[str]) -> _Held:
        held = _Held(contenders={}, judged={})
        for signal_id, ms, payload_hash, ticker, last, policy_hash in self._db.execute(
            HELD, (json.dumps(list(signal_ids)),)
        ):
            held.contenders[signal_id] = Contender(
                generated_at_ms=ms, payload_hash=payload_hash, ticker=ticker
            )
            held.judged[signal_id, payload_hash] = policy_hash, last
        return held


def _pair(state: Fields) -> tuple[str, str]:
    return state["signal_id"], state["payload_hash"]


def _each(states: Iterable[Fields]) -> Iterator[rows.Row]:
    for state in states:
        if state["decisions"]:
            yield from rows.decision_rows(state)
