"""The policies that signals are judged by, as signals.db holds them; reads only."""

import sqlite3

import orjson

from schemas.policy import Policy, policy_of

_CURRENT = (
    "FROM policies AS p "
    "WHERE EXISTS (SELECT 1 FROM llm_signals AS s WHERE s.policy_hash = p.policy_hash) "
    "ORDER BY p.effective_from_ms DESC, p.policy_hash DESC LIMIT 1"
)


def read_policies(connection: sqlite3.Connection) -> list[Policy]:
    """Return every version of a policy, by the time from which it holds."""
    found = connection.execute(
        "SELECT content FROM policies ORDER BY effective_from_ms, policy_hash"
    )
    return [_policy(content) for (content,) in found]


def current_policy(connection: sqlite3.Connection) -> Policy | None:
    """Return the last version that a signal names, by the time from which it holds."""
    row = connection.execute(f"SELECT p.content {_CURRENT}").fetchone()
    return None if row is None else _policy(row[0])


def current_policy_hash(connection: sqlite3.Connection) -> str | None:
    """Return the hash of the current policy."""
    row = connection.execute(f"SELECT p.policy_hash {_CURRENT}").fetchone()
    return None if row is None else str(row[0])


def _policy(content: str) -> Policy:
    return policy_of(orjson.loads(content))
