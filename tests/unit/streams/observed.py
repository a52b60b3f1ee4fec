"""What a chunk says of its sessions' observations, read back from the records."""

from collections import defaultdict
from typing import Any

from schemas.codec import decode_fields
from streams.domain.effects import Effects
from streams.outbox import observation_records

Elements = tuple[int, list[dict[str, Any]]]


def observed(effects: Effects) -> dict[tuple[str, str], Elements]:
    """The close and the elements of each (ticker, session)."""
    found: defaultdict[tuple[str, str], Elements] = defaultdict(lambda: (0, []))
    for ticker, value in observation_records(effects):
        _, fields = decode_fields(value)
        key = ticker, fields["session"]
        found[key] = fields["close_ms"], found[key][1] + fields["elements"]
    return dict(found)
