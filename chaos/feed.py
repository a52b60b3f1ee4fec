"""PURE: what a seed publishes, in batches, and what befalls each batch on its way.

A market in order of time, cut into batches. A batch is sent in one piece, or its rows go
late, twice, or in another order; records that no rule lets in go beside some of them.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from chaos.plan import InputKind, Length, disturbances_of
from schemas.topics import Topic
from tests.e2e.malformed import MALFORMED
from tests.oracle.examples import days
from tests.oracle.scenarios import random_intraday, random_market, random_signals
from tests.topology.events import Events, Row, random_actions, random_decisions, records_of

TICKERS = ("AAPL", "BTC-USD", "XOM", "MSFT", "JPM", "WMT", "^GSPC", "BRK.B", "IBM", "KO")
FIRST = "2017-01-03"
_LATE = (2, 12)
_INTRADAY_SESSIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One record as it goes out."""

    topic: Topic
    partition: int
    value: bytes


@dataclass(slots=True, kw_only=True)
class Slot:
    """What is sent at one time, and acknowledged as a whole."""

    records: list[Sent] = field(default_factory=list)
    poison: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Everything that is published, and how."""

    events: Events
    slots: list[Slot]
    disturbed: list[InputKind]


def make_feed(seed: int, length: Length, partitions: int) -> Feed:
    """Return the feed of a seed."""
    rng = random.Random(seed)
    events = _events(rng, length)
    batches = _batches(events, length.batches)
    kinds = disturbances_of(rng, length)
    slots = [Slot() for _ in range(length.batches + _LATE[1])]
    for at, (batch, kind) in enumerate(zip(batches, kinds, strict=True)):
        for slot, rows in _sendings(rng, at, batch, kind):
            slots[slot].records += _records(rng, rows, partitions)
    for at in rng.sample(range(length.batches), length.poisoned):
        _poison(rng, slots[at], partitions)
    return Feed(
        events=events,
        slots=[each for each in slots if each.records],
        disturbed=[each for each in kinds if each is not None],
    )


def _events(rng: random.Random, length: Length) -> Events:
    last = length.sessions_to
    events = Events(signals=random_signals(rng, TICKERS, FIRST, last, length.signals))
    events.ticks = random_market(rng, TICKERS, FIRST, last)
    for ticker in TICKERS[:2]:
        events.ticks += random_intraday(rng, ticker, days(FIRST, _INTRADAY_SESSIONS, ticker))
    for ticker in TICKERS:
        events.actions += random_actions(rng, ticker, rng.choice(days(FIRST, 200, "BTC-USD")))
    for signal in events.signals:
        if "signal_id" in signal and rng.random() < 0.2:
            events.decisions += random_decisions(rng, signal)
    return events


_Placed = tuple[str, Topic, Row]


def _batches(events: Events, count: int) -> list[list[_Placed]]:
    """Return all rows in order of time, in batches of one size."""
    rows = sorted(
        ((_day_of(row), topic, row) for topic, rows in events.by_topic() for row in rows),
        key=itemgetter(0),
    )
    return [rows[len(rows) * n // count : len(rows) * (n + 1) // count] for n in range(count)]


def _day_of(row: Row) -> str:
    for name in ("session", "ex_date"):
        if row.get(name):
            return str(row[name])
    times = ("ts_event_ms", "generated_at_ms", "decided_at_ms")
    time_ms = next(row[name] for name in times if row.get(name) is not None)
    return datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()


def _sendings(
    rng: random.Random, at: int, batch: Sequence[_Placed], kind: InputKind | None
) -> Iterator[tuple[int, Sequence[_Placed]]]:
    """Yield in which slot which rows go."""
    if kind is InputKind.DELAYED:
        yield at + rng.randint(*_LATE), batch
    elif kind is InputKind.DUPLICATED:
        yield at, batch
        yield at, batch
        yield at + rng.randint(1, _LATE[1]), batch
    elif kind is InputKind.REORDERED:
        shuffled = rng.sample(batch, len(batch))
        half = len(batch) // 2
        yield at + rng.randint(1, _LATE[0]), shuffled[:half]
        yield at, shuffled[half:]
    else:
        yield at, batch


def _records(rng: random.Random, rows: Iterable[_Placed], partitions: int) -> Iterator[Sent]:
    """Yield the records of rows, in any form in which clients send them."""
    for topic, some in groupby(rows, key=itemgetter(1)):
        mine = [row for _, _, row in some]
        for partition, value, _ in records_of(partitions, topic, mine, rng):
            yield Sent(topic=topic, partition=partition, value=value)


def _poison(rng: random.Random, slot: Slot, partitions: int) -> None:
    """Put some records that no rule lets in among those of a slot."""
    values = [each for each in MALFORMED if each.value]
    for each in rng.sample(values, rng.randint(1, 4)):
        sent = Sent(topic=each.topic, partition=rng.randrange(partitions), value=each.value or b"")
        slot.records.insert(rng.randint(0, len(slot.records)), sent)
        slot.poison += 1
