"""PURE: SignalState bytes to what its row needs, without an object a check or a transition.

The same checks stand in thousands of states: their JSON is kept by their bytes.
What is not of the usual shape (long names, decisions, lists in several blocks)
is left to the general decoder, with the same outcome.
"""

import struct
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, TypeAlias

import orjson

from schemas.codec import header_of, schema_text
from schemas.reading import MORE, read_long
from sinks.sink import Fields

# A value and where the next one begins.
Read: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
_Field: TypeAlias = tuple[str, Read, bool]

_SOME = 2
_MS_BYTES = 6
_KEPT = 100_000
# Bytes of a text by its first byte; none for a longer one, which then breaks the sum.
_SIZES = tuple(each >> 1 if each < MORE and each % 2 == 0 else None for each in range(256))
_double = struct.Struct("<d").unpack_from
_checks: dict[bytes, str] = {}
_times: dict[bytes, int] = {}


def read_state(value: bytes) -> Fields | None:
    """Return a state as `with_texts` does; None where the general decoder has to look."""
    if not value.startswith(_header()):
        return None
    try:
        state, at = _record(value, len(_header()), _fields()["SignalState"])
    except (IndexError, TypeError, KeyError, UnicodeDecodeError, struct.error):
        return None
    return state if at == len(value) else None


def with_texts(state: Fields) -> Fields:
    """Return a decoded state with the JSON of its screen, verdict and transitions."""
    verdict = state["verdict"]
    return {
        **state,
        "screen": to_json(state["screen"]),
        "verdict": None if verdict is None else to_json(verdict),
        "transitions": to_json(state["transitions"]),
    }


def to_json(value: Any) -> str:
    """Return JSON of one form, so that equal values are equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _record(value: bytes, at: int, fields: tuple[_Field, ...]) -> tuple[Fields, int]:
    # A missing value and a short text, most of what there is, without a call of their own.
    found: Fields = {}
    for name, read, optional in fields:
        if optional:
            tag = value[at]
            at += 1
            if tag == 0:
                found[name] = None
                continue
            if tag != _SOME:
                raise IndexError
        size = _SIZES[value[at]] if read is _text else None
        if size is None:
            found[name], at = read(value, at)
        else:
            at += 1
            found[name] = value[at : at + size].decode()
            at += size
    return found, at


def _text(value: bytes, at: int) -> tuple[str, int]:
    size: int | None = _SIZES[value[at]]
    if size is None:
        size, at = read_long(value, at)
        if size < 0 or at + size > len(value):
            raise IndexError
    else:
        at += 1
    return value[at : at + size].decode(), at + size


def _number(value: bytes, at: int) -> tuple[float, int]:
    return _double(value, at)[0], at + 8


def _ms(value: bytes, at: int) -> tuple[int, int]:
    # A time of these centuries has six bytes, and many records have the same.
    found = _times.get(value[at : at + _MS_BYTES])
    if found is not None:
        return found, at + _MS_BYTES
    found, end = read_long(value, at)
    if end == at + _MS_BYTES:
        if len(_times) > _KEPT:
            _times.clear()
        _times[value[at:end]] = found
    return found, end


def _flag(value: bytes, at: int) -> tuple[bool, int]:
    return (False, True)[value[at]], at + 1


def _many(read: Read) -> Read:
    def of(value: bytes, at: int) -> tuple[list[Any], int]:
        if value[at] == 0:
            return [], at + 1
        count, at = read_long(value, at)
        found = []
        # A negative count is followed by a size, and a second block by its own count.
        if not 0 < count <= len(value):
            raise IndexError
        for _ in range(count):
            each, at = read(value, at)
            found.append(each)
        if value[at]:
            raise IndexError
        return found, at + 1

    return of


def _none_of(value: bytes, at: int) -> tuple[list[Any], int]:
    if value[at]:
        raise IndexError
    return [], at + 1


def _pair(value: bytes, at: int) -> tuple[tuple[str, float], int]:
    key, at = _text(value, at)
    number, at = _number(value, at)
    return (key, number), at


def _map(value: bytes, at: int) -> tuple[dict[str, float], int]:
    pairs, at = _many(_pair)(value, at)
    return dict(pairs), at


def _check(value: bytes, at: int) -> tuple[str, int]:
    end = at
    end += 1 + _SIZES[value[end]]  # type: ignore[operator]
    end += 9 + _SIZES[value[end]]  # type: ignore[operator]
    tag = value[end]
    if tag not in (0, _SOME):
        raise IndexError
    end += 9 if tag else 1
    end += 1 + _SIZES[value[end]]  # type: ignore[operator]
    size = _SIZES[value[end]]
    if size is None:
        size, end = read_long(value, end)
        end += size
    else:
        end += 1 + size
    piece = value[at:end]
    found = _checks.get(piece)
    if found is None:
        check, read_to = _record(value, at, _fields()["Check"])
        if read_to != end:
            raise IndexError
        if len(_checks) > _KEPT:
            _checks.clear()
        found = _checks[piece] = to_json(check)
    return found, end


def _screen(value: bytes, at: int) -> tuple[str, int]:
    status, at = _text(value, at)
    checks, at = _some_checks(value, at)
    reason, at = _text(value, at)
    return f'{{"checks":[{checks}],"reason":{_quoted(reason)},"status":{_quoted(status)}}}', at


def _verdict(value: bytes, at: int) -> tuple[str, int]:
    status, at = _text(value, at)
    checks, at = _some_checks(value, at)
    session, at = _text(value, at)
    as_of_ms, at = _ms(value, at)
    text = f'"session":{_quoted(session)},"status":{_quoted(status)}'
    return f'{{"as_of_ms":{as_of_ms},"checks":[{checks}],{text}}}', at


def _some_checks(value: bytes, at: int) -> tuple[str, int]:
    checks, at = _many(_check)(value, at)
    return ",".join(checks), at


def _transition(value: bytes, at: int) -> tuple[Fields, int]:
    return _record(value, at, _fields()["Transition"])


def _transitions(value: bytes, at: int) -> tuple[str, int]:
    found, at = _many(_transition)(value, at)
    return to_json(found), at


def _payload(value: bytes, at: int) -> tuple[Fields, int]:
    return _record(value, at, _fields()["Signal"])


@lru_cache(maxsize=1 << 12)
def _quoted(text: str) -> str:
    return to_json(text)


_PRIMITIVES: dict[str, Read] = {
    "string": _text, "double": _number, "int": read_long, "long": _ms, "boolean": _flag,
}  # fmt: skip
_OWN: dict[str, Read] = {
    "payload": _payload, "screen": _screen, "verdict": _verdict,
    "transitions": _transitions, "decisions": _none_of, "quarantined": _none_of,
    "suspect_sessions": _many(_text), "indicators": _map,
}  # fmt: skip


@cache
def _header() -> bytes:
    return header_of("SignalState")


@cache
def _fields() -> dict[str, tuple[_Field, ...]]:
    # By the name of the record, in the order of the schema.
    found: dict[str, tuple[_Field, ...]] = {}
    _find(orjson.loads(schema_text("signal_state")), found)
    return found


def _find(schema: Any, found: dict[str, tuple[_Field, ...]]) -> None:
    for each in schema if isinstance(schema, list) else [schema]:
        if not isinstance(each, dict):
            continue
        if each["type"] == "array":
            _find(each["items"], found)
        elif each["type"] == "record":
            fields = [(field["name"], field["type"]) for field in each["fields"]]
            found[each["name"]] = tuple(_field(name, kind) for name, kind in fields)
            for _, kind in fields:
                _find(kind, found)


def _field(name: str, kind: Any) -> _Field:
    optional = isinstance(kind, list)
    inner = kind[1] if optional else kind
    primitive = _PRIMITIVES.get(inner, _none_of) if isinstance(inner, str) else _none_of
    return name, _OWN.get(name, primitive), optional
