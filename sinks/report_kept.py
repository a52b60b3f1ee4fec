"""PURE: the text of each part of a report, kept while the part stays what it is."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Part = TypeVar("Part")
Text = TypeVar("Text")


class Kept(Generic[Part, Text]):
    """What was made of each part; made again where a part is another object."""

    def __init__(self, make: Callable[[Part], Text]) -> None:
        self._make = make
        # By the identity of the part, which is kept alive here.
        self._held: dict[int, tuple[Part, Text]] = {}

    def of(self, parts: Iterable[Part]) -> list[Text]:
        """Return the text of each of these, and forget all others."""
        before, self._held = self._held, {}
        held, make, found = self._held, self._make, []
        for each in parts:
            one = held[id(each)] = before.get(id(each)) or (each, make(each))
            found.append(one[1])
        return found
