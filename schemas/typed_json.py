"""A JSON value as the type that an Avro schema gives it, or the reason why it is none."""

from typing import Any

import orjson

from schemas.errors import DecodeError


def typed(name: str, value: Any, schema: Any) -> Any:
    """Return the value of a field; raise DecodeError naming it."""
    if isinstance(schema, list):
        return None if value is None else typed(name, value, schema[1])
    if isinstance(schema, dict) and schema["type"] == "map":
        if not isinstance(value, dict):
            raise _mismatch(name, "an object", value)
        return {key: typed(f"{name}.{key}", each, schema["values"]) for key, each in value.items()}
    return _scalar(name, value, schema)


def _scalar(name: str, value: Any, schema: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match schema:
        case "string" if isinstance(value, str):
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "double" if is_number:
            return float(value)
        case "int" | "long" if is_number and float(value).is_integer():
            limit = 2**31 if schema == "int" else 2**63
            if -limit <= value < limit:
                return int(value)
    raise _mismatch(name, schema, value)


def _mismatch(name: str, wanted: str, value: Any) -> DecodeError:
    # A container may be nested deeper than repr can follow.
    was = type(value).__name__ if isinstance(value, list | dict) else f"{value!r:.80}"
    return DecodeError(f"{name:.80}: expected {wanted}, was {was}", error_class="WrongType")


def own_json(element: Any) -> bytes | None:
    """Return the JSON of an element of a list, for its dead letter."""
    try:
        return orjson.dumps(element)
    except orjson.JSONEncodeError:
        # Nested deeper than can be written: the dead letter then holds the whole record.
        return None
