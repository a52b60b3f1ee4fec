"""Records of the inbound topics, element by element: kept, sent on, or refused."""

import orjson
import pytest

from schemas import topics
from schemas.codec import MAX_RECORD_BYTES, decode, encode
from schemas.records import Decision, Signal
from schemas.topics import partition_of
from streams.inbound import MAX_DEAD_BYTES, Chunk, sort_records
from streams.inbound_signals import sort_signals
from tests.builders import make_action, make_decision, make_signal
from tests.oracle.examples import signal
from tests.unit.streams.fold import source

PARTITIONS = 8
AAPL, MSFT = partition_of("AAPL", PARTITIONS), partition_of("MSFT", PARTITIONS)


def test_good_records_go_on_in_their_order() -> None:
    signals = [make_signal(signal_id=f"s-{n}") for n in range(3)]
    chunk = [source(encode(each), partition=AAPL) for each in signals]

    found = sort_records(chunk, topics.SIGNALS, PARTITIONS)

    assert (found.good, found.reroutes, found.dead) == (signals, [], [])


@pytest.mark.parametrize(
    ("record", "topic"),
    [
        (make_signal(ticker="MSFT"), topics.SIGNALS),
        (make_action(ticker="MSFT"), topics.CORPORATE_ACTIONS),
        (make_decision(ticker="MSFT"), topics.DECISIONS),
    ],
)
def test_a_record_of_another_partition_is_sent_there_with_its_time(
    record: Signal | Decision, topic: topics.Topic
) -> None:
    chunk = [source(encode(record), partition=AAPL, timestamp_ms=1234, key=b"foreign")]

    found = sort_records(chunk, topic, PARTITIONS)

    assert (found.good, found.dead) == ([], [])
    [reroute] = found.reroutes
    assert (reroute.partition, reroute.key, reroute.timestamp_ms) == (MSFT, b"MSFT", 1234)
    assert decode(reroute.value) == record
    there = [source(reroute.value, partition=MSFT)]
    assert sort_records(there, topic, PARTITIONS).good == [record]


def test_what_is_sent_on_keeps_its_identity() -> None:
    """Its id is derived where it arrives, from the horizon as it was published."""
    signal = make_signal(ticker="MSFT", signal_id=None, horizon_sessions=None)

    [reroute] = sort_records(
        [source(encode(signal), partition=AAPL)], topics.SIGNALS, PARTITIONS
    ).reroutes

    assert decode(reroute.value) == signal


def test_a_list_is_spread_by_its_elements() -> None:
    rows = [{"ticker": ticker, "ex_date": "2024-01-04", "kind": "split", "ratio": 2} for ticker in
            ("AAPL", "MSFT", "A B", "AAPL")]  # fmt: skip
    chunk = [source(orjson.dumps(rows), partition=AAPL, offset=12, key=b"k", topic="x.actions")]

    found = sort_records(chunk, topics.CORPORATE_ACTIONS, PARTITIONS)

    assert [each.ticker for each in found.good] == ["AAPL", "AAPL"]
    assert [each.partition for each in found.reroutes] == [MSFT]
    [letter] = found.dead
    assert (letter.topic, letter.partition, letter.offset, letter.index) == (
        "x.actions",
        AAPL,
        12,
        2,
    )
    assert (letter.key, letter.timestamp_ms, letter.error_class) == (b"k", 7, "InvalidRecord")
    assert letter.message.startswith("ticker: ")
    assert orjson.loads(letter.value) == rows[2]
    assert letter.original_size == len(letter.value)


def test_a_refused_record_is_kept_as_it_was_received() -> None:
    chunk = [source(b"\x00\xffnonsense"), source(None, offset=1), source(b"", offset=2)]

    found = sort_records(chunk, topics.SIGNALS, 1)

    assert [each.value for each in found.dead] == [b"\x00\xffnonsense", b"", b""]
    assert [each.index for each in found.dead] == [None] * 3
    assert [each.error_class for each in found.dead] == ["BadAvro", "EmptyValue", "EmptyValue"]


def test_a_huge_record_is_cut_and_says_so() -> None:
    [letter] = sort_records([source(b"{" + b"x" * 2_000_000)], topics.SIGNALS, 1).dead

    assert (len(letter.value), letter.original_size) == (MAX_DEAD_BYTES, 2_000_001)
    assert letter.error_class == "TooLarge"


def test_one_bad_record_stops_no_other() -> None:
    chunk = [
        source(encode(make_signal(signal_id="a"))),
        source(b"{"),
        source(encode(make_signal(signal_id="b"))),
    ]

    found = sort_records(chunk, topics.SIGNALS, 1)

    assert [each.signal_id for each in found.good] == ["a", "b"]
    assert len(found.dead) == 1


def test_a_dead_letter_with_its_key_passes_a_broker() -> None:
    """One megabyte is a broker's usual limit for a record."""
    [letter] = sort_records([source(b"x" * 300_000, key=b"k" * 600_000)], topics.SIGNALS, 1).dead

    assert len(encode(letter)) + len(letter.key or b"") < 1_000_000


def test_signals_are_sorted_quickly_as_the_rules_would() -> None:
    """Usual and unusual ones, good and bad, here and elsewhere, each in its place."""
    rows = [dict(signal(signal_id=f"s{n}", ticker=f"T{n % 7}")) for n in range(40)]
    chunk = [source(orjson.dumps(row), offset=n) for n, row in enumerate(rows)]
    chunk += [
        source(value, offset=100 + n, timestamp_ms=n)
        for n, value in enumerate(
            (
                b"",
                None,
                b" " + orjson.dumps(rows),
                orjson.dumps(rows),
                orjson.dumps([*rows, {}, 1]),
                orjson.dumps({**rows[0], "confidence": 1}),
                orjson.dumps({**rows[0], "confidence": 2.0}),
                encode(make_signal()),
                encode(make_signal(confidence=7.0)),
                encode(make_signal())[:-1],
                encode(make_signal()) + b"x",
                encode(make_action()),
                b"[" + b" " * MAX_RECORD_BYTES + b"]",
            )
        )
    ]

    for partitions in (1, 3):
        expected = sort_records(chunk, topics.SIGNALS, partitions)
        assert sort_signals(chunk, partitions) == expected
        assert expected.good
        assert expected.dead


def test_a_chunk_is_cut_in_its_order_and_forgets_what_it_let_go() -> None:
    chunk = Chunk("signals", 3, [source(b"%d" % n)._asdict() for n in range(5)])

    parts = list(chunk.cut(2))
    assert [len(each.records) for each in parts] == [2, 2, 1]
    assert {(each.topic, each.partition) for each in parts} == {("signals", 3)}
    assert [record for each in parts for record in each.records] == list(chunk.records)

    chunk.let_go()
    assert len(chunk) == 0
