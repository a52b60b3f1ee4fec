"""PURE: readers of Avro records, written out field by field from their schema.

A call a field and a look at its type cost more than to read it. What is not of the
usual shape raises one of `UNREADABLE`, and is left to the general decoder.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from schemas.reading import MORE, read_long

# A value and where the next one begins.
Read: TypeAlias = Callable[[bytes, int], tuple[Any, int]]

UNREADABLE = (IndexError, TypeError, KeyError, UnicodeDecodeError, struct.error)
SOME = 2
MS_BYTES = 6
KEPT = 100_000
# So many fields in a row that may be null are looked at together.
_RUN = 4
_double = struct.Struct("<d").unpack_from
_times: dict[bytes, int] = {}


def reader_of(schema: Mapping[str, Any], own: Mapping[str, Read]) -> Read:
    """Return what reads a record of a parsed JSON schema as a dictionary.

    The fields named in `own` are read by the functions given; those of a record
    within it are dictionaries, and of the same rules.
    """
    names = {f"own_{name}": read for name, read in own.items()}
    scope: dict[str, Any] = {
        **names,
        "double": _double,
        "long": read_long,
        "text": read_text,
        "ms": read_ms,
    }
    scope["times"] = _times
    fields, shown = _fields(schema["fields"], own, "x")
    lines = ["def read(v, p):", *_indented(fields), f" return {shown}, p"]
    # Our own schemas are all that is written into it.
    exec("\n".join(lines), scope)  # noqa: S102
    found: Read = scope["read"]
    return found


def read_text(value: bytes, at: int) -> tuple[str, int]:
    """Return a text of any length; IndexError where it is not whole."""
    size, at = read_long(value, at)
    if not 0 <= size <= len(value) - at:
        raise IndexError
    return value[at : at + size].decode(), at + size


def read_ms(value: bytes, at: int) -> tuple[int, int]:
    """Return a time; one of these centuries has six bytes, and many records have the same."""
    found = _times.get(value[at : at + MS_BYTES])
    if found is not None:
        return found, at + MS_BYTES
    found, end = read_long(value, at)
    if end == at + MS_BYTES:
        if len(_times) > KEPT:
            _times.clear()
        _times[value[at:end]] = found
    return found, end


def _fields(
    fields: Sequence[Mapping[str, Any]], own: Mapping[str, Read], var: str
) -> tuple[list[str], str]:
    # The lines that read the fields, and the expression of the dictionary of them.
    lines: list[str] = []
    shown: list[str] = []
    run: list[tuple[str, list[str]]] = []
    for number, field in enumerate(fields):
        name = f"{var}{number}"
        found, expression = _value(field["name"], field["type"], own, name)
        shown.append(f"{field['name']!r}: {expression}")
        if isinstance(field["type"], list):
            run.append((name, found))
            continue
        lines += [*_nulls(run), *found]
        run = []
    return [*lines, *_nulls(run)], f"{{{', '.join(shown)}}}"


def _nulls(run: list[tuple[str, list[str]]]) -> list[str]:
    one_by_one = [line for _, lines in run for line in lines]
    if len(run) < _RUN:
        return one_by_one
    names = " = ".join(name for name, _ in run)
    size = len(run)
    return [
        f"if v[p:p + {size}] == {bytes(size)!r}:",
        f" {names} = None",
        f" p += {size}",
        "else:",
        *_indented(one_by_one),
    ]


def _value(name: str, kind: Any, own: Mapping[str, Read], var: str) -> tuple[list[str], str]:
    if isinstance(kind, list):
        some, shown = _value(name, kind[1], own, var)
        assigned = [] if shown == var else [f"{var} = {shown}"]
        return [
            "t = v[p]",
            "p += 1",
            "if t == 0:",
            f" {var} = None",
            f"elif t == {SOME}:",
            *_indented([*some, *assigned]),
            "else:",
            " raise IndexError",
        ], var
    if name in own:
        return [f"{var}, p = own_{name}(v, p)"], var
    if isinstance(kind, dict) and kind["type"] == "record":
        return _fields(kind["fields"], own, f"{var}_")
    return [line.format(x=var) for line in _PRIMITIVES[kind]], var


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (f" {line}" for line in lines)


# A byte below 128 is a whole number of its own, and the length of a short text if it is even.
_PRIMITIVES = {
    "string": (
        "n = v[p]",
        f"if n & {MORE | 1}:",
        " {x}, p = text(v, p)",
        "else:",
        " e = p + 1 + (n >> 1)",
        " {x} = v[p + 1:e].decode()",
        " p = e",
    ),
    "double": ("{x} = double(v, p)[0]", "p += 8"),
    "int": (
        "n = v[p]",
        f"if n < {MORE}:",
        " {x} = (n >> 1) ^ -(n & 1)",
        " p += 1",
        "else:",
        " {x}, p = long(v, p)",
    ),
    "long": (
        "n = v[p]",
        f"if n < {MORE}:",
        " {x} = (n >> 1) ^ -(n & 1)",
        " p += 1",
        "else:",
        f" {{x}} = times.get(v[p:p + {MS_BYTES}])",
        " if {x} is None:",
        "  {x}, p = ms(v, p)",
        " else:",
        f"  p += {MS_BYTES}",
    ),
    "boolean": ("{x} = (False, True)[v[p]]", "p += 1"),
}
