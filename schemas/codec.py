"""Records to bytes on the wire and back; strict, and the only user of the Avro library.

Out: Avro single-object encoding (`C3 01`, 8-byte CRC-64-AVRO fingerprint
little-endian, body). In, on the four inbound topics: the same, or JSON of the
same schema, an object or a list of objects.
"""

import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias, TypeVar, cast

import fastavro
import orjson

from schemas import records
from schemas.errors import DecodeError
from schemas.rules import CHECKS
from schemas.signal_codec import read_signal, signal_body
from schemas.typed_json import own_json, typed
from schemas.writing import Write, writer_of

MARKER = b"\xc3\x01"
MAX_RECORD_BYTES = 1_000_000
JSON_SPACE = b" \t\r\n"
HEADER_BYTES = 10

T = TypeVar("T")
Element: TypeAlias = tuple[int | None, records.Record | DecodeError]

_RECORDS: dict[str, type] = {
    "signal": records.Signal,
    "tick": records.Tick,
    "tick_batch": records.TickBatch,
    "corporate_action": records.CorporateAction,
    "decision": records.Decision,
    "session_bar": records.SessionBar,
    "observations": records.Observations,
    "signal_state": records.SignalState,
    "validation_event": records.ValidationEvent,
    "policy_version": records.PolicyVersion,
    "dead_letter": records.DeadLetter,
}
# logs hold them; what they lack is its default
_OLD = {"session_bar": ("old/session_bar.v1",), "dead_letter": ("old/dead_letter.v1",)}

_NESTED: dict[tuple[str, str], type] = {
    ("Observations", "elements"): records.Observation,
    ("SignalState", "payload"): records.Signal,
    ("SignalState", "screen"): records.Screen,
    ("SignalState", "verdict"): records.Verdict,
    ("SignalState", "transitions"): records.Transition,
    ("SignalState", "decisions"): records.AppliedDecision,
    ("SignalState", "quarantined"): records.Quarantined,
    ("Screen", "checks"): records.Check,
    ("Verdict", "checks"): records.Check,
    ("ValidationEvent", "checks"): records.Check,
    ("DeadLetter", "headers"): records.RecordHeader,
}


def encode(record: records.Record) -> bytes:
    """Return the record in Avro single-object encoding."""
    name = type(record).__name__
    return header_of(name) + _body_writer(name)(record)


def encode_fields(name: str, content: Mapping[str, Any]) -> bytes:
    """Return plain fields of the named record in Avro single-object encoding."""
    header, schema = _writer(name)
    out = io.BytesIO()
    out.write(header)
    fastavro.schemaless_writer(out, schema, content)
    return out.getvalue()


def encode_body(record: records.Record) -> bytes:
    """Return the Avro body of a record, without header."""
    return _body_writer(type(record).__name__)(record)


def decode_body(cls: type[T], body: bytes) -> T:
    """Return the record of an Avro body that this program wrote."""
    signal = read_signal(body) if cls is records.Signal else None
    if signal is not None:
        return cast(T, signal)
    content: Any = fastavro.schemaless_reader(io.BytesIO(body), _writer(cls.__name__)[1], None)
    found: T = from_fields(cls, content)
    return found


def decode(value: bytes) -> records.Record:
    """Return the record of Avro single-object bytes of a known schema."""
    name, content = decode_fields(value)
    record: records.Record = from_fields(getattr(records, name), content)
    return record


def decode_fields(value: bytes) -> tuple[str, dict[str, Any]]:
    """Return the record's name and plain fields of Avro single-object bytes.

    An `int` may be beyond 32 bits, as the library reads it: whoever uses it checks.
    """
    if value[:2] != MARKER:
        msg = f"neither JSON nor Avro: expected '{{', '[' or the bytes C3 01, was {value[:2]!r}"
        raise DecodeError(msg, error_class="BadAvro")
    fingerprint = value[2:HEADER_BYTES]
    known = _readers().get(fingerprint)
    if known is None:
        msg = f"unknown schema fingerprint {fingerprint.hex()}"
        raise DecodeError(msg, error_class="UnknownSchema")
    name, schema, newest = known
    body = io.BytesIO(value[HEADER_BYTES:])
    try:
        content: Any = fastavro.schemaless_reader(body, schema, newest)
    except (EOFError, ValueError, IndexError, struct.error, OverflowError, MemoryError) as error:
        # without the address of the buffer: the same bytes are refused in the same words
        why = str(error).partition(" from <")[0] or type(error).__name__
        msg = f"{name}: the body does not match its schema: {why}"
        raise DecodeError(msg, error_class="BadAvro") from None
    if body.tell() != len(value) - HEADER_BYTES:
        msg = f"{name}: {len(value) - HEADER_BYTES - body.tell()} bytes too many after the record"
        raise DecodeError(msg, error_class="BadAvro")
    return name, content


def decode_inbound(value: bytes | None, expected: Sequence[type]) -> Iterator[Element]:
    """Yield (index, record or error) for each element of an inbound record.

    The index is None where the record is not a list. `expected` are the record
    types of the topic; the first is the one that JSON is read as.
    """
    if not value:
        yield None, DecodeError("empty value", error_class="EmptyValue")
    elif len(value) > MAX_RECORD_BYTES:
        msg = f"expected at most {MAX_RECORD_BYTES} bytes, was {len(value)}"
        yield None, DecodeError(msg, error_class="TooLarge")
    elif value.lstrip(JSON_SPACE)[:1] in (b"{", b"["):
        yield from _json_elements(value, expected[0])
    else:
        yield None, _avro_element(value, expected)


def to_fields(record: Any) -> dict[str, Any]:
    """Return a record as plain dicts and lists, one level a nested record."""
    return {name: _plain(getattr(record, name)) for name in _field_names(type(record).__name__)}


def from_fields(cls: type, content: Mapping[str, Any]) -> Any:
    """Return the record of plain fields, the inverse of `to_fields`."""
    values = dict(content)
    for name, nested in _nested_of(cls.__name__):
        inner = values.get(name)
        if isinstance(inner, list):
            values[name] = [from_fields(nested, each) for each in inner]
        elif inner is not None:
            values[name] = from_fields(nested, inner)
    return cls(**values)


def from_json_fields(cls: type, content: Any) -> records.Record:
    """Return the checked record of a JSON object; raise DecodeError naming the field."""
    if not isinstance(content, dict):
        msg = f"expected an object, was {type(content).__name__}"
        raise DecodeError(msg, error_class="BadJson")
    types = _json_types(cls)
    for name in content:
        if name not in types:
            msg = f"{name:.80}: unknown field of {cls.__name__}"
            raise DecodeError(msg, error_class="UnknownField")
    values = {}
    for name, (schema, required) in types.items():
        if name in content:
            values[name] = typed(name, content[name], schema)
        elif required:
            msg = f"{name}: missing"
            raise DecodeError(msg, error_class="MissingField")
    return _checked(cls(**values))


def schema_text(name: str) -> str:
    """Return the `.avsc` text of a record, by its file name without the ending."""
    return (files("schemas") / "avsc" / f"{name}.avsc").read_text()


def header_of(class_name: str) -> bytes:
    """Return the ten bytes that the named record begins with: marker and fingerprint."""
    return _writer(class_name)[0]


def schema_names() -> list[str]:
    """Return the file names, without the ending, of all schemas."""
    return list(_RECORDS)


def _json_elements(value: bytes, cls: type) -> Iterator[Element]:
    try:
        content = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        yield None, DecodeError(f"bad JSON: {error}", error_class="BadJson")
        return
    if isinstance(content, list):
        for index, each in enumerate(content):
            element = _json_element(cls, each)
            if isinstance(element, DecodeError):
                element.element = own_json(each)
            yield index, element
    else:
        yield None, _json_element(cls, content)


def _json_element(cls: type, content: Any) -> records.Record | DecodeError:
    try:
        return from_json_fields(cls, content)
    except DecodeError as error:
        return error


def _avro_element(value: bytes, expected: Sequence[type]) -> records.Record | DecodeError:
    try:
        record = decode(value)
        if type(record) not in expected:
            wanted = " or ".join(cls.__name__ for cls in expected)
            msg = f"expected {wanted}, was {type(record).__name__}"
            return DecodeError(msg, error_class="WrongRecord")
        return _checked(record)
    except DecodeError as error:
        return error


def _checked(record: Any) -> records.Record:
    check = CHECKS.get(type(record))
    checked: records.Record = check(record) if check else record
    return checked


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return to_fields(value) if hasattr(value, "__dataclass_fields__") else value


@cache
def _field_names(name: str) -> tuple[str, ...]:
    return tuple(each.name for each in fields(getattr(records, name)))


@cache
def _nested_of(name: str) -> tuple[tuple[str, type], ...]:
    return tuple((field, cls) for (owner, field), cls in _NESTED.items() if owner == name)


@cache
def _parsed(name: str) -> Any:
    return fastavro.parse_schema(json.loads(schema_text(name)))


@cache
def _fingerprint(name: str) -> bytes:
    canonical = fastavro.schema.to_parsing_canonical_form(_parsed(name))
    return bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))


@cache
def _writer(class_name: str) -> tuple[bytes, Any]:
    name = next(key for key, cls in _RECORDS.items() if cls.__name__ == class_name)
    return MARKER + _fingerprint(name), _parsed(name)


@cache
def _body_writer(class_name: str) -> Write:
    name = next(key for key, cls in _RECORDS.items() if cls.__name__ == class_name)
    return signal_body if name == "signal" else writer_of(json.loads(schema_text(name)))


@cache
def _readers() -> dict[bytes, tuple[str, Any, Any]]:
    return {
        _fingerprint(name): (cls.__name__, _parsed(name), newest)
        for key, cls in _RECORDS.items()
        for name, newest in ((key, None), *((old, _parsed(key)) for old in _OLD.get(key, ())))
    }


@cache
def _json_types(cls: type) -> dict[str, tuple[Any, bool]]:
    name = next(key for key, each in _RECORDS.items() if each is cls)
    schema = json.loads(schema_text(name))
    required = {
        each.name
        for each in fields(cls)
        if each.default is MISSING and each.default_factory is MISSING
    }
    return {each["name"]: (each["type"], each["name"] in required) for each in schema["fields"]}
