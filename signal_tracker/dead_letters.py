"""What lies in `dead-letters`: each letter with its place, read in a stream and counted.

A letter is named by where its record, or element, came from. A record that was
published again says in a header which place it first had; a letter of such a
record is the same letter again, whatever its own place is.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeVar

from schemas.codec import decode_fields
from schemas.errors import DecodeError

REPLAY_HEADER = "signal-tracker-replay-of"
# Letters between which a repeat is noticed: the worker sends those of a chunk again after a crash.
WINDOW = 1 << 17

_PLACE = re.compile(
    r"(?P<topic>[\w.-]+)(?:/(?P<p>\d{1,9})/|\[(?P<q>\d{1,9})\]@)(?P<offset>\d{1,18})"
    r"(?:[/#](?P<index>\d{1,9}))?",
    re.ASCII,
)

T = TypeVar("T")


class Place(NamedTuple):
    """Where a record was read, and which element of it."""

    topic: str
    partition: int
    offset: int
    element: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the place of TOPIC/PARTITION/OFFSET[/INDEX], or of a log's TOPIC[P]@OFFSET.

        >>> Place.parse("signals/3/120"), str(Place.parse("ticks[0]@7#2"))
        (Place(topic='signals', partition=3, offset=120, element=None), 'ticks/0/7/2')
        """
        found = _PLACE.fullmatch(text)
        if found is None:
            return None
        index = found["index"]
        partition = int(found["p"] or found["q"] or 0)
        offset = int(found["offset"])
        return cls(found["topic"], partition, offset, None if index is None else int(index))

    @property
    def record(self) -> "Place":
        """Return the place of the whole record."""
        return self._replace(element=None)

    def __str__(self) -> str:
        """Return TOPIC/PARTITION/OFFSET, and the index of an element."""
        whole = f"{self.topic}/{self.partition}/{self.offset}"
        return whole if self.element is None else f"{whole}/{self.element}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter; `replay_of` where its record had been published again."""

    place: Place
    reason: str
    detail: str
    published_ms: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes
    original_size: int
    replay_of: Place | None

    @property
    def origin(self) -> Place:
        """Return the place that the letter first had."""
        return self.replay_of or self.place

    @property
    def is_cut(self) -> bool:
        """Say whether only the beginning of the bytes was kept."""
        return len(self.value) < self.original_size


def letter_of(value: bytes | None) -> Letter:
    """Return the letter of a record of `dead-letters`; raise DecodeError."""
    name, content = decode_fields(value or b"")
    if name != "DeadLetter":
        msg = f"expected DeadLetter, was {name}"
        raise DecodeError(msg, error_class="WrongRecord")
    headers = tuple((each["name"], each["value"]) for each in content["headers"])
    return Letter(
        place=Place(content["topic"], content["partition"], content["offset"], content["index"]),
        reason=content["error_class"],
        detail=content["message"],
        published_ms=content["timestamp_ms"],
        key=content["key"],
        headers=headers,
        value=content["value"],
        original_size=content["original_size"],
        replay_of=_replay_of(headers),
    )


def _replay_of(headers: Iterable[tuple[str, bytes | None]]) -> Place | None:
    told = next((value for name, value in headers if name == REPLAY_HEADER), None)
    return None if told is None else Place.parse(told.decode(errors="replace"))


@dataclass(slots=True, kw_only=True)
class Letters:
    """The letters of some records, each told once; `unreadable` counts what is none."""

    records: Iterable[Any]
    unreadable: int = 0

    def __iter__(self) -> Iterator[Letter]:
        """Yield the letters in the order of the topic."""
        seen = _Window()
        for record in self.records:
            try:
                letter = letter_of(record.value)
            except DecodeError:
                self.unreadable += 1
                continue
            if seen.is_new(letter.place):
                yield letter


class _Window:
    """The places of the last letters: bounded, as a topic can hold any number of them."""

    def __init__(self) -> None:
        self._last: OrderedDict[Place, None] = OrderedDict()

    def is_new(self, place: Place) -> bool:
        if place in self._last:
            self._last.move_to_end(place)
            return False
        self._last[place] = None
        if len(self._last) > WINDOW:
            self._last.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are asked for: all, of a reason, of an origin topic, of some places."""

    reason: str | None = None
    topic: str | None = None
    places: frozenset[Place] = frozenset()

    def has(self, letter: Letter) -> bool:
        """Say whether a letter is asked for; the place of a record names all its elements."""
        if self.reason not in (None, letter.reason) or self.topic not in (None, letter.place.topic):
            return False
        return not self.places or not self.places.isdisjoint(names_of(letter))


def names_of(letter: Letter) -> set[Place]:
    """Return the places that name a letter: its own, and that of its whole record."""
    return {letter.place, letter.place.record}


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a stream of letters adds up to, with the last of them by time of publishing."""

    limit: int
    letters: int = 0
    again: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    by_topic: Counter[str] = field(default_factory=Counter)
    rows: list[Letter] = field(default_factory=list)

    def take(self, letters: Iterable[Letter]) -> Self:
        """Count letters, keeping at most twice the limit of them."""
        for letter in letters:
            self.letters += 1
            self.again += letter.replay_of is not None
            self.by_reason[letter.reason] += 1
            self.by_topic[letter.place.topic] += 1
            self.rows.append(letter)
            if len(self.rows) > 2 * self.limit:
                self._cut()
        self._cut()
        return self

    def _cut(self) -> None:
        self.rows.sort(key=lambda each: (each.published_ms, _order(each.place)))
        del self.rows[: max(len(self.rows) - self.limit, 0)]


def _order(place: Place) -> tuple[str, int, int, int]:
    return *place[:3], -1 if place.element is None else place.element


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts, the greatest first.

    >>> ordered({"a": 1, "c": 2, "b": 2})
    {'b': 2, 'c': 2, 'a': 1}
    """
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
