"""Avro bodies of records without the Avro library: one function a schema, put together once.

The bytes are those of the library; a record is read by attribute, so that no dictionary of it
is made.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

Write: TypeAlias = Callable[[Any], bytes]

NULL = b"\0"
_SOME = b"\2"
_END = b"\0"
_LOW, _MORE = 0x7F, 0x80
_SIX_BYTES, _SEVEN_BYTES = 1 << 34, 1 << 41

double: Callable[[float], bytes] = struct.Struct("<d").pack
some_double: Callable[[bytes, float], bytes] = struct.Struct("<cd").pack


def zigzag(value: int) -> bytes:
    r"""Return an Avro int or long.

    >>> zigzag(0), zigzag(-1), zigzag(64)
    (b'\x00', b'\x01', b'\x80\x01')
    """
    if not -(2**63) <= value < 2**63:
        msg = f"expected a whole number of 64 bits, was {value}"
        raise OverflowError(msg)
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > _LOW:
        out.append((rest & _LOW) | _MORE)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def moment(value: int) -> bytes:
    r"""Return an Avro long that is a time in ms, most of which differ.

    >>> moment(1_704_205_800_000) == zigzag(1_704_205_800_000)
    True
    """
    if not _SIX_BYTES <= value < _SEVEN_BYTES:
        return zigzag(value)
    low, high = (value & 0xFFFFF) << 1, value >> 20
    return bytes(
        (
            low & 0x7F | 0x80,
            low >> 7 & 0x7F | 0x80,
            low >> 14 | 0x80,
            high & 0x7F | 0x80,
            high >> 7 & 0x7F | 0x80,
            high >> 14,
        )
    )


# The same few numbers and words stand in every record of a chunk; what is unique is not kept.
number: Callable[[int], bytes] = lru_cache(maxsize=1 << 13)(zigzag)
_LENGTHS = tuple(zigzag(each) for each in range(512))


def text(value: str) -> bytes:
    """Return an Avro string."""
    content = value.encode()
    size = len(content)
    return (_LENGTHS[size] if size < len(_LENGTHS) else zigzag(size)) + content


word: Callable[[str], bytes] = lru_cache(maxsize=1 << 13)(text)


def some(value: float | None) -> bytes:
    """Return an Avro double or null."""
    return NULL if value is None else some_double(_SOME, value)


def some_text(value: str | None) -> bytes:
    """Return an Avro string or null."""
    return NULL if value is None else _SOME + text(value)


def some_word(value: str | None) -> bytes:
    """Return an Avro string or null, of a text that many records have."""
    return NULL if value is None else _SOME + word(value)


def some_number(value: int | None) -> bytes:
    """Return an Avro int, long or null."""
    return NULL if value is None else _SOME + number(value)


def array(items: Sequence[bytes]) -> bytes:
    """Return an Avro array of encoded items."""
    return b"".join((number(len(items)), *items, _END)) if items else _END


def writer_of(schema: Any, named: dict[str, Write] | None = None) -> Write:
    """Return what writes a value of a parsed JSON schema; records are read by attribute."""
    named = {} if named is None else named
    if isinstance(schema, str):
        return _PRIMITIVES[schema] if schema in _PRIMITIVES else named[schema]
    if isinstance(schema, list):
        return _optional(writer_of(schema[1], named))
    match schema["type"]:
        case "record":
            write = named[schema["name"]] = _record(schema, named)
            return write
        case "array":
            item = writer_of(schema["items"], named)
            return lambda values: array([item(each) for each in values])
        case "map":
            return _map(writer_of(schema["values"], named))
        case other:
            return writer_of(other, named)


def _optional(write: Write) -> Write:
    return lambda value: NULL if value is None else _SOME + write(value)


def _map(write: Write) -> Write:
    def of(values: Mapping[str, Any]) -> bytes:
        return array([text(key) + write(each) for key, each in values.items()])

    return of


def _record(schema: Mapping[str, Any], named: dict[str, Write]) -> Write:
    writes = tuple(writer_of(each["type"], named) for each in schema["fields"])
    values = attrgetter(*(each["name"] for each in schema["fields"]))

    def of(record: Any) -> bytes:
        found = values(record)
        return b"".join([write(each) for write, each in zip(writes, found, strict=True)])

    return of


def _bytes(value: bytes) -> bytes:
    return zigzag(len(value)) + value


def boolean(value: bool) -> bytes:
    """Return an Avro boolean."""
    return b"\1" if value else b"\0"


_PRIMITIVES: dict[str, Write] = {
    "string": text,
    "double": double,
    "int": zigzag,
    "long": zigzag,
    "boolean": boolean,
    "bytes": _bytes,
}
