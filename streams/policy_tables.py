"""Take the values out of one TOML table; whatever is wrong there is told with its line.

PolicyError      the file cannot be read, or says what a policy cannot be: `FILE:LINE: ...`
UnexpectedError  raised by what converts a value, which knows neither its key nor its line
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from typing import Any, TypeAlias

from streams.policy_lines import KeyPath, Lines

Convert: TypeAlias = Callable[[Any], Any]

MAX_SHOWN = 80
MAX_BITS = 64


class PolicyError(Exception):
    """Say what is wrong with a policy, and where."""


class UnexpectedError(Exception):
    """Say what was expected of a value, and perhaps what may have been meant."""

    def __init__(self, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file."""

    origin: str
    lines: Lines
    path: KeyPath = ()

    @property
    def line(self) -> int:
        """Return the line in the file, from 1."""
        return self.lines.of(self.path)

    def at(self, *keys: str | int) -> "Place":
        """Return the place of a value below."""
        return Place(origin=self.origin, lines=self.lines, path=(*self.path, *keys))

    def error(self, message: str) -> PolicyError:
        """Return the error that something is wrong here."""
        return PolicyError(f"{self.origin}:{self.line}: {message}")


class Table:
    """One TOML table, which has just the keys that it has to have."""

    def __init__(self, content: Mapping[str, Any], place: Place, keys: Collection[str]) -> None:
        self.place = place
        self._content = content
        for key in content:
            if key not in keys:
                named = key if key.isprintable() else repr(key)
                hint = meant(key, keys) or f"expected {', '.join(keys)}"
                msg = f"{named}: unknown key; {hint}"
                raise place.at(key).error(msg)
        for key in keys:
            if key not in content:
                msg = f"{key}: missing"
                raise place.error(msg)

    def take(self, key: str, convert: Convert) -> Any:
        """Return a value as `convert` makes it."""
        return _converted(key, self._content[key], convert, self.place.at(key))

    def each(self, key: str, convert: Convert) -> list[Any]:
        """Return the items of a list, each as `convert` makes it."""
        items = self.take(key, _list)
        return [
            _converted(key, item, convert, self.place.at(key, at)) for at, item in enumerate(items)
        ]

    def table(self, key: str, keys: Collection[str]) -> "Table":
        """Return a table below."""
        return Table(self.take(key, _table), self.place.at(key), keys)

    def tables(self, key: str, keys: Collection[str]) -> "list[Table]":
        """Return the tables of a list."""
        found = self.take(key, _tables)
        return [Table(each, self.place.at(key, at), keys) for at, each in enumerate(found)]


def meant(word: object, words: Collection[str]) -> str:
    """Return the question whether a like word was meant; nothing where there is none.

    >>> meant("jmup_guard", ["hold_band", "jump_guard"])
    'did you mean jump_guard?'
    """
    found = get_close_matches(word, words, 1) if isinstance(word, str) else []
    return f"did you mean {found[0]}?" if found else ""


def _converted(key: str, value: Any, convert: Convert, place: Place) -> Any:
    try:
        return convert(value)
    except UnexpectedError as error:
        hint = f"; {error.hint}" if error.hint else ""
        msg = f"{key}: expected {error.expected}, was {_shown(value)}{hint}"
        raise place.error(msg) from None


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() if value.bit_length() > MAX_BITS:
            return f"a number of {value.bit_length()} bits"
        case date() | time():
            return value.isoformat()
        case dict():
            return "a table"
        case [dict(), *_]:
            return "a list of tables"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        expected = "a list"
        raise UnexpectedError(expected)
    return value


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        expected = "a table"
        raise UnexpectedError(expected)
    return value


def _tables(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        expected = "a list of tables"
        raise UnexpectedError(expected)
    return value
