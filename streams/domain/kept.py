"""What was worked out once and may be asked again: bounded, and forgotten all at once."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(dict[K, V]):
    """A dictionary that begins anew when it is full.

    So a key is looked up at the price of a dictionary. Keys may hold the `id` of a policy, which
    is dear to hash: then the value holds the policy itself, so that no other takes its id.
    """

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        """Keep a value, and no more than there is room for."""
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, value)
