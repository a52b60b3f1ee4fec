"""The bytes of a journal: frames with length and checksums, records packed in them.

A frame that was being written when its process was killed is told apart from one
that was damaged later: only what stands at the very end, with no whole frame
after it, can be unfinished. Pure: bytes in, bytes out.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

Headers: TypeAlias = tuple[tuple[str, bytes | None], ...]

MAGIC = b"STJ1"
MAX_PAYLOAD = 1 << 28

_FRAME = struct.Struct("<4sIII")
_RECORD = struct.Struct("<BiqqiiH")
_PART = struct.Struct("<i")


class Kept(NamedTuple):
    """A record as the journal keeps it; `topic` is its number among the inbound topics."""

    topic: int
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class DamagedError(ValueError):
    """Say where bytes are not what was written."""


def frame(payload: bytes) -> bytes:
    """Return a payload with its length and checksums."""
    head = _FRAME.pack(MAGIC, len(payload), zlib.crc32(payload), 0)[:12]
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def frames(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each whole frame: where it ends, and its payload.

    It ends where bytes are left that are no whole frame: at the end of what it
    yielded. Raise DamagedError where a whole frame stands behind such bytes.
    """
    at = 0
    while at < len(content):
        payload = _payload_at(content, at)
        if payload is None:
            _refuse_whole_frames_behind(content, at)
            return
        at += _FRAME.size + len(payload)
        yield at, payload


def _payload_at(content: bytes, at: int) -> bytes | None:
    if len(content) - at < _FRAME.size:
        return None
    magic, length, checksum, own = _FRAME.unpack_from(content, at)
    if magic != MAGIC or zlib.crc32(content[at : at + 12]) != own or length > MAX_PAYLOAD:
        return None
    payload = content[at + _FRAME.size : at + _FRAME.size + length]
    return payload if len(payload) == length and zlib.crc32(payload) == checksum else None


def _refuse_whole_frames_behind(content: bytes, at: int) -> None:
    found = content.find(MAGIC, at + 1)
    while found >= 0:
        if _payload_at(content, found) is not None:
            msg = f"expected a frame at byte {at}, was something else, with more behind it"
            raise DamagedError(msg)
        found = content.find(MAGIC, found + 1)


def pack(records: Iterable[Kept]) -> bytes:
    """Return records as one payload, compressed."""
    return zlib.compress(b"".join(map(_packed, records)), 1)


def unpack(payload: bytes) -> Iterator[Kept]:
    """Yield the records of a payload; raise DamagedError where it holds something else."""
    try:
        content = zlib.decompress(payload)
        at = 0
        while at < len(content):
            record, at = _record_at(content, at)
            yield record
    except (zlib.error, struct.error, UnicodeDecodeError) as error:
        msg = f"expected packed records, was something else: {error}"
        raise DamagedError(msg) from None


def _packed(record: Kept) -> bytes:
    parts = [record.key, record.value]
    for name, value in record.headers:
        parts += [name.encode(), value]
    return b"".join(
        (
            _RECORD.pack(
                record.topic,
                record.partition,
                record.offset,
                record.timestamp_ms,
                *(-1 if each is None else len(each) for each in parts[:2]),
                len(record.headers),
            ),
            *(_PART.pack(-1 if each is None else len(each)) for each in parts[2:]),
            *(each for each in parts if each is not None),
        )
    )


def _record_at(content: bytes, at: int) -> tuple[Kept, int]:
    topic, partition, offset, timestamp_ms, key, value, count = _RECORD.unpack_from(content, at)
    at += _RECORD.size
    sizes = struct.unpack_from(f"<{2 * count}i", content, at)
    at += struct.calcsize(f"<{2 * count}i")
    parts: list[bytes | None] = []
    for size in (key, value, *sizes):
        if size > len(content) - at:
            msg = "a record goes beyond its frame"
            raise struct.error(msg)
        parts.append(content[at : at + size] if size >= 0 else None)
        at += max(size, 0)
    names = [(each or b"").decode() for each in parts[2::2]]
    headers = tuple(zip(names, parts[3::2], strict=True))
    return Kept(topic, partition, offset, timestamp_ms, parts[0], parts[1], headers), at
