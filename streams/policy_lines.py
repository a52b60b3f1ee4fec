"""On which line of a TOML text each value stands: tomllib tells it of bad syntax alone."""

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from itertools import accumulate
from typing import TypeAlias

# The keys and positions that lead to a value: ("version", 0, "check", 2, "required").
KeyPath: TypeAlias = tuple[str | int, ...]

_NO_STATEMENT = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")


class Lines:
    """The lines of a text that tomllib has read without complaint.

    Of a text that is not TOML, they are those up to where it is not.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = list(accumulate((len(each) + 1 for each in text.split("\n")), initial=0))
        self._last: dict[KeyPath, int] = {}
        self._lines: dict[KeyPath, int] = {(): 1}
        with suppress(LookupError):
            self._document()

    def of(self, path: KeyPath) -> int:
        """Return the line of a value's key, of a table's header, or of what holds them."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _document(self) -> None:
        table: KeyPath = ()
        self._skip(_NO_STATEMENT)
        while self._at < len(self._text):
            if self._take("[["):
                table = self._array_table()
            elif self._take("["):
                table = self._header()
                self._take("]")
            else:
                self._pair(table)
            self._skip(_NO_STATEMENT)

    def _array_table(self) -> KeyPath:
        line = self._line()
        array = self._header()
        self._take("]]")
        self._last[array] = self._last.get(array, -1) + 1
        table = (*array, self._last[array])
        self._lines[table] = line
        return table

    def _header(self) -> KeyPath:
        """Return the path of a header; within an array of tables it means the last one."""
        path: KeyPath = ()
        line = self._line()
        for key in self._keys():
            if path in self._last:
                path = (*path, self._last[path])
            path = (*path, key)
            self._lines.setdefault(path, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        path, line = table, self._line()
        for key in self._keys():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._take("=")
        self._value(path)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._take("."):
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip(_SPACE)
        if self._text[self._at] in "\"'":
            return str(tomllib.loads(f"key = {self._skip(_STRING)}")["key"])
        return self._skip(_BARE_KEY)

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACE)
        if self._take("["):
            self._items(path)
        elif self._take("{"):
            self._skip(_NO_STATEMENT)
            while not self._take("}"):
                self._pair(path)
                self._comma()
        else:
            self._skip(_STRING if self._text[self._at] in "\"'" else _SCALAR)

    def _items(self, array: KeyPath) -> None:
        at = 0
        self._skip(_NO_STATEMENT)
        while not self._take("]"):
            self._lines[(*array, at)] = self._line()
            self._value((*array, at))
            self._comma()
            at += 1

    def _comma(self) -> None:
        self._skip(_NO_STATEMENT)
        self._take(",")
        self._skip(_NO_STATEMENT)

    def _take(self, mark: str) -> bool:
        self._skip(_SPACE)
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) * found
        return found

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            msg = f"line {self._line()}: expected {pattern.pattern}"
            raise LookupError(msg)
        self._at = found.end()
        return found.group()

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
