"""PURE: names as small whole numbers, so that columns of them can be compared and added up."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np

from sinks.prices import Ints

T = TypeVar("T", bound=Hashable)


class Codes(Generic[T]):
    """Gives each name a number, in the order in which they come; never forgets one."""

    def __init__(self) -> None:
        self._codes: _Numbers[T] = _Numbers()

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def names(self) -> list[T]:
        """Return the names, each at the place of its number."""
        return self._codes.names

    def column(self, names: Iterable[T], count: int) -> Ints:
        """Return the number of each of so many names."""
        return np.fromiter(map(self._codes.__getitem__, names), dtype=np.int64, count=count)


class _Numbers(dict[T, int]):
    """A name that is not there yet gets the next number: found by one look-up, in C."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[T] = []

    def __missing__(self, name: T) -> int:
        found = self[name] = len(self)
        self.names.append(name)
        return found


class Codebook:
    """All names of a book.

    Claims are (data class, source, model, version, action, horizon), eras (calendar, sessions
    of a year), clocks (era, entry's index, entry's session).
    """

    def __init__(self) -> None:
        self.claims: Codes[tuple[str, str, str, str, str, int]] = Codes()
        self.tickers: Codes[tuple[str, str]] = Codes()
        self.eras: Codes[tuple[str, int]] = Codes()
        self.clocks: Codes[tuple[int, int | None, str | None]] = Codes()
        self.policies: Codes[str] = Codes()
        self.stale: Codes[int] = Codes()
