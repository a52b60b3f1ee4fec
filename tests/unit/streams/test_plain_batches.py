"""The quick way for plain TickBatch records reads what the strict one does."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import MAX_RECORD_BYTES, decode_inbound, encode
from schemas.records import Tick, TickBatch
from schemas.rules import MAX_EVENT_MS, MAX_PRICE, MIN_EVENT_MS, MIN_PRICE
from schemas.topics import TICKS, partition_of
from streams.plain_batches import PlainBatches
from streams.tick_batches import batch_columns
from tests.builders import EPOCH_MS, SESSION, make_batch, make_tick

PARTITIONS = 3
HOME = partition_of("AAPL", PARTITIONS)
ELSEWHERE = "TSLA"
LATER = make_tick(ts_event_ms=EPOCH_MS + 1, price=101.0)


def read(value: bytes | None) -> Any:
    return PlainBatches(HOME, PARTITIONS).read(value)


def assert_as_strict(value: bytes) -> bool:
    """Whether it was read; what was is what the strict way reads."""
    found = read(value)
    if found is None:
        return False
    [(index, batch)] = decode_inbound(value, TICKS.records)
    assert index is None
    assert isinstance(batch, TickBatch)
    columns, refused = batch_columns(batch)
    assert refused == []
    assert list(found.tickers) == columns.tickers
    assert {partition_of(each, PARTITIONS) for each in found.tickers} == {HOME}
    assert found.code.tolist() == columns.code.tolist()
    assert found.ts_ms.tolist() == columns.ts_ms.tolist()
    assert found.price.tobytes() == columns.price.tobytes()
    assert not columns.flags.any()
    assert not columns.revision.any()
    assert (columns.day == -1).all()
    return True


plain = st.lists(
    st.builds(
        make_tick,
        ticker=st.sampled_from(["AAPL", "É" * 40, "MSFT"]),
        price=st.floats(MIN_PRICE, MAX_PRICE),
        ts_event_ms=st.integers(MIN_EVENT_MS, MAX_EVENT_MS - 1),
        size=st.none() | st.floats(0, 1e9),
    ),
    min_size=1,
    max_size=70,
).map(lambda ticks: sorted(ticks, key=lambda each: each.ts_event_ms or 0))


@settings(max_examples=150, deadline=None)
@given(plain, st.text(max_size=5))
def test_what_is_plain_is_read_as_the_strict_way_reads_it(ticks: list[Tick], text: str) -> None:
    here = [each for each in ticks if partition_of(each.ticker, PARTITIONS) == HOME] or [LATER]

    assert assert_as_strict(encode(make_batch(ticks=here, source=text)))


@settings(max_examples=500, deadline=None)
@given(
    plain,
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.binary(max_size=3)), max_size=3),
)
def test_what_is_broken_is_never_read_otherwise(
    ticks: list[Tick], changes: list[tuple[int, int, bytes]]
) -> None:
    value = encode(make_batch(ticks=ticks, source="x"))
    for place, removed, new in changes:
        at = place % max(len(value), 1)
        value = value[:at] + new + value[at + removed :]

    assert_as_strict(value)


def column(values: list[Any], kind: str) -> bytes:
    return np.array(values, dtype=kind).tobytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"tickers": ["AAPL", "AAPL"]},
        {"tickers": []},
        {"tickers": ["A B"]},
        {"tickers": [ELSEWHERE]},
        {"ticker_index": column([0, 1], "<i4")},
        {"ticker_index": column([0, -1], "<i4")},
        {"ticker_index": column([0], "<i4")},
        {"ts_event_ms": column([EPOCH_MS, EPOCH_MS - 1], "<i8")},
        {"ts_event_ms": column([MIN_EVENT_MS - 1, EPOCH_MS], "<i8")},
        {"ts_event_ms": column([EPOCH_MS, MAX_EVENT_MS], "<i8")},
        {"ts_event_ms": column([-1, -1], "<i8")},
        {"session": column([-1, 19_000], "<i4")},
        {"session": b"\xff" * 7},
        {"price": column([1.0, float("nan")], "<f8")},
        {"price": column([float("nan"), 1.0], "<f8")},
        {"price": column([1.0, float("inf")], "<f8")},
        {"price": column([1.0, 0.0], "<f8")},
        {"price": column([1.0, -1.0], "<f8")},
        {"price": column([1.0, MAX_PRICE * 2], "<f8")},
        {"size": b""},
        {"flags": b"\0\1"},
        {"flags": b"\2\0"},
        {"revision": b"\0\1"},
        {"source": "x" * MAX_RECORD_BYTES},
    ],
)
def test_what_is_not_plain_is_left_to_the_strict_way(changes: dict[str, Any]) -> None:
    batch = make_batch(ticks=[make_tick(), LATER])
    assert read(encode(batch)) is not None

    assert read(encode(replace(batch, **changes))) is None


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xc3\x01", encode(make_tick())])
def test_other_records_are_left_to_the_strict_way(value: bytes | None) -> None:
    assert read(value) is None
    assert read(encode(make_batch(ticks=[make_tick(session=SESSION)]))) is None


def test_records_of_one_dictionary_share_their_tickers() -> None:
    batches = PlainBatches(HOME, PARTITIONS)
    one = encode(make_batch(ticks=[make_tick(), LATER]))
    two = encode(make_batch(ticks=[LATER]))

    first, second = batches.read(one), batches.read(two)
    assert first is not None
    assert second is not None
    assert second.tickers is first.tickers
    assert batches.read(encode(make_batch(ticks=[make_tick(ticker=ELSEWHERE)]))) is None
    again = batches.read(one)
    assert again is not None
    assert again.price.tolist() == [100.0, 101.0]


def test_a_forged_length_takes_no_memory() -> None:
    """A hundred bytes that claim a billion ticks must not cost the worker gigabytes."""
    value = encode(make_batch(ticks=[make_tick(), LATER]))
    at = value.index(b"\0", 10) + 1
    forged = value[:at] + b"\x80\x80\x80\x80\x10" + value[at + 1 :]
    tracemalloc.start()
    try:
        assert read(forged) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 1_000_000
