"""One chunk of an inbound topic through the fold: decode, apply, publish.

A bad record becomes a dead letter; any other failure stops the process before
the chunk is acknowledged.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol

from schemas import topics
from schemas.records import CorporateAction, Signal
from schemas.topics import Topic
from streams.domain.effects import Effects
from streams.domain.tracker import PartitionTracker, Rules
from streams.inbound import Chunk, sort_records
from streams.inbound_signals import sort_signals
from streams.inbound_ticks import sort_ticks
from streams.tables import PartitionTable
from streams.trackers import Trackers

log = logging.getLogger(__name__)

SIGNALS_AT_ONCE = 2_500
# Records of small chunks that are taken together.
TOGETHER = 2_000


class BrokenError(Exception):
    """Say that a chunk failed, so that no later one is taken in."""


class Outgoing(Protocol):
    """Where a processor sends to; `streams.outbox.Outbox` is the real one."""

    async def send(
        self, partition: int, topic: Topic, reroutes: list[Any], dead: list[Any]
    ) -> None:
        """Send what was refused or belongs elsewhere."""

    async def publish(
        self, partition: int, tracker: PartitionTracker, effects: Effects
    ) -> asyncio.Future[Any] | None:
        """Send outputs and rows."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A chunk that waits for its partition, and what became of it."""

    topic: Topic
    chunk: Chunk
    done: bool = False
    effect: asyncio.Future[Any] | None = None


def _alike(line: Sequence[_Turn]) -> list[_Turn]:
    """Return the first of a line, and those right behind it of its topic, up to a limit."""
    found, records = [line[0]], len(line[0].chunk)
    for each in line[1:]:
        records += len(each.chunk)
        if each.topic is not line[0].topic or records > TOGETHER:
            break
        found.append(each)
    return found


class Processor:
    """The trackers of the partitions of this worker, fed chunk by chunk.

    Chunks of a partition, of all topics, go one after the other, so that what one has
    changed is told and kept before the next one builds on it. Partitions share nothing:
    one works while another waits for the broker.
    """

    def __init__(
        self,
        rules: Rules,
        outbox: Outgoing,
        table_of: Mapping[str, PartitionTable],
        partitions: int,
    ) -> None:
        self._outbox = outbox
        self._trackers = Trackers(rules, table_of)
        self._partitions = partitions
        self._lines: defaultdict[int, list[_Turn]] = defaultdict(list)
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unpublished: set[int] = set()
        self.ignored = 0

    def take_over(self, partitions: Iterable[int]) -> dict[int, PartitionTracker]:
        """Hold the state of just these partitions; see `Trackers.take_over`."""
        return self._trackers.take_over(partitions)

    def raised(self, partitions: Iterable[int]) -> None:
        """Note that the epochs of these are durable."""
        self._trackers.raised(partitions)

    def prepare(self, partition: int) -> None:
        """Build the state of a partition before the others' rows are here."""
        self._trackers.prepare(partition)

    async def process(
        self, topic: Topic, records: Chunk | Sequence[Any]
    ) -> asyncio.Future[Any] | None:
        """Take a chunk in; return the future of what is not yet durable of it."""
        turn = _Turn(topic, Chunk.of(records))
        partition = turn.chunk.partition
        line = self._lines[partition]
        line.append(turn)
        try:
            async with self._turns[partition]:
                if not turn.done:
                    await self._take_together(partition, line)
                return turn.effect
        finally:
            if turn in line:
                line.remove(turn)

    async def _take_together(self, partition: int, line: list["_Turn"]) -> None:
        """Take the first chunk in the line, with those behind it that are alike and small.

        What came while the broker was answering is told in one go: its answer takes as long
        for one signal as for hundreds.
        """
        if partition in self._unpublished:
            msg = "an earlier chunk was not published: nothing may build on what it changed"
            raise BrokenError(msg)
        turns = _alike(line)
        del line[: len(turns)]
        # Until its outputs are sent, memory is ahead of what was told.
        self._unpublished.add(partition)
        chunk = turns[0].chunk if len(turns) == 1 else Chunk.joined(each.chunk for each in turns)
        effect = await self._take(turns[0].topic, chunk)
        self._unpublished.discard(partition)
        for each in turns:
            each.effect, each.done = effect, True

    async def _take(self, topic: Topic, chunk: Chunk) -> asyncio.Future[Any] | None:
        last = None
        # What is on its way of a part waits for that of the part before it.
        for part in chunk.cut(SIGNALS_AT_ONCE) if topic is topics.SIGNALS else (chunk,):
            last = await self._take_part(topic, part) or last
        return last

    async def _take_part(self, topic: Topic, chunk: Chunk) -> asyncio.Future[Any] | None:
        partition = chunk.partition
        tracker = self._trackers.of(partition)
        parts, reroutes, dead = _APPLY[topic.name](tracker, chunk, self._partitions)
        if reroutes or dead:
            await self._outbox.send(partition, topic, reroutes, dead)
            _log_dead(dead)
        last = None
        for effects in parts:
            if effects.ignored:
                self.ignored += effects.ignored
                log.warning("%d ticks of no session were ignored so far", self.ignored)
            last = await self._outbox.publish(partition, tracker, effects) or last
        return last


# Parts of what a chunk changed, each to be published before the next is asked for.
Applied = tuple[Iterable[Effects], list[Any], list[Any]]


def _apply_ticks(tracker: PartitionTracker, chunk: Chunk, partitions: int) -> Applied:
    found = sort_ticks(chunk, partitions)
    parts = tracker.tick_parts(found.columns) if found.columns else ()
    return parts, found.reroutes, found.dead


def _apply_signals(tracker: PartitionTracker, chunk: Chunk, partitions: int) -> Applied:
    found = sort_signals(chunk, partitions)
    times = found.times_ms if tracker.rules.judge_backdated else None
    return _signal_parts(tracker, found.good, times), found.reroutes, found.dead


def _signal_parts(
    tracker: PartitionTracker, signals: Sequence[Signal], times: Sequence[int] | None
) -> Iterator[Effects]:
    """Register signals some at a time: what a thousand of them tell is megabytes."""
    for at in range(0, len(signals), SIGNALS_AT_ONCE):
        some = slice(at, at + SIGNALS_AT_ONCE)
        yield tracker.apply_signals(signals[some], repeat(None) if times is None else times[some])


def _apply_actions(tracker: PartitionTracker, chunk: Chunk, partitions: int) -> Applied:
    found = sort_records(chunk, topics.CORPORATE_ACTIONS, partitions)
    actions: list[CorporateAction] = found.good
    return [tracker.apply_actions(actions)], found.reroutes, found.dead


def _apply_decisions(tracker: PartitionTracker, chunk: Chunk, partitions: int) -> Applied:
    found = sort_records(chunk, topics.DECISIONS, partitions)
    return [tracker.apply_decisions(found.good)], found.reroutes, found.dead


_APPLY: dict[str, Callable[[PartitionTracker, Chunk, int], Applied]] = {
    topics.TICKS.name: _apply_ticks,
    topics.SIGNALS.name: _apply_signals,
    topics.CORPORATE_ACTIONS.name: _apply_actions,
    topics.DECISIONS.name: _apply_decisions,
}


def _log_dead(dead: Sequence[Any]) -> None:
    for letter in dead[:10]:
        at = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        log.warning("%s refused: %s: %.300r", at, letter.error_class, letter.message)
    if len(dead) > 10:  # noqa: PLR2004 - enough to see what is wrong
        log.warning("and %d more of the same chunk", len(dead) - 10)
