"""Observations records straight to Avro bytes: many elements of equal width at once.

The bytes are those of `schemas.codec.encode_fields("Observations", ...)`; a session of
hundreds of signals costs a few numpy passes instead of a dict an element.
"""

from binascii import hexlify
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.codec import header_of
from schemas.writing import text, zigzag

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

# The doubles of an element, in the order of the schema.
FLOATS = 6
_DOUBLES = Struct("<6d")
_HASH_BYTES = 32
_ONE_BYTE_K = 64


class Block(NamedTuple):
    """Encoded elements of one width, one behind the other."""

    elements: int
    content: bytes


class About(NamedTuple):
    """Which session of which ticker a record is about."""

    ticker: str
    session: str
    close_ms: int


class Claims(NamedTuple):
    """Whose elements these are: ids, and the bytes of their payload hashes, 32 each."""

    ids: Sequence[str]
    hashes: bytes


def element_head(signal_id: str, payload_hash: str) -> bytes:
    """Return the beginning of an element: whose it is."""
    return text(signal_id) + text(payload_hash)


def element_tail(session: str, k: int, floats: Sequence[float]) -> bytes:
    """Return the rest of an element: the same for all that share a path."""
    return text(session) + zigzag(k) + _DOUBLES.pack(*floats)


def encode_elements(claims: Claims, session: str, k: Ints, floats: Floats) -> Iterator[Block]:
    """Yield the elements of one session, in blocks of equal width.

    `floats` has a row a claim: close, raw and signed return, max drawdown, MAE, MFE.
    """
    joined = "".join(claims.ids)
    wide = k >= _ONE_BYTE_K
    # The usual ids are of one length, and of one byte a letter.
    if joined.isascii() and len(set(map(len, claims.ids))) == 1 and len(set(wide.tolist())) == 1:
        yield _block(joined.encode(), claims.hashes, session, k, floats)
        return
    ids = [each.encode() for each in claims.ids]
    kinds = np.array([len(each) for each in ids], dtype=np.int64) * 2 + wide
    hashes = np.frombuffer(claims.hashes, dtype=np.uint8).reshape(-1, _HASH_BYTES)
    for kind in np.unique(kinds).tolist():
        at = np.flatnonzero(kinds == kind)
        some = b"".join([ids[each] for each in at.tolist()])
        yield _block(some, hashes[at].tobytes(), session, k[at], floats[at])


def _block(ids: bytes, hashes: bytes, session: str, k: Ints, floats: Floats) -> Block:
    """Return elements whose ids have one width, and whose k one number of bytes."""
    count = len(k)
    width = len(ids) // count
    before, label = zigzag(width), text(session)
    hash_head = zigzag(2 * _HASH_BYTES)
    wide = int(k[0]) >= _ONE_BYTE_K
    parts = (
        (len(before), before),
        (width, np.frombuffer(ids, dtype=np.uint8).reshape(count, width)),
        (len(hash_head), hash_head),
        (2 * _HASH_BYTES, np.frombuffer(hexlify(hashes), dtype=np.uint8).reshape(count, -1)),
        (len(label), label),
        (1 + wide, _k_bytes(k, wide=wide)),
        (8 * FLOATS, np.ascontiguousarray(floats, dtype="<f8").view(np.uint8).reshape(count, -1)),
    )
    out = np.empty((count, sum(size for size, _ in parts)), dtype=np.uint8)
    at = 0
    for size, part in parts:
        out[:, at : at + size] = (
            np.frombuffer(part, dtype=np.uint8) if isinstance(part, bytes) else part
        )
        at += size
    return Block(count, out.tobytes())


def _k_bytes(k: Ints, *, wide: bool) -> npt.NDArray[np.uint8]:
    doubled = k * 2
    if not wide:
        return doubled.astype(np.uint8).reshape(-1, 1)
    return np.stack(((doubled & 0x7F) | 0x80, doubled >> 7), axis=1).astype(np.uint8)


def encode_records(
    about: About, blocks: Iterable[Block], epoch: int, limit: int
) -> Iterator[bytes]:
    """Yield the records of a ticker's session, none above `limit` bytes."""
    names = text(about.ticker) + text(about.session)
    head = header_of("Observations") + names + zigzag(about.close_ms)
    tail = b"\0" + zigzag(epoch)
    room = limit - len(head) - len(tail) - 10
    for count, parts in _packed(blocks, room):
        yield b"".join((head, zigzag(count), *parts, tail))


def _packed(blocks: Iterable[Block], room: int) -> Iterator[tuple[int, list[bytes]]]:
    count, size = 0, 0
    parts: list[bytes] = []
    for block in blocks:
        width = len(block.content) // block.elements
        at = 0
        while at < block.elements:
            fits = min(max((room - size) // width, 0), block.elements - at)
            if fits:
                parts.append(block.content[at * width : (at + fits) * width])
                count, size, at = count + fits, size + fits * width, at + fits
            if at < block.elements:
                yield count, parts
                count, size, parts = 0, 0, []
    if count:
        yield count, parts
