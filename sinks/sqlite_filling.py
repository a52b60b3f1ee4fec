"""Observations that a signals.db lacks, of those that a fold calls for."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from sinks.observation_columns import MixedKeys, ObservationBlock
from sinks.sink import Batch

_HOLDERS = (
    "SELECT signal_id, payload_hash, entry_session, coalesce(last_session, '9999') "
    "FROM llm_signals WHERE entry_session IS NOT NULL "
    "AND signal_id IN (SELECT value FROM json_each(?))"
)
_STORED = """
SELECT s.signal_id, d.session
FROM llm_signals AS s
CROSS JOIN payloads AS p ON p.signal_id = s.signal_id AND p.payload_hash = s.payload_hash
CROSS JOIN observed AS d
  ON d.ticker = p.number >> 27
 AND d.session > s.entry_session
 AND d.session <= coalesce(s.last_session, '9999')
CROSS JOIN observation_values AS v ON v.id = (d.day << 47) + p.number
WHERE s.signal_id IN (SELECT value FROM json_each(?))
"""


def lacking(connection: sqlite3.Connection, batch: Batch) -> list[ObservationBlock]:
    """Return the observations of a batch whose payload holds its row and that are not stored."""
    ids = (json.dumps([each["signal_id"] for each in batch.states]),)
    holders = {row[:2]: row[2:] for row in connection.execute(_HOLDERS, ids)}
    stored = set(connection.execute(_STORED, ids))
    return [part for block in batch.observations for part in _part(block, holders, stored)]


def read_calendars(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the calendar of each ticker that has signals."""
    return dict(connection.execute("SELECT DISTINCT ticker, calendar FROM llm_signals"))


def _part(
    block: ObservationBlock,
    holders: dict[tuple[str, str], tuple[str, str]],
    stored: set[tuple[str, str]],
) -> Iterator[ObservationBlock]:
    session = block.session
    pairs = block.keys.pairs()
    at = [
        number
        for number, pair in enumerate(pairs)
        if pair in holders
        and holders[pair][0] < session <= holders[pair][1]
        and (pair[0], session) not in stored
    ]
    if at:
        yield ObservationBlock(
            ticker=block.ticker,
            session=session,
            day=block.day,
            epoch=block.epoch,
            keys=MixedKeys(tuple(pairs[each] for each in at)),
            k=[block.k[each] for each in at],
            values=[_of(column, at) for column in block.values],
        )


def _of(column: list[Any], at: list[int]) -> list[Any]:
    return [column[each] for each in at]
