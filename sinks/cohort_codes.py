"""PURE: names as small whole numbers, so that columns of them can be compared and added up."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np

from sinks.prices import Ints

T = TypeVar("T", bound=Hashable)


class Codes(Generic[T]):
    """Gives each name a number, in the order in which they come; never forgets one."""

    def __init__(self) -> None:
        self.names: list[T] = []
        self._codes: dict[T, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: T) -> int:
        """Return the number of a name."""
        found = self._codes.get(name)
        if found is None:
            found = self._codes[name] = len(self.names)
            self.names.append(name)
        return found

    def column(self, names: Iterable[T]) -> Ints:
        """Return the number of each name."""
        held = names if isinstance(names, list) else list(names)
        # In the order of `held`: a set would number them by its own.
        for each in dict.fromkeys(held):
            self.code(each)
        return np.fromiter(map(self._codes.__getitem__, held), dtype=np.int64, count=len(held))


class Codebook:
    """All names of a book: claims are (data class, source, model, version, action, horizon)."""

    def __init__(self) -> None:
        self.claims: Codes[tuple[str, str, str, str, str, int]] = Codes()
        self.tickers: Codes[tuple[str, str]] = Codes()
        self.eras: Codes[tuple[str, int]] = Codes()
        self.clocks: Codes[tuple[int, int, int]] = Codes()
        self.policies: Codes[str] = Codes()
        self.stale: Codes[int] = Codes()
