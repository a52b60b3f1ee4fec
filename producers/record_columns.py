"""What a file of records has to have: which columns, and what its rows do not say themselves."""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from producers.errors import InputError

# The times that a file may give in ISO 8601 instead of milliseconds.
_ISO_TIMES = {"generated_at": "generated_at_ms", "decided_at": "decided_at_ms"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """How to read a file of records: what its rows do not say themselves."""

    ticker: str | None = None
    tz: ZoneInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordColumns:
    """The columns that hold records of one class."""

    cls: type[Any]
    options: RowOptions = field(default_factory=RowOptions)

    def check(self, source_name: str, names: Sequence[str]) -> None:
        """Raise InputError where a column is unknown, or one that is required is missing."""
        iso_times, own = iso_times_of(self.cls), fields(self.cls)
        known = {each.name for each in own} | set(iso_times)
        if unknown := [name for name in names if name not in known]:
            told = ", ".join(map(repr, unknown))
            msg = f"{source_name}: unknown column {told} of {self.cls.__name__}"
            raise InputError(msg)
        given = {iso_times.get(name, name) for name in names}
        given |= {"ticker"} if self.options.ticker is not None else set()
        required = [
            each.name for each in own if each.default is MISSING and each.default_factory is MISSING
        ]
        if missing := [name for name in required if name not in given]:
            told = ", ".join(missing)
            msg = f"{source_name}: expected a column {told} for {self.cls.__name__}"
            raise InputError(msg)


def iso_times_of(cls: type[Any]) -> dict[str, str]:
    """Return which ISO time stands for which field of the class."""
    own = {each.name for each in fields(cls)}
    return {iso: name for iso, name in _ISO_TIMES.items() if name in own}
