"""Exchange calendars as the plain session bounds that the domain takes.

From 1980-01-01, or the calendar's own first day, to 2099-12-31, or its own
last: nothing depends on today. The usual two come out of a packaged table, any
other out of exchange_calendars.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from streams.domain.calendar import Ints, SessionCalendar
from streams.session_table import packaged_bounds

FIRST_DAY = "1980-01-01"
LAST_DAY = "2099-12-31"
DEFAULT_CALENDAR = "XNYS"
DEFAULT_SUFFIXES: Mapping[str, str] = {"-USD": "24/7"}

_PERIODS_PER_YEAR = {"24/7": 365}
_TRADING_DAYS = 252


class CalendarError(Exception):
    """Say which calendar is unknown or cannot be loaded."""


class CalendarBook:
    """Which calendar a ticker trades on: by the longest matching suffix."""

    def __init__(
        self,
        suffixes: Mapping[str, str] = DEFAULT_SUFFIXES,
        default: str = DEFAULT_CALENDAR,
    ) -> None:
        self._suffixes = sorted(suffixes.items(), key=lambda each: -len(each[0]))
        self._default = default

    def __call__(self, ticker: str) -> SessionCalendar:
        """Return the calendar of a ticker; raise CalendarError where it cannot be had."""
        return load_calendar(self.name_of(ticker))

    def name_of(self, ticker: str) -> str:
        """Return the name of a ticker's calendar."""
        for suffix, name in self._suffixes:
            if ticker.endswith(suffix):
                return name
        return self._default

    def check(self) -> None:
        """Load every calendar that is named, so that a wrong one shows at the start."""
        for name in {self._default, *(name for _, name in self._suffixes)}:
            load_calendar(name)


@cache
def load_calendar(name: str) -> SessionCalendar:
    """Return the sessions of an exchange calendar."""
    bounds = packaged_bounds(name)
    return library_calendar(name) if bounds is None else _calendar(name, *bounds)


def library_calendar(name: str) -> SessionCalendar:
    """Return the sessions of an exchange calendar as the library builds them."""
    # The library takes a third of a second to import, and XNYS as long again to build.
    from exchange_calendars import errors, get_calendar

    try:
        calendar = _widest(name, get_calendar)
    except errors.InvalidCalendarName:
        msg = f"unknown calendar {name!r}"
        raise CalendarError(msg) from None
    except ValueError as error:
        msg = f"calendar {name!r} cannot be loaded: {error}"
        raise CalendarError(msg) from None
    return _calendar(
        name,
        calendar.sessions.values.astype("datetime64[D]").astype(np.int64),
        _ms(calendar.opens.values),
        _ms(calendar.closes.values),
    )


def _calendar(name: str, days: Ints, open_ms: Ints, close_ms: Ints) -> SessionCalendar:
    return SessionCalendar(
        name=name,
        periods_per_year=_PERIODS_PER_YEAR.get(name, _TRADING_DAYS),
        days=days,
        open_ms=open_ms,
        close_ms=close_ms,
    )


def _widest(name: str, get_calendar: Any) -> Any:
    """Return the calendar over the widest span that it allows."""
    first, last = FIRST_DAY, LAST_DAY
    kind = type(get_calendar(name))
    low, high = kind.bound_min(), kind.bound_max()
    if low is not None:
        first = max(first, f"{low:%Y-%m-%d}")
    if high is not None:
        last = min(last, f"{high:%Y-%m-%d}")
    return get_calendar(name, start=first, end=last)


def _ms(values: Any) -> Ints:
    found: Ints = values.astype("datetime64[ms]").astype(np.int64)
    return found
