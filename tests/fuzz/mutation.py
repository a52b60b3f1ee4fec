"""Inputs made of other inputs: the same ones for the same seed.

A form knows the structure of what it changes (Avro records, JSON, lines of text), so
that most of what it makes gets past the first check; one in a few is changed as bytes alone.
"""

import json
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeAlias

from schemas.codec import decode_fields, encode_fields
from schemas.errors import DecodeError

Mutate: TypeAlias = Callable[[Random, bytes, bytes], bytes]

HEADER = 10
MAX_BYTES = 20_000

_INTS = (
    *(0, 1, -1, 2, 63, 64, 127, 128, 255, 256, 400, 401, 8191, 8192, 65535, 65536, 86_400_000),
    *(2**31 - 1, 2**31, -(2**31), 2**32, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(315_532_799_999, 315_532_800_000, 1_704_207_600_000, 4_102_444_799_999, 4_102_444_800_000),
)
_HUGE = (2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 10**5000)
_FLOATS = (
    *(0.0, -0.0, 1.0, 1e-320, 5e-324, 1e-101, 1e-100, 1e100, 1.0000000000000002e100, 1e308, 1e16),
    *(float("nan"), float("inf"), float("-inf"), 0.1, -1.5, 1.7976931348623157e308, 29.999999),
)
_TEXTS = (
    *("", " ", "\0", "a\0b", "|", "AAPL", "BTC-USD", "é", "買い", "\U0001f4c8", "\u202e", "\ufeff"),
    *("\u017fell", "ß", "BUY", "buy", "2024-01-02", "2024-02-30", "1979-12-31", "2099-12-31"),
    *("2100-01-01", "20240102", "2024-W01-2", "0000-00-00", "2024-01-02T00:00:00Z", "NaN", "null"),
    *("x" * 64, "x" * 65, "x" * 200, "x" * 201, "x" * 1001, "=1+1", '"', "'", "\r\n", "\x1b[31m"),
    *("\u2028", "é" * 64, "a\u0301", "1e400", "-Infinity", "9" * 400, "0x10", "1_000", "٣"),
)
_LONE = ("\ud800", "a\udfffb")
_BYTES = (b"", b"\0", b"\xff" * 10, b"\x80" * 12, b"\xc3\x01", b"{", b"[", b"\xef\xbb\xbf", b'"')


def varint(value: int) -> bytes:
    """Return a zigzag number as Avro and Kafka write it, of any size."""
    left = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _long(rng: Random) -> int:
    return rng.choice(_INTS) if rng.random() < 0.8 else rng.getrandbits(64) - 2**63


def mutate_bytes(rng: Random, value: bytes, other: bytes, first: int = 0) -> bytes:
    """Return bytes changed at one to three places from `first` on."""
    found = bytearray(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randint(min(first, len(found)), len(found))
        end = min(len(found), at + rng.choice((1, 1, 2, 4, 8, 16)))
        match rng.randrange(12):
            case 0 | 1 if at < len(found):
                found[at] ^= 1 << rng.randrange(8)
            case 2 if at < len(found):
                found[at] = rng.choice((0, 1, 2, 3, 0x7F, 0x80, 0x81, 0xFF, rng.randrange(256)))
            case 3:
                del found[at:end]
            case 4:
                found[at:at] = found[at:end] * rng.choice((1, 2, 30))
            case 5:
                found[at:end] = varint(_long(rng))
            case 6:
                found[at : at + 8] = struct.pack("<d", rng.choice(_FLOATS))
            case 7:
                found[at : at + 8] = struct.pack("<q", _long(rng))
            case 8:
                found[at:at] = rng.choice(_BYTES)
            case 9:
                cut = rng.randint(0, len(other))
                found[at:] = other[cut:]
            case 10:
                found[at:at] = rng.choice(_TEXTS).encode()
            case _:
                del found[at:]
    return bytes(found[:MAX_BYTES])


def mutate_json(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return JSON with some values changed; of what is no JSON, other bytes."""
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return mutate_bytes(rng, value, other)
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = _changed(rng, content)
    if rng.random() < 0.1:
        content = [content] * rng.randrange(3)
    try:
        text = json.dumps(content, ensure_ascii=rng.random() < 0.5)
    except (ValueError, RecursionError):
        return mutate_bytes(rng, value, other)
    found = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(rng, found, other) if rng.random() < 0.15 else found[:MAX_BYTES]


def mutate_json_lines(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return JSON lines with one changed, or changed as text."""
    lines = value.split(b"\n")
    if rng.random() < 0.3:
        return mutate_lines(rng, value, other)
    at = rng.randrange(len(lines))
    lines[at] = mutate_json(rng, lines[at], other)
    return b"\n".join(lines)[:MAX_BYTES]


def mutate_avro(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return a record with some fields changed, or with other bytes behind its header."""
    if rng.random() < 0.5:
        try:
            name, content = decode_fields(value)
            for _ in range(rng.choice((1, 1, 2, 3))):
                content = _changed(rng, content, keep=True)
            return encode_fields(name, content)[:MAX_BYTES]
        except (DecodeError, TypeError, ValueError, AttributeError, struct.error, KeyError):
            pass
    return mutate_bytes(rng, value, other, HEADER if rng.random() < 0.95 else 0)


def mutate_either(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return a record changed as what it is: JSON or Avro."""
    return (mutate_avro if value[:1] == b"\xc3" else mutate_json)(rng, value, other)


def mutate_lines(rng: Random, value: bytes, other: bytes) -> bytes:
    """Return text with a cell, a word or a line changed."""
    if rng.random() < 0.25:
        return mutate_bytes(rng, value, other)
    lines = value.split(b"\n")
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(lines))
        match rng.randrange(8):
            case 0:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 1 if len(lines) > 1:
                del lines[at]
            case 2:
                to = rng.randrange(len(lines))
                lines[at], lines[to] = lines[to], lines[at]
            case 3:
                lines[at] = rng.choice(other.split(b"\n"))
            case _:
                lines[at] = _recelled(rng, lines[at])
    return b"\n".join(lines)[:MAX_BYTES]


def _recelled(rng: Random, line: bytes) -> bytes:
    mark = rng.choice((b",", b",", b"=", b" ", b"."))
    cells = line.split(mark)
    at = rng.randrange(len(cells))
    match rng.randrange(6):
        case 0:
            cells.insert(at, b"")
        case 1 if len(cells) > 1:
            del cells[at]
        case 2:
            cells[at] = b'"' + cells[at]
        case 3:
            cells[at] = b" " + cells[at] + b"\r"
        case _:
            cells[at] = _scalar(rng).encode("utf-8", "surrogatepass")
    return mark.join(cells)


def _scalar(rng: Random) -> str:
    pick: Any = rng.choice((_INTS, _FLOATS, _TEXTS, _HUGE[:4], _LONE[:1]))
    return str(rng.choice(pick))


def _value(rng: Random) -> Any:  # noqa: PLR0911 - a table of kinds
    match rng.randrange(12):
        case 0 | 1:
            return rng.choice(_INTS)
        case 2 | 3:
            return rng.choice(_FLOATS)
        case 4 | 5:
            return rng.choice(_TEXTS)
        case 6:
            return rng.choice((None, True, False))
        case 7:
            return rng.choice(([], {}, [[]], {"": None}, {"a": float("nan")}))
        case 8:
            return rng.choice(_HUGE[:5])
        case 9:
            return rng.choice(_LONE)
        case 10:
            return _nested(rng.choice((3, 100, 900)))
        case _:
            return rng.random()


def _nested(depth: int) -> Any:
    found: Any = 1
    for at in range(depth):
        found = [found] if at % 2 else {"a": found}
    return found


def _alike(rng: Random, value: Any) -> Any:  # noqa: PLR0911 - a table of types
    """Return another value of the same type, as an Avro schema wants it."""
    match value:
        case bool():
            return not value
        case int():
            return rng.choice(_INTS)
        case float():
            return rng.choice(_FLOATS)
        case str():
            return rng.choice(_TEXTS)
        case bytes():
            return mutate_bytes(rng, value, value)
        case list():
            return rng.choice(([], value * 2, value[:1] * rng.choice((1, 3, 70))))
        case None:
            return rng.choice((None, 1, 2.5, "x"))
    return value


def _changed(rng: Random, content: Any, *, keep: bool = False) -> Any:
    """Return the content with one value somewhere in it changed."""
    other = _alike if keep else _other
    if isinstance(content, dict) and content:
        key = rng.choice(list(content))
        inner = content[key]
        deeper = isinstance(inner, dict | list) and inner and rng.random() < 0.7
        new = _changed(rng, inner, keep=keep) if deeper else other(rng, inner)
        found = {**content, key: new}
        if not keep and rng.random() < 0.2:
            del found[key]
            found[rng.choice((key.upper(), f"{key} ", *_TEXTS))] = new
        return found
    if isinstance(content, list) and content:
        at = rng.randrange(len(content))
        return [*content[:at], _changed(rng, content[at], keep=keep), *content[at + 1 :]]
    return other(rng, content)


def _other(rng: Random, _value_before: Any) -> Any:
    return _value(rng)


def pick(rng: Random, pool: Sequence[bytes]) -> bytes:
    """Return one of the inputs, the older ones as likely as the many that came later."""
    return pool[int(rng.random() ** 1.5 * len(pool))]


def scalars() -> tuple[Sequence[int], Sequence[float], Sequence[str]]:
    """Return numbers and texts at the edges of what is allowed."""
    return _INTS, _FLOATS, _TEXTS
