"""PURE: the observations of one record as columns, as the sink stores them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The signal ids and payload hashes of a block; equal bytes are equal pairs."""

    ids: bytes
    hashes: bytes
    id_width: int
    hash_width: int

    def pairs(self) -> list[tuple[str, str]]:
        """Return (signal id, payload hash) of each element."""
        return list(
            zip(_cut(self.ids, self.id_width), _cut(self.hashes, self.hash_width), strict=True)
        )


@dataclass(frozen=True, slots=True)
class MixedKeys:
    """The same where ids or hashes are of several lengths."""

    held: tuple[tuple[str, str], ...]

    def pairs(self) -> list[tuple[str, str]]:
        """Return (signal id, payload hash) of each element."""
        return list(self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationBlock:
    """The elements of one record and one session: row i of each column is of element i."""

    ticker: str
    session: str
    day: int
    epoch: int
    keys: Keys | MixedKeys
    k: list[int]
    values: list[list[float]]

    def __len__(self) -> int:
        return len(self.k)


def _cut(joined: bytes, width: int) -> Iterator[str]:
    text = joined.decode("ascii")
    return (text[at : at + width] for at in range(0, len(text), width))
