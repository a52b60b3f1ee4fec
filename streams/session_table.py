"""The sessions of the usual calendars as a packaged table: a start does not build them.

`python -m streams.session_table` writes it anew from exchange_calendars; a test
holds that it says what the locked version of the library says.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from streams.domain.calendar import Ints, SessionCalendar

TABLE = "sessions.npz"
PACKAGED = ("XNYS", "24/7")
LIBRARY = "exchange-calendars"

_DAY_MINUTES = 24 * 60
_MINUTE_MS = 60_000

# one row a session: days since the one before, minutes to its open, minutes it is open
Rows: TypeAlias = npt.NDArray[np.int16]


def packaged_bounds(name: str) -> tuple[Ints, Ints, Ints] | None:
    """Return days, opens and closes of a calendar, None where the table has it not."""
    return _bounds(_rows(name)) if name in PACKAGED else None


def packaged_version() -> str:
    """Return the version of the library that the table was made with."""
    return str(_rows("library"))


def pack(calendar: SessionCalendar) -> Rows:
    """Return a calendar as rows; the inverse of what `packaged_bounds` gives."""
    day_ms = calendar.days * _DAY_MINUTES * _MINUTE_MS
    columns = (
        np.diff(calendar.days, prepend=0),
        (calendar.open_ms - day_ms) // _MINUTE_MS,
        (calendar.close_ms - calendar.open_ms) // _MINUTE_MS,
    )
    rows: Rows = np.stack(columns, axis=1).astype(np.int16)
    bounds = (calendar.days, calendar.open_ms, calendar.close_ms)
    if not all(map(np.array_equal, _bounds(rows), bounds)):
        msg = f"{calendar.name}: expected sessions of whole minutes"
        raise ValueError(msg)
    return rows


def write_table(path: Path) -> None:
    """Write the table from the library that is installed."""
    from importlib.metadata import version

    from streams.sessions import library_calendar

    rows = {name: pack(library_calendar(name)) for name in PACKAGED}
    np.savez_compressed(path, allow_pickle=False, library=np.array(version(LIBRARY)), **rows)


def _bounds(rows: Rows) -> tuple[Ints, Ints, Ints]:
    step, opening, length = rows.T.astype(np.int64)
    days = np.cumsum(step)
    open_ms = (days * _DAY_MINUTES + opening) * _MINUTE_MS
    return days, open_ms, open_ms + length * _MINUTE_MS


@cache
def _rows(name: str) -> Rows:
    with (files("streams") / TABLE).open("rb") as file, np.load(file) as table:
        rows: Rows = table[name]
        return rows


if __name__ == "__main__":
    write_table(Path(__file__).with_name(TABLE))
