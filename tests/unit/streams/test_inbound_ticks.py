"""Ticks of a chunk to columns: single and columnar records, each tick judged alone."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.records import DeadLetter, Tick
from schemas.rules import MAX_EVENT_MS, MAX_PRICE, MIN_EVENT_MS, MIN_PRICE
from schemas.topics import partition_of
from streams.domain.ticks import join_columns
from streams.inbound import Source
from streams.inbound_ticks import SortedTicks, _ticks_of, sort_ticks
from tests.builders import CLOSE_MS, EPOCH_MS, SESSION, make_batch, make_tick
from tests.unit.streams.fold import chunk_of, source

PARTITIONS = 8
AAPL, MSFT = partition_of("AAPL", PARTITIONS), partition_of("MSFT", PARTITIONS)
PLAIN = {"ticker": "AAPL", "price": 100.0, "ts_event_ms": EPOCH_MS}


def ticks_of(found: SortedTicks) -> list[Tick]:
    return _ticks_of(join_columns(found.columns), "") if found.columns else []


def sorted_ticks(*values: bytes | None, partitions: int = 1, partition: int = 0) -> SortedTicks:
    chunk: Sequence[Source] = [
        source(value, offset=at, partition=partition) for at, value in enumerate(values)
    ]
    return sort_ticks(chunk_of(chunk), partitions)


def without_extras(tick: Tick) -> Tick:
    """What the fold needs: size and source say nothing about a bar."""
    return replace(tick, size=None, source="")


some_ticks = st.builds(
    make_tick,
    ticker=st.sampled_from(["AAPL", "MSFT", "BTC-USD", "É"]),
    price=st.floats(MIN_PRICE, MAX_PRICE),
    ts_event_ms=st.integers(MIN_EVENT_MS, MAX_EVENT_MS - 1),
    session=st.none()
    | st.dates(
        min_value=date(1980, 1, 1),
        max_value=date(2099, 12, 31),
    ).map(str),
    size=st.none() | st.floats(0, 1e9),
    open=st.booleans(),
    final=st.booleans(),
    revision=st.integers(0, 255),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(some_ticks, min_size=1, max_size=6))
def test_every_form_of_a_tick_means_the_same(ticks: list[Tick]) -> None:
    expected = sorted(map(without_extras, ticks), key=repr)
    rows = [asdict(each) for each in ticks]

    forms = [
        sorted_ticks(*map(encode, ticks)),
        sorted_ticks(*map(orjson.dumps, rows)),
        sorted_ticks(orjson.dumps(rows)),
        sorted_ticks(encode(make_batch(ticks=ticks))),
    ]

    for found in forms:
        assert (found.dead, found.reroutes) == ([], [])
        assert sorted(ticks_of(found), key=repr) == expected


def test_a_tick_without_a_time_has_its_session() -> None:
    tick = make_tick(session=SESSION)

    for value in (encode(tick), encode(make_batch(ticks=[tick]))):
        assert ticks_of(sorted_ticks(value)) == [tick]


def test_the_common_json_takes_whole_numbers_and_a_size() -> None:
    found = sorted_ticks(
        orjson.dumps({**PLAIN, "price": 100}),
        orjson.dumps({**PLAIN, "size": 3, "price": MIN_PRICE}),
    )

    assert [each.price for each in ticks_of(found)] == [100.0, MIN_PRICE]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": -1}, "price"),
        ({"price": "1"}, "price"),
        ({"price": True}, "price"),
        ({"ts_event_ms": MIN_EVENT_MS - 1}, "ts_event_ms"),
        ({"ts_event_ms": MAX_EVENT_MS}, "ts_event_ms"),
        ({"ts_event_ms": 1.5}, "ts_event_ms"),
        ({"ticker": "A B"}, "ticker"),
        ({"ticker": 5}, "ticker"),
        ({"ticker": None}, "ticker"),
        ({"size": "many"}, "size"),
        ({"volume": 5}, "volume"),
    ],
)
def test_the_common_json_is_judged_like_any_other(changes: dict[str, Any], field: str) -> None:
    good, bad = orjson.dumps(PLAIN), orjson.dumps({**PLAIN, **changes})

    found = sorted_ticks(good, bad, good)

    assert len(ticks_of(found)) == 2
    [letter] = found.dead
    assert (letter.offset, letter.index, letter.value) == (1, None, bad)
    assert letter.message.startswith(f"{field}: ")


def test_the_common_json_over_a_megabyte_is_refused_too() -> None:
    padded = orjson.dumps(PLAIN)[:-1] + b" " * 1_000_000 + b"}"

    [letter] = sorted_ticks(padded).dead

    assert letter.error_class == "TooLarge"


def test_values_that_are_no_tick_are_refused() -> None:
    found = sorted_ticks(
        None, b"", b"{", b"nonsense", b"[1]", encode(make_tick(price=float("nan")))
    )

    assert [each.offset for each in found.dead] == list(range(6))
    assert [each.index for each in found.dead] == [None] * 4 + [0, None]
    assert ticks_of(found) == []


def test_ticks_of_another_partition_are_sent_there_alone() -> None:
    ours, theirs = make_tick(size=2.0), make_tick(ticker="MSFT", size=3.0, source="x", revision=1)
    batch = make_batch(ticks=[ours, theirs, make_tick(ticker="MSFT", session=SESSION)], source="y")
    values = (
        orjson.dumps(PLAIN),
        orjson.dumps({**PLAIN, "ticker": "MSFT"}),
        encode(theirs),
        encode(batch),
    )

    found = sorted_ticks(*values, partitions=PARTITIONS, partition=AAPL)

    assert [each.ticker for each in ticks_of(found)] == ["AAPL", "AAPL"]
    assert {(e.partition, e.key, e.timestamp_ms) for e in found.reroutes} == {(MSFT, b"MSFT", 7)}
    sent = sorted((decode(each.value) for each in found.reroutes), key=repr)
    assert sent == sorted(
        [
            make_tick(ticker="MSFT"),
            theirs,
            replace(theirs, size=None, source="y"),
            make_tick(ticker="MSFT", session=SESSION, source="y"),
        ],
        key=repr,
    )


class TestBatches:
    """A columnar record is judged tick by tick."""

    def letters(self, *ticks: Tick, **changes: Any) -> tuple[list[DeadLetter], list[Tick]]:
        found = sorted_ticks(encode(make_batch(ticks=ticks, **changes)))
        return found.dead, ticks_of(found)

    @pytest.mark.parametrize(
        ("bad", "field"),
        [
            (make_tick(price=-1.0), "price"),
            (make_tick(price=float("nan")), "price"),
            (make_tick(price=float("inf")), "price"),
            (make_tick(price=0.0), "price"),
            (make_tick(ts_event_ms=0), "ts_event_ms"),
            (make_tick(ts_event_ms=MAX_EVENT_MS), "ts_event_ms"),
            (make_tick(ts_event_ms=None), "ts_event_ms"),
            (make_tick(session=SESSION, ts_event_ms=5), "ts_event_ms"),
            (make_tick(ticker=""), "ticker"),
            (make_tick(ticker="A|B"), "ticker"),
        ],
    )
    def test_a_bad_tick_names_its_index_and_stops_no_other(self, bad: Tick, field: str) -> None:
        first, last = make_tick(ticker="AAPL"), make_tick(ticker="MSFT", final=True)

        dead, good = self.letters(first, bad, last)

        assert good == [first, last]
        [letter] = dead
        assert (letter.index, letter.offset) == (1, 0)
        assert letter.message.startswith(f"{field}: ")
        element = orjson.loads(letter.value)
        assert element["ticker"] == bad.ticker
        assert str(element["price"]) == str(bad.price)

    @pytest.mark.parametrize("day", [-2, 3651, 47_482, 2**31 - 1, -(2**31)])
    def test_a_session_beyond_all_event_times(self, day: int) -> None:
        column = np.array([day], dtype="<i4").tobytes()

        dead, good = self.letters(make_tick(), session=column)

        assert good == []
        assert dead[0].message.startswith("session: ")

    @pytest.mark.parametrize("code", [-1, 1, 2**31 - 1])
    def test_a_ticker_that_is_not_in_the_dictionary(self, code: int) -> None:
        column = np.array([code], dtype="<i4").tobytes()

        dead, good = self.letters(make_tick(), ticker_index=column)

        assert good == []
        assert dead[0].message == f"ticker_index: expected 0 to 0, was {code}"
        assert orjson.loads(dead[0].value)["ticker"] is None

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("price", b"1234567"),
            ("price", b""),
            ("ticker_index", b"\0" * 8),
            ("ts_event_ms", b"\0" * 4),
            ("session", b""),
            ("size", b"\0"),
            ("flags", b"\0\0"),
            ("revision", b""),
        ],
    )
    def test_columns_that_do_not_fit_refuse_the_whole(self, name: str, content: bytes) -> None:
        dead, good = self.letters(make_tick(), **{name: content})

        assert good == []
        [letter] = dead
        assert (letter.index, letter.error_class) == (None, "BadColumns")

    def test_a_batch_of_nothing_is_nothing(self) -> None:
        columns = dict.fromkeys(("ticker_index", "ts_event_ms", "session", "price", "size"), b"")

        dead, good = self.letters(make_tick(), **columns, flags=b"", revision=b"")

        assert (dead, good) == ([], [])
        assert sorted_ticks(encode(make_batch(ticks=()))).dead == []

    def test_flags_beyond_the_known_ones_are_no_matter(self) -> None:
        _, good = self.letters(make_tick(), flags=b"\xfe")

        assert good == [make_tick(final=True)]


def test_columns_of_several_records_are_joined_by_ticker() -> None:
    found = sorted_ticks(
        orjson.dumps(PLAIN),
        encode(make_batch(ticks=[make_tick(ticker="MSFT"), make_tick(ts_event_ms=CLOSE_MS)])),
        encode(make_tick(ticker="MSFT", final=True)),
    )

    joined = join_columns(found.columns)

    assert sorted(joined.tickers) == ["AAPL", "MSFT"]
    assert len(joined) == 4
    assert [each.ticker for each in _ticks_of(joined, "")].count("MSFT") == 2
