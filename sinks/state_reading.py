"""PURE: SignalState and ValidationEvent bytes to what their rows need, lists as JSON texts.

The same checks and reasons stand in thousands of records: their JSON is kept by their
bytes, which say the same wherever they stand. What is not of the usual shape
(decisions, lists in several blocks) is left to the general decoder, with the same outcome.
"""

from functools import cache, lru_cache
from typing import Any

import orjson

from schemas.codec import header_of, schema_text
from schemas.reading import MORE, read_long
from sinks.generated_reading import KEPT, UNREADABLE, Read, read_ms, read_text, reader_of
from sinks.sink import Fields

_checks: dict[bytes, str] = {}
_statuses: dict[bytes, tuple[str, str]] = {}
_reasons: dict[bytes, tuple[str, str]] = {}


def read_state(value: bytes) -> Fields | None:
    """Return a state as `state_texts` does; None where the general decoder has to look."""
    return _whole(value, *_state())


def read_event(value: bytes) -> Fields | None:
    """Return an event as `event_texts` does; None where the general decoder has to look."""
    return _whole(value, *_event())


def state_texts(state: Fields) -> Fields:
    """Return a decoded state with the JSON of its screen, verdict and transitions."""
    verdict = state["verdict"]
    return {
        **state,
        "screen": to_json(state["screen"]),
        "verdict": None if verdict is None else to_json(verdict),
        "transitions": to_json(state["transitions"]),
    }


def event_texts(event: Fields) -> Fields:
    """Return a decoded event with the JSON of its checks."""
    return {**event, "checks": to_json(event["checks"])}


def to_json(value: Any) -> str:
    """Return JSON of one form, so that equal values are equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _whole(value: bytes, header: bytes, read: Read) -> Fields | None:
    if not value.startswith(header):
        return None
    try:
        found, at = read(value, len(header))
    except UNREADABLE:
        return None
    return found if at == len(value) else None


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
    key, at = read_text(value, at)
    number, at = _number()(value, at)
    return (key, number["number"]), at


def _map(value: bytes, at: int) -> tuple[dict[str, float], int]:
    pairs, at = _many(_pair)(value, at)
    return dict(pairs), at


# In the next three `end` is a guess, right wherever the texts are short: bytes that are held
# were read in full, and no whole values begin with other whole values.
def _check(value: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + (value[at] >> 1)
    end += 9 + (value[end] >> 1)
    end += 9 if value[end] else 1
    end += 1 + (value[end] >> 1)
    end = _after(value, end)
    found = _checks.get(value[at:end])
    if found is None:
        check, end = _record("Check")(value, at)
        found = to_json(check)
        _hold(_checks, value[at:end], found)
    return found, end


def _status(value: bytes, at: int) -> tuple[tuple[str, str], int]:
    end = at + (2 + (value[at + 1] >> 1) if value[at] else 1)
    end += 1 + (value[end] >> 1)
    found = _statuses.get(value[at:end])
    if found is None:
        held, end = _record("Transition", 0, 2)(value, at)
        found = to_json(held["from_status"]), to_json(held["to_status"])
        _hold(_statuses, value[at:end], found)
    return found, end


def _reason(value: bytes, at: int) -> tuple[tuple[str, str], int]:
    end = _after(value, at + (2 + (value[at + 1] >> 1) if value[at] else 1))
    end += 2 + (value[end + 1] >> 1) if value[end] else 1
    found = _reasons.get(value[at:end])
    if found is None:
        held, end = _record("Transition", 3, 6)(value, at)
        reason = f'"reason":{to_json(held["reason"])},"session":{to_json(held["session"])}'
        found = to_json(held["decision_id"]), reason
        _hold(_reasons, value[at:end], found)
    return found, end


def _after(value: bytes, at: int) -> int:
    # The end of a text of up to 8,191 bytes: some reasons are long.
    size = value[at]
    if size < MORE:
        return at + 1 + (size >> 1)
    return at + 2 + ((size - MORE | value[at + 1] << 7) >> 1)


def _transition(value: bytes, at: int) -> tuple[str, int]:
    (before, after), at = _status(value, at)
    ms, at = read_ms(value, at)
    (decision, reason), at = _reason(value, at)
    event, at = read_text(value, at)
    quoted = f'"{event}"' if event.isalnum() else to_json(event)
    start = f'{{"as_of_ms":{ms},"decision_id":{decision},"event_id":{quoted}'
    return f'{start},"from_status":{before},{reason},"to_status":{after}}}', at


def _screen(value: bytes, at: int) -> tuple[str, int]:
    status, at = read_text(value, at)
    checks, at = _listed_checks(value, at)
    reason, at = read_text(value, at)
    return f'{{"checks":{checks},"reason":{_quoted(reason)},"status":{_quoted(status)}}}', at


def _verdict(value: bytes, at: int) -> tuple[str, int]:
    status, at = read_text(value, at)
    checks, at = _listed_checks(value, at)
    session, at = read_text(value, at)
    as_of_ms, at = read_ms(value, at)
    text = f'"session":{_quoted(session)},"status":{_quoted(status)}'
    return f'{{"as_of_ms":{as_of_ms},"checks":{checks},{text}}}', at


def _listed(read: Read) -> Read:
    many = _many(read)

    def of(value: bytes, at: int) -> tuple[str, int]:
        found, at = many(value, at)
        return f"[{','.join(found)}]", at

    return of


@lru_cache(maxsize=1 << 12)
def _quoted(text: str) -> str:
    return to_json(text)


def _hold(held: dict[bytes, Any], piece: bytes, found: Any) -> None:
    if len(held) > KEPT:
        held.clear()
    held[piece] = found


_listed_checks = _listed(_check)
_OWN: dict[str, Read] = {
    "screen": _screen, "verdict": _verdict, "checks": _listed_checks,
    "transitions": _listed(_transition), "decisions": _none_of, "quarantined": _none_of,
    "suspect_sessions": _many(read_text), "indicators": _map,
}  # fmt: skip


@cache
def _state() -> tuple[bytes, Read]:
    return header_of("SignalState"), reader_of(_schemas()["SignalState"], _OWN)


@cache
def _event() -> tuple[bytes, Read]:
    return header_of("ValidationEvent"), reader_of(_schemas()["ValidationEvent"], _OWN)


@cache
def _number() -> Read:
    return reader_of({"fields": [{"name": "number", "type": "double"}]}, {})


@cache
def _record(name: str, first: int = 0, end: int | None = None) -> Read:
    return reader_of({"fields": _schemas()[name]["fields"][first:end]}, {})


@cache
def _schemas() -> dict[str, Any]:
    # By the name of the record.
    found: dict[str, Any] = {}
    for name in ("signal_state", "validation_event"):
        _find(orjson.loads(schema_text(name)), found)
    return found


def _find(schema: Any, found: dict[str, Any]) -> None:
    for each in schema if isinstance(schema, list) else [schema]:
        if not isinstance(each, dict):
            continue
        if each["type"] == "array":
            _find(each["items"], found)
        elif each["type"] == "record":
            found[each["name"]] = each
            for field in each["fields"]:
                _find(field["type"], found)
