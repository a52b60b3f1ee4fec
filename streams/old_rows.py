"""Rows of signals as they were written before they were packed: JSON in UTF-8."""

import orjson

from schemas.codec import from_fields
from schemas.policy import PolicyVersions
from schemas.records import Quarantined, Signal
from streams.domain.indicators import Market
from streams.domain.observations import Facts
from streams.domain.packing import PackedError
from streams.domain.signals import Entry

# A packed row begins with a time in ms, whose upper bytes are empty for ten thousand years.
_UPPER = slice(6, 8)


def is_old(row: bytes) -> bool:
    """Say whether a row of a signal is one of these."""
    return row[_UPPER] != b"\0\0"


def old_entry(row: bytes, policies: PolicyVersions) -> Entry:
    """Return the entry of an old row; raise PackedError where its policy is another now."""
    content = orjson.loads(row)
    payload: Signal = from_fields(Signal, content["payload"])
    policy = policies.at(payload.generated_at_ms)
    if policy.hash != content["policy"]:
        msg = (
            f"signal {payload.signal_id}: expected policy hash {content['policy'][:16]} as in the"
            f" state, was {policy.hash[:16]}: a version in use must not change; add a new version"
        )
        raise PackedError(msg)
    facts, market = Facts(*content["facts"]), content["market"]
    return Entry(
        payload=payload,
        payload_hash=content["hash"],
        policy=policy,
        facts=facts._replace(suspect_sessions=tuple(facts.suspect_sessions)),
        market=None if market is None else Market(*market),
        published_ms=content["published_ms"],
        quarantined=[Quarantined(**each) for each in content["quarantined"]],
        revisions=content["revisions"],
    )
