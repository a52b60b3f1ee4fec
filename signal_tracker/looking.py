"""How far worker and sink are beside the topics, and one look at the rows in the midst of that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.cluster import Broker
from schemas.topics import INBOUND, OUTBOUND, prefixed
from signal_tracker import admin
from signal_tracker.auditing import Look
from signal_tracker.errors import BrokerError
from signal_tracker.same_topics import check_same_topics
from signal_tracker.unsettled import Offsets, lag
from sinks.errors import NoDatabaseError
from sinks.rows import AsOf
from sinks.sqlite_queries import read_as_of, read_positions, reading

if TYPE_CHECKING:
    import sqlite3

_POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a pipeline's topics, its worker's group and its rows are."""

    broker: Broker
    prefix: str
    group: str
    path: Path

    def committed(self) -> Offsets:
        """Return what the workers have committed."""
        return admin.committed_offsets(self.broker, self.group)

    def input_ends(self) -> Offsets:
        """Return where the inbound topics end."""
        return admin.end_offsets(self.broker, [prefixed(self.prefix, each) for each in INBOUND])

    def stored(self, connection: "sqlite3.Connection") -> Offsets:
        """Return how far the rows go in the present topics.

        A journal's broker has made its topics anew: of those of before nothing counts.
        """
        ids = admin.topic_ids(self.broker, [prefixed(self.prefix, each) for each in OUTBOUND])
        return {
            tp: each.next_offset
            for tp, each in read_positions(connection).items()
            if each.topic_id == ids.get(tp[0])
        }

    def output_ends(self) -> Offsets:
        """Return where the outbound topics end."""
        return admin.end_offsets(self.broker, [prefixed(self.prefix, each) for each in OUTBOUND])


@contextmanager
def looking(place: Place) -> "Iterator[tuple[sqlite3.Connection, AsOf, Look]]":
    """Yield one consistent look at the rows, and how far everything was around it."""
    reached = place.committed()
    with reading(place.path) as connection:
        as_of = read_as_of(connection)
        check_same_topics(place.broker, place.prefix, as_of.topic_ids, place.path)
        look = Look(
            committed=reached,
            stored=place.stored(connection),
            input_ends=place.input_ends(),
            output_ends=place.output_ends(),
        )
        _check(place, look)
        yield connection, as_of, look


def wait(place: Place, seconds: float, say: Callable[[str], None]) -> None:
    """Return when worker and sink have caught up, or when time is up."""
    deadline = time.monotonic() + seconds
    told = False
    while time.monotonic() < deadline:
        ends = place.input_ends()
        behind = lag(place.committed(), ends)
        # What follows from an input is on its topic when the input is committed.
        if not behind and not lag(_stored(place), place.output_ends()):
            return
        if not told:
            told = True
            say("waiting until worker and sink have caught up")
        time.sleep(_POLL_S)


def _stored(place: Place) -> Offsets:
    try:
        with reading(place.path) as connection:
            return place.stored(connection)
    except NoDatabaseError:
        return {}


def _check(place: Place, look: Look) -> None:
    for reached, ends in (
        (look.committed, look.input_ends),
        (look.stored, look.output_ends),
    ):
        for (topic, partition), behind in lag(reached, ends).items():
            if behind < 0:
                end = ends[topic, partition]
                msg = (
                    f"expected {topic}[{partition}] of {place.broker} to go on to "
                    f"{end - behind}, was {end}: the topics were made anew"
                )
                raise BrokerError(msg)
    if not look.committed and any(look.input_ends.values()):
        msg = f"the group {place.group} has committed nothing: name the --app-id of the worker"
        raise BrokerError(msg)
