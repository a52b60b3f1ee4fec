"""The signals of signals.db: each row with its transitions and decisions, replaced by its state.

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
_INSERT_TRANSITION = rows.upsert_sql("transitions", rows.TRANSITION_COLUMNS)
_INSERT_DECISION = rows.upsert_sql("decisions", rows.DECISION_COLUMNS)
# The lesser ticker: two states can name one lost payload, and their order must not show.
_UPSERT_QUARANTINED = (
    rows.upsert_sql("quarantined", rows.QUARANTINED_COLUMNS).partition("DO UPDATE")[0]
    + "DO UPDATE SET ticker = min(ticker, excluded.ticker)"
)
HELD = (
    "SELECT signal_id, generated_at_ms, payload_hash, ticker, last_session FROM llm_signals "
    "WHERE signal_id IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What some states came to: the tickers that lost a signal, and observations that went."""

    tickers: set[str]
    observations_gone: int


class SignalTable:
    """Writes states in the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, observations: ObservationTable) -> None:
        self._db = connection
        self._observations = observations

    def write(self, states: list[Fields]) -> Stored:
        """Replace the rows of these signals."""
        if not states:
            return Stored(tickers=set(), observations_gone=0)
        db = self._db
        held, ends = self._held({each["signal_id"] for each in states})
        folded = fold_states(held, states)
        holders = list(folded.holders.values())
        ids = [(signal_id,) for signal_id in folded.holders]
        db.executemany(_UPSERT_SIGNAL, map(rows.signal_row, holders))
        db.executemany("DELETE FROM transitions WHERE signal_id = ?", ids)
        db.executemany("DELETE FROM decisions WHERE signal_id = ?", ids)
        db.executemany(_INSERT_TRANSITION, _each(rows.transition_rows, holders))
        db.executemany(_INSERT_DECISION, _each(rows.decision_rows, holders))
        gone = 0
        for each in holders:
            pair, last = (each["signal_id"], each["payload_hash"]), each["last_session"]
            if ends.get(pair, None) != last:
                gone += self._observations.end_window(pair, each["ticker"], last)
        db.executemany(
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

    def _held(
        self, signal_ids: Collection[str]
    ) -> tuple[dict[str, Contender], dict[tuple[str, str], str | None]]:
        # What holds now, and the last session of each payload that does.
        held, ends = {}, {}
        for signal_id, ms, payload_hash, ticker, last in self._db.execute(
            HELD, (json.dumps(list(signal_ids)),)
        ):
            held[signal_id] = Contender(
                generated_at_ms=ms, payload_hash=payload_hash, ticker=ticker
            )
            ends[signal_id, payload_hash] = last
        return held, ends


def _each(to_rows: rows.ToRows, states: Iterable[Fields]) -> Iterator[rows.Row]:
    for state in states:
        yield from to_rows(state)
