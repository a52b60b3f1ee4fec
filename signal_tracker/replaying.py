"""Dead letters onto their topics again, as they came, and what becomes of them.

Safe to repeat: a record carries the place of its first letter in a header, so
that its next letter is known as the same one and is not replayed beside it; and
what is accepted twice is the same record twice, which changes nothing. Bytes,
key, headers, partition and Kafka timestamp are those of the first time.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from producers.publishing import Publisher
from schemas.topics import DEAD_LETTERS, INBOUND, prefixed
from signal_tracker import admin
from signal_tracker.dead_letters import (
    REPLAY_HEADER,
    Letter,
    Letters,
    Place,
    Tally,
    Wanted,
    names_of,
)
from signal_tracker.reading import read

Offsets = Mapping[tuple[str, int], int]

_POLL_S = 0.2


@dataclass(slots=True, kw_only=True)
class Replay:
    """One run: what was sent, what was refused, where the topics stood before."""

    prefix: str
    wanted: Wanted
    publisher: Publisher | None
    on_sent: Callable[[Letter], None]
    on_refused: Callable[[Letter, str], None]
    sent: int = 0
    refused: int = 0
    before: int = 0
    again: int | None = None
    missing: set[Place] = field(default_factory=set)

    def take(self, letters: Iterable[Letter]) -> None:
        """Publish the wanted letters; without a publisher only say which they are."""
        self.missing = set(self.wanted.places)
        for letter in letters:
            if not self.wanted.has(letter):
                continue
            if letter.replay_of is not None and not self.wanted.places:
                # The letter that it is a repeat of is in this same topic.
                self.before += 1
                continue
            self.missing -= names_of(letter)
            trouble = self._trouble(letter)
            if trouble:
                self.refused += 1
                self.on_refused(letter, trouble)
            else:
                self.sent += 1
                self.on_sent(letter)
                self._publish(letter)
        if self.publisher is not None:
            self.publisher.flush()

    def _publish(self, letter: Letter) -> None:
        if self.publisher is None:
            return
        others = [each for each in letter.headers if each[0] != REPLAY_HEADER]

        def too_large(reason: str) -> None:
            self.sent -= 1
            self.refused += 1
            self.on_refused(letter, reason)

        self.publisher.publish(
            letter.place.topic,
            letter.key,
            letter.value,
            letter.place.partition,
            letter.published_ms if letter.published_ms >= 0 else None,
            # first: of many headers a letter keeps but the first, and this one has to stay
            headers=[(REPLAY_HEADER, str(letter.origin).encode()), *others],
            on_too_large=too_large,
        )

    def _trouble(self, letter: Letter) -> str:
        # A letter is only as good as whoever may write to its topic.
        names = [prefixed(self.prefix, each) for each in INBOUND]
        place = letter.place
        if place.topic not in names:
            return f"expected a letter of {', '.join(names)}, was {place.topic}"
        if letter.is_cut:
            kept = f"only {len(letter.value)} of its {letter.original_size} bytes were kept"
            return f"{kept}: publish it again from where it came"
        count = 0 if self.publisher is None else self.publisher.partitions(place.topic)
        if self.publisher is not None and not 0 <= place.partition < count:
            return f"expected a partition below {count}, was {place.partition}"
        return ""


def letters_of(broker: Any, prefix: str, start: Offsets | None = None) -> Letters:
    """Return the letters on the broker up to now; from `start` on where it is given."""
    return Letters(records=read(broker, prefixed(prefix, DEAD_LETTERS), start=start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Where the topics stood before a replay, to know its letters from those of others."""

    broker: Any
    prefix: str
    group: str
    inbound: Offsets
    letters: Offsets

    @classmethod
    def begin(cls, broker: Any, prefix: str, group: str) -> Self:
        """Return where the topics stand now."""
        inbound = admin.end_offsets(broker, [prefixed(prefix, each) for each in INBOUND])
        letters = admin.end_offsets(broker, [prefixed(prefix, DEAD_LETTERS)])
        return cls(broker=broker, prefix=prefix, group=group, inbound=inbound, letters=letters)

    def died_again(self, ends: Offsets, *, seconds: float, limit: int) -> Tally | None:
        """Return the letters that workers wrote of what was replayed up to `ends`.

        None where the group has not judged all of it within the time.
        """
        deadline = time.monotonic() + seconds
        while not self._is_judged(ends):
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_S)
        letters = letters_of(self.broker, self.prefix, self.letters)
        return Tally(limit=limit).take(each for each in letters if self._is_ours(each, ends))

    def _is_judged(self, ends: Offsets) -> bool:
        committed = admin.committed_offsets(self.broker, self.group)
        return all(committed.get(tp, 0) >= end for tp, end in ends.items())

    def _is_ours(self, letter: Letter, ends: Offsets) -> bool:
        topic, partition, offset, _ = letter.place
        tp = topic, partition
        return letter.replay_of is not None and self.inbound.get(tp, 0) <= offset < ends.get(tp, 0)
