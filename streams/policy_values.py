"""What the values of a policy file may be; each raises `UnexpectedError` for what they may not."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.rules import MAX_EVENT_MS, MIN_EVENT_MS, is_ticker
from streams.policy_tables import Convert, UnexpectedError, meant

MAX_NAME = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# fromisoformat alone takes 20240102 and 2024-W01-2 too.
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?")


def name(value: Any) -> str:
    """Return a name that a report can hold in one line."""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= MAX_NAME:
        expected = f"a text of 1 to {MAX_NAME} printable characters"
        raise UnexpectedError(expected)
    return value


def ticker(value: Any) -> str:
    """Return a ticker."""
    if not isinstance(value, str) or not is_ticker(value):
        expected = "a ticker: 1 to 64 characters without space or '|'"
        raise UnexpectedError(expected)
    return value


def flag(value: Any) -> bool:
    """Return a truth value."""
    if not isinstance(value, bool):
        expected = "true or false"
        raise UnexpectedError(expected)
    return value


def moment_ms(value: Any) -> int:
    """Return the milliseconds of a date's midnight or of a time, as text or as TOML's own."""
    moment = _moment(value)
    if moment is not None:
        found = (moment - _EPOCH) // timedelta(milliseconds=1)
        if MIN_EVENT_MS <= found < MAX_EVENT_MS:
            return found
    expected = "a date (midnight UTC) or a time with its offset, from 1980 to 2099"
    raise UnexpectedError(expected)


def whole(low: int, high: int) -> Convert:
    """Return what takes whole numbers of a range; 30.0 is one."""

    def convert(value: Any) -> int:
        if not _within(low, value, high) or value != int(value):
            expected = f"a whole number from {low} to {high}"
            raise UnexpectedError(expected)
        return int(value)

    return convert


def number(low: float, high: float) -> Convert:
    """Return what takes numbers of a range, both ends included."""

    def convert(value: Any) -> float:
        if not _within(low, value, high):
            expected = f"a number from {low:.15g} to {high:.15g}"
            raise UnexpectedError(expected)
        return float(value) + 0.0

    return convert


def one_of(words: Collection[str]) -> Convert:
    """Return what takes one of some words."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            expected = f"one of {', '.join(words)}"
            raise UnexpectedError(expected, meant(value, words))
        return value

    return convert


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            date_alone = len(value) == len("YYYY-MM-DD")
            value = date.fromisoformat(value) if date_alone else datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _within(low: float, value: Any, high: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and bool(low <= value <= high)
