"""What a chunk changed goes out in whole batches and in the order that recovery needs."""

import asyncio
import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import faust
import orjson
import pytest
from faust.types import TP

from schemas import topics
from schemas.codec import decode, decode_fields, decode_inbound, encode
from schemas.observation_codec import Block, element_head, element_tail
from schemas.records import Observations, SessionBar, SignalState, ValidationEvent
from streams import tables
from streams.domain.effects import Effects, Told
from streams.domain.tracker import PartitionTracker
from streams.inbound import Reroute, dead_letter
from streams.outbox import MAX_OBSERVATIONS_BYTES, Outbox, observation_records
from streams.processor import BrokenError, Processor
from streams.sending import Message, Sender
from tests.builders import make_signal
from tests.oracle.examples import closes, signal
from tests.topology.log import BrokerGoneError, Log, RecordingProducer
from tests.unit.streams.fold import RULES, apply, apply_ticks, new_tracker, source

PARTITION = 3


class Sent:
    """An outbox over a producer that writes down what it is given."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.log = Log()
        self.producer = RecordingProducer(self.log, random.Random(0), dies_after)
        app = faust.App("outbox", store="memory://")
        self.tables = tables.declare_tables(app, 8)
        self.outbox = Outbox(Sender(lambda: self.producer), self.tables, "p.")

    async def publish(self, tracker: PartitionTracker, effects: Effects) -> None:
        effect = await self.outbox.publish(PARTITION, tracker, effects)
        if effect is not None:
            await effect

    def rows(self, table: str) -> dict[bytes, bytes]:
        return self.tables[table].rows(PARTITION)


@pytest.fixture
def sent() -> Sent:
    return Sent()


async def rest() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def a_session() -> tuple[PartitionTracker, Effects]:
    tracker = new_tracker()
    apply(tracker, topics.SIGNALS, [signal(signal_id="one"), signal(signal_id="two")])
    return tracker, apply_ticks(tracker, closes([100.0, 101.0]))


def test_outputs_lie_in_the_partition_of_their_ticker_behind_their_keys(sent: Sent) -> None:
    asyncio.run(sent.publish(*a_session()))

    found = {tp: entries for tp, entries in sent.log.entries.items() if tp[0].startswith("p.")}
    assert found.keys() == {
        (f"p.{name}", PARTITION)
        for name in ("bars", "observations", "signal-states", "validation-events")
    }
    keys = {tp[0]: [each.key for each in entries] for tp, entries in found.items()}
    assert keys["p.bars"] == [b"AAPL|2024-01-02", b"AAPL|2024-01-03"]
    assert keys["p.observations"] == [b"AAPL"]
    assert sorted(keys["p.signal-states"]) == [b"one", b"two"]
    assert sorted(keys["p.validation-events"]) == [b"one", b"two"]
    kinds = {tp[0]: type(decode(entries[0].value or b"")) for tp, entries in found.items()}
    assert kinds == {
        "p.bars": SessionBar,
        "p.observations": Observations,
        "p.signal-states": SignalState,
        "p.validation-events": ValidationEvent,
    }


def test_outputs_go_before_rows_and_signals_before_bars(sent: Sent) -> None:
    asyncio.run(sent.publish(*a_session()))

    order = [topic for topic, _ in sent.producer.order]
    rows = [each for each in order if each.startswith("outbox-")]
    assert order[-len(rows) :] == rows
    assert rows == [
        f"outbox-{name}-changelog"
        for name in (tables.SIGNALS, tables.CLOSED_BARS, tables.OPEN_BARS)
    ]


def test_the_tables_hold_what_the_changelog_does(sent: Sent) -> None:
    asyncio.run(sent.publish(*a_session()))

    for name, table in sent.tables.items():
        entries = sent.log.entries[table.changelog_name, PARTITION]
        assert {each.key: each.value for each in entries} == sent.rows(name)
        held = table.data.persisted_offset(TP(table.changelog_name, PARTITION))
        assert held == (entries[-1].offset if entries else None)


def test_open_bars_of_a_later_chunk_wait_for_those_of_an_earlier_one(sent: Sent) -> None:
    """The later row in the log wins at recovery."""
    tracker = new_tracker()
    ticks = [{"ticker": "AAPL", "session": "2024-01-02", "price": price} for price in (1.0, 2.0)]

    async def publish_both() -> None:
        gate, deliver = asyncio.Event(), sent.producer.send_batch

        async def slowly(*args: Any, **kwargs: Any) -> Any:
            await gate.wait()
            return await deliver(*args, **kwargs)

        sent.producer.send_batch = slowly
        first = await sent.outbox.publish(PARTITION, tracker, apply_ticks(tracker, ticks[:1]))
        await rest()
        sent.producer.send_batch = deliver
        second = await sent.outbox.publish(PARTITION, tracker, apply_ticks(tracker, ticks[1:]))
        await rest()
        gate.set()
        await asyncio.gather(first, second)

    asyncio.run(publish_both())

    [changelog] = [entries for entries in sent.log.entries.values() if entries]
    assert [b"2.0" in (each.value or b"") for each in changelog] == [False, True]


def test_nothing_builds_on_a_chunk_that_was_not_published() -> None:
    """Memory is ahead of the tables then; only a new process may go on."""
    broken = Sent(dies_after=0)
    processor = Processor(RULES, broken.outbox, broken.tables, 1)
    chunk = [
        SimpleNamespace(**source(orjson.dumps(row))._asdict(), timestamp=0) for row in closes([1.0])
    ]

    async def process_twice() -> None:
        with pytest.raises(BrokerGoneError):
            await processor.process(topics.TICKS, chunk)
        with pytest.raises(BrokenError):
            await processor.process(topics.TICKS, chunk)

    asyncio.run(process_twice())

    assert not broken.rows(tables.CLOSED_BARS)


def test_what_cannot_be_sent_is_raised() -> None:
    for dies_after in range(7):
        with pytest.raises(BrokerGoneError):
            asyncio.run(Sent(dies_after).publish(*a_session()))


def test_thousands_of_records_are_sent_in_whole_batches_and_in_order(sent: Sent) -> None:
    messages = [Message("t", n % 2, None, b"%06d" % n + b"x" * 300) for n in range(6_000)]

    last = asyncio.run(Sender(lambda: sent.producer).deliver(messages))

    for partition in (0, 1):
        values = [each.value for each in sent.log.entries["t", partition]]
        assert values == [each.value for each in messages if each.partition == partition]
    assert last == {("t", 0): 2_999, ("t", 1): 2_999}
    assert 4 <= len(sent.producer.order) <= 10


def test_a_record_larger_than_a_batch_is_one(sent: Sent) -> None:
    messages = [Message("t", 0, None, b"x" * size) for size in (10, 700_000, 10)]

    asyncio.run(Sender(lambda: sent.producer).deliver(messages))

    assert [len(each.value or b"") for each in sent.log.entries["t", 0]] == [10, 700_000, 10]


def test_reroutes_keep_their_time_and_dead_letters_their_key(sent: Sent) -> None:
    reroute = Reroute(5, b"MSFT", encode(make_signal(ticker="MSFT")), 1234)
    [error] = [each for _, each in _refused(b"{")]
    letter = dead_letter(source(b"{", key=b"k"), None, error)

    asyncio.run(sent.outbox.send(PARTITION, topics.SIGNALS, [reroute], [letter]))

    [moved] = sent.log.entries["p.signals", 5]
    assert (moved.key, moved.value, moved.timestamp) == (b"MSFT", reroute.value, 1234)
    [dead] = sent.log.entries["p.dead-letters", PARTITION]
    assert (dead.key, decode(dead.value or b"")) == (b"k", letter)


def _refused(value: bytes) -> list[tuple[int | None, Any]]:
    return list(decode_inbound(value, topics.SIGNALS.records))


def test_many_observations_of_a_session_are_several_records() -> None:
    ids = [f"{n:05}" + "é" * 190 for n in range(3_000)]
    tail = element_tail("2024-01-03", 1, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    blocks = [Block(1, element_head(each, "0" * 64) + tail) for each in ids]
    effects = Effects(
        observations={
            ("AAPL", 5): Told("2024-01-03", 7, blocks),
            ("MSFT", 5): Told("2024-01-03", 7, blocks[:1]),
        }
    )

    records = list(observation_records(effects))

    assert [ticker for ticker, _ in records] == ["AAPL"] * (len(records) - 1) + ["MSFT"]
    assert len(records) > 3
    found = []
    for _, value in records:
        assert len(value) <= MAX_OBSERVATIONS_BYTES
        _, fields = decode_fields(value)
        assert (fields["session"], fields["close_ms"]) == ("2024-01-03", 7)
        found += [each["signal_id"] for each in fields["elements"]]
    assert found == [*ids, ids[0]]


class TestStore:
    """The rows of each partition apart, as the changelog says."""

    def entry(self, key: bytes | None, value: bytes | None, partition: int, offset: int) -> Any:
        log = Log()
        log.append(("c", partition), key, value)
        [entry] = log.entries["c", partition]
        return type("E", (), {"message": _at(entry, offset)})()

    def table(self) -> tables.PartitionTable:
        return Sent().tables[tables.SIGNALS]

    def test_the_last_row_of_a_key_counts_and_an_empty_one_deletes(self) -> None:
        store = self.table().data
        entries = [
            (b"a", b"1", 0),
            (b"a", b"2", 0),
            (b"b", b"1", 0),
            (b"b", None, 0),
            (b"a", b"3", 1),
        ]

        store.apply_changelog_batch(
            [self.entry(*each, offset) for offset, each in enumerate(entries)], bytes, bytes
        )

        assert store.rows(0) == {b"a": b"2"}
        assert store.rows(1) == {b"a": b"3"}
        assert len(store) == 2

    def test_a_partition_that_moved_away_leaves_nothing(self) -> None:
        store = self.table().data
        store.apply_changelog_batch(
            [self.entry(b"a", b"1", 0, 4), self.entry(b"b", b"1", 1, 9)], bytes, bytes
        )

        asyncio.run(store.on_recovery_completed({TP("c", 1)}, set()))

        assert store.rows(0) == {}
        assert store.rows(1) == {b"b": b"1"}
        assert store.persisted_offset(TP("c", 0)) is None
        assert store.persisted_offset(TP("c", 1)) == 9

    def test_a_row_is_not_written_past_the_outbox(self) -> None:
        store = self.table().data

        with pytest.raises(NotImplementedError):
            store[b"a"] = b"1"
        with pytest.raises(NotImplementedError):
            del store[b"a"]


def _at(entry: Any, offset: int) -> Any:
    return replace(entry, offset=offset)
