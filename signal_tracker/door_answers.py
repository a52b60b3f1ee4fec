"""What a broker's answer tells of the journaled topics: up to where its client would know them.

Only answers to Produce and Fetch tell anything; all others pass unread.
"""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from kafka.protocol.consumer import FetchResponse
from kafka.protocol.producer import ProduceResponse

PRODUCE, FETCH = 0, 1
# The end of a partition of which an answer tells only that it holds the batch already.
UNKNOWN = -1

_DUPLICATE = 46

_REQUEST = struct.Struct(">hhi")
_NAME = struct.Struct(">h")
_KNOWN = {PRODUCE: ProduceResponse, FETCH: FetchResponse}


class Request(NamedTuple):
    """The head of a request."""

    api_key: int
    version: int
    correlation: int
    client_id: str


def request_of(content: bytes) -> Request:
    """Return the head of a request; raise ValueError where there is none."""
    try:
        api_key, version, correlation = _REQUEST.unpack_from(content)
        (size,) = _NAME.unpack_from(content, _REQUEST.size)
    except struct.error as error:
        msg = f"expected a request, was {content[:20]!r}"
        raise ValueError(msg) from error
    start = _REQUEST.size + _NAME.size
    name = content[start : start + size].decode(errors="replace") if size > 0 else ""
    return Request(api_key, version, correlation, name)


def ends_told(
    request: Request, answer: bytes, names: Mapping[str, str]
) -> dict[tuple[str, int], int]:
    """Return, by topic and partition, which offsets have to be kept before the client hears it.

    `names` are the journaled topics by id. Of a produced batch that is its first one: a batch is
    kept as a whole. Of one that was sent again it is UNKNOWN: its first answer was not heard.
    """
    if not any(name.encode() in answer for name in names.values()) and not any(
        _raw(topic_id) in answer for topic_id in names
    ):
        return {}
    found: Any = _KNOWN[request.api_key].decode(
        answer, version=request.version, header=True, framed=False
    )
    ends = {}
    for topic in found.responses:
        name = _name_of(topic, names)
        if name is None:
            continue
        for partition, end in _ends(request.api_key, topic):
            ends[name, partition] = end
    return ends


def _ends(api_key: int, topic: Any) -> "list[tuple[int, int]]":
    if api_key == PRODUCE:
        told = [
            (each.index, UNKNOWN if each.error_code == _DUPLICATE else each.base_offset + 1)
            for each in topic.partition_responses
        ]
    else:
        told = [
            (each.partition_index, each.high_watermark) for each in topic.partitions if each.records
        ]
    return [(partition, end) for partition, end in told if end]


def _name_of(topic: Any, names: Mapping[str, str]) -> str | None:
    name = getattr(topic, "name", None) or getattr(topic, "topic", None)
    if name:
        return name if name in names.values() else None
    return names.get(str(topic.topic_id))


def _raw(topic_id: str) -> bytes:
    return bytes.fromhex(topic_id.replace("-", ""))
