"""What is published in a run: rows as the oracle takes them, and as records on the log."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.codec import encode
from schemas.records import Tick
from schemas.topics import Topic, partition_of
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import read_signals, reading
from tests.builders import DAY_MS, make_batch
from tests.oracle.bars import sessions_of
from tests.oracle.examples import days
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_intraday, random_market, random_signals
from tests.topology.driver import Topology

Row = dict[str, Any]

# Of a row, not of its record: when Kafka took it in; 0 where nothing is said.
KAFKA_MS = "kafka_ms"
TICKERS = ("AAPL", "BTC-USD", "XOM", "MSFT")
ORACLE_COLUMNS = (
    "signal_id", "ticker", "action", "horizon_sessions", "status", "validation_status",
    "entry_session", "entry_price", "observations", "net_return", "raw_return", "hit",
    "annual_return", "max_drawdown", "mae", "mfe",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Events:
    """The set of what was published; nothing of how."""

    signals: list[Row] = field(default_factory=list)
    ticks: list[Row] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)

    def by_topic(self) -> Iterable[tuple[Topic, list[Row]]]:
        """The rows of each inbound topic."""
        yield topics.SIGNALS, self.signals
        yield topics.TICKS, self.ticks
        yield topics.CORPORATE_ACTIONS, self.actions
        yield topics.DECISIONS, self.decisions

    def judged(self) -> dict[str, Row]:
        """The rows of the second implementation."""
        return judge(self.signals, self.ticks, self.actions, self.decisions)


def random_events(seed: int, *, intraday: bool) -> Events:
    """A little market of a year, with everything that may happen to a signal in it."""
    rng = random.Random(seed)
    year = 1992 + seed % 30
    first, last = f"{year}-01-02", f"{year}-07-15"
    events = Events(signals=random_signals(rng, TICKERS, first, last, 40))
    if intraday:
        for ticker in TICKERS:
            labels = days(first, rng.randint(20, 90), ticker)
            events.ticks += random_intraday(rng, ticker, labels)
    else:
        events.ticks = random_market(rng, TICKERS, first, last)
    for ticker in TICKERS:
        for _ in range(rng.choice((0, 1, 2))):
            events.actions += random_actions(rng, ticker, rng.choice(days(first, 60, "BTC-USD")))
    for signal in events.signals:
        if "signal_id" in signal and rng.random() < 0.4:
            events.decisions += random_decisions(rng, signal)
    return events


def random_actions(rng: random.Random, ticker: str, ex_date: str) -> list[Row]:
    split = {
        "ticker": ticker,
        "ex_date": ex_date,
        "kind": "Split",
        "ratio": rng.choice((2, 3, 0.5)),
    }
    found = [split, {**split, "kind": "dividend", "amount": 0.1, "ratio": None}]
    if rng.random() < 0.5:
        found.append({**split, "ratio": rng.choice((1, 4)), "revision": rng.choice((0, 1, 1))})
    return found


def random_decisions(rng: random.Random, signal: Row) -> list[Row]:
    generated_at_ms = signal["generated_at_ms"]
    closes = [
        each.close_ms
        for each in sessions_of(signal["ticker"])
        if generated_at_ms < each.close_ms < generated_at_ms + 8 * DAY_MS
    ]
    moment_ms = rng.choice((generated_at_ms, *closes[:2])) + rng.choice((-1, 0, 1, DAY_MS))
    decision = {
        "decision_id": f"d-{signal['signal_id']}-{signal['ticker']}",
        "signal_id": signal["signal_id"],
        "ticker": signal["ticker"],
        "kind": rng.choice(("cancel", "Cancel", "cancel", "stage")),
        "decided_at_ms": moment_ms,
    }
    rival = {**decision, "decided_at_ms": moment_ms + rng.choice((-DAY_MS, -1, 0)), "by": "me"}
    return [decision, rival] if rng.random() < 0.4 else [decision]


def publish(
    topology: Topology, events: Events, rng: random.Random | None = None, *, doubled: bool = False
) -> None:
    """Put the events on the log: in their order as JSON; with `rng` in any order and form.

    Some come with a foreign client: in lists, in Avro, in batches, on a wrong partition.
    """
    for topic, rows in events.by_topic():
        published = rows * 2 if doubled else list(rows)
        if rng is not None:
            rng.shuffle(published)
        partitions = topology.delivery.partitions
        for partition, value, time_ms in records_of(partitions, topic, published, rng):
            topology.publish(topic, partition, value, time_ms)


def rows_of(folder: Path) -> dict[str, Row]:
    """The columns that the oracle knows, as the reports read them."""
    with reading(folder / DATABASE) as connection:
        return {
            each.signal_id: {name: getattr(each, name) for name in ORACLE_COLUMNS}
            for each in read_signals(connection)
        }


def assert_rows_are(found: dict[str, Row], expected: dict[str, Row]) -> None:
    """Numbers to 1e-9, everything else exactly."""
    assert differing(found, expected) == []


def differing(found: dict[str, Row], expected: dict[str, Row]) -> list[str]:
    """What is not as expected, a line a row and column."""
    lines = [f"{each}: is not expected" for each in sorted(found.keys() - expected.keys())]
    lines += [f"{each}: is not there" for each in sorted(expected.keys() - found.keys())]
    for signal_id in sorted(found.keys() & expected.keys()):
        row, wanted = found[signal_id], expected[signal_id]
        lines += [
            f"{signal_id}: {name} was {row.get(name)!r}, expected {wanted.get(name)!r}"
            for name in sorted(row.keys() | wanted.keys())
            if row.get(name) != _close(wanted.get(name))
        ]
    return lines


def _close(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


def records_of(
    partitions: int, topic: Topic, rows: Sequence[Row], rng: random.Random | None
) -> Iterator[tuple[int, bytes, int]]:
    """Yield partition, value and Kafka's time of each record that the rows go in."""
    for time_ms, run in groupby(rows, lambda row: int(row.get(KAFKA_MS, 0))):
        some = [{name: row[name] for name in row if name != KAFKA_MS} for row in run]
        while some:
            form, size = (_in_json, 1) if rng is None else rng.choice(_FORMS)
            part = some[: 1 if rng is None else rng.randint(1, size)]
            del some[: len(part)]
            home = partition_of(part[0]["ticker"], partitions)
            astray = home if rng is None else rng.choice((home, home, rng.randrange(partitions)))
            yield astray, form(topic, part), time_ms


def _in_json(topic: Topic, rows: Sequence[Row]) -> bytes:
    del topic
    return orjson.dumps(rows[0] if len(rows) == 1 else rows)


def _in_avro(topic: Topic, rows: Sequence[Row]) -> bytes:
    if topic is topics.TICKS and len(rows) > 1:
        return encode(make_batch(ticks=[Tick(**row) for row in rows]))
    [row] = rows
    return encode(topic.records[0](**row))


def _in_columns(topic: Topic, rows: Sequence[Row]) -> bytes:
    return (_in_avro if topic is topics.TICKS else _in_json)(topic, rows)


# How a record is made of rows, and of how many at the most.
_FORMS: tuple[tuple[Callable[[Topic, Sequence[Row]], bytes], int], ...] = (
    (_in_json, 1),
    (_in_json, 4),
    (_in_avro, 1),
    (_in_columns, 40),
)
