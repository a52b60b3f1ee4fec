"""The quick way for ticks of the common JSON form says what the strict one does."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.codec import MAX_RECORD_BYTES, decode_inbound
from schemas.errors import DecodeError
from schemas.records import Tick
from schemas.rules import MAX_EVENT_MS, MAX_PRICE, MIN_EVENT_MS, MIN_PRICE
from schemas.topics import TICKS, partition_of
from streams.domain.ticks import join_columns
from streams.inbound import Sorted, dead_letter, place
from streams.inbound_ticks import _ticks_of, sort_ticks
from streams.plain_ticks import read_plain
from tests.unit.streams.fold import chunk_of, source

PARTITIONS = 3
HOME = partition_of("AAPL", PARTITIONS)
PLAIN = b'{"ticker":"AAPL","price":100.5,"ts_event_ms":1700000000000}'

tickers = st.sampled_from(
    [
        *(b'"AAPL"', b'"MSFT"', b'"TSLA"', b'"\\u0041APL"', b'"A B"', b'""', b'"A|B"', b"5"),
        *(b"null", '"É"'.encode(), b'"\xc3"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"A\nB"'),
        *(b'"A\\nB"', b'"\x7f"', b'"' + b"A" * 65 + b'"', b'["AAPL"]', b'"AAPL', b'{"a":1}'),
        b"\xef\xbb\xbf",
    ]
)
numbers = st.sampled_from(
    [
        *(b"1", b"100", b"1e2", b"1E+2", b"1.0", b"0.1", b"-1", b"-0", b"0", b"0.0", b"01", b"1."),
        *(b".5", b"+1", b"1e400", b"1e-400", b"1e-100", b"1e100", b"1.0000000000000002e100"),
        *(b"1e101", b"NaN", b"Infinity", b"-Infinity", b"true", b"null", b'"1"', b"[1]", b"{}"),
        *(b"1_0", b"0x1", b"9007199254740993", b"18446744073709551615", b"18446744073709551616"),
        *(b"1" * 40, b"1" * 400, b"5e-324", b"2.5e-324", b"123456789.123456789123456789"),
        *(b"1e23", b"8.5e22", b"1" + b"0" * 99, b"1" + b"0" * 101),
        b"0.1000000000000000055511151231257827021181583404541015625",
    ]
)
times = (
    st.sampled_from(
        [b"1700000000000.0", b"1.7e12", b"17e11", b"1700000000000.5", b"1700000000000e0"]
        + [str(each + by).encode() for each in (MIN_EVENT_MS, MAX_EVENT_MS) for by in (-1, 0, 1)]
        + [str(2**n + by).encode() for n, by in product((53, 63, 64), (-1, 0))]
    )
    | st.integers(MIN_EVENT_MS, MAX_EVENT_MS - 1).map(lambda each: str(each).encode())
    | numbers
)
pairs = st.one_of(
    st.tuples(st.just(b'"ticker"'), tickers),
    st.tuples(st.sampled_from([b'"price"', b'"\\u0070rice"']), numbers),
    st.tuples(st.just(b'"ts_event_ms"'), times),
    st.tuples(st.just(b'"size"'), numbers),
    st.tuples(
        st.sampled_from([b'"session"', b'"final"', b'"open"', b'"revision"', b'"volume"', b'""']),
        st.sampled_from([b'"2024-01-02"', b"true", b"1", b"null", b'"x"', b"[", b"{}"]),
    ),
)
good_pairs = st.tuples(
    st.just((b'"ticker"', b'"AAPL"')),
    st.floats(MIN_PRICE, MAX_PRICE).map(lambda each: (b'"price"', repr(each).encode())),
    times.map(lambda each: (b'"ts_event_ms"', each)),
)
spaces = st.sampled_from([b"", b"", b"", b" ", b"\n", b"\t", b"\r", b"\xa0", b"\x00", b"//"])


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """A JSON object, or nearly one."""
    found = [*draw(good_pairs), *draw(st.lists(pairs, max_size=2))]
    found = draw(st.permutations(found))
    if draw(st.integers(0, 3)) == 0:
        found = found[:-1]
    comma = draw(st.sampled_from([b",", b",", b",", b" , ", b",,", b"", b"],\n["]))
    content = comma.join(
        name + draw(st.sampled_from([b":", b":", b" : ", b""])) + value for name, value in found
    )
    tail = draw(st.sampled_from([b"", b"", b"", b","]))
    return draw(spaces) + b"{" + content + tail + b"}" + draw(spaces)


records = st.one_of(
    st.just(PLAIN),
    objects(),
    st.lists(objects(), max_size=3).map(lambda each: b"[" + b",".join(each) + b"]"),
    st.tuples(objects(), st.sampled_from([b",", b"\n", b"", b"],\n["]), objects()).map(b"".join),
    st.none(),
    st.binary(max_size=12),
    st.tuples(objects(), st.integers(0, 80)).map(lambda cut: cut[0][: cut[1]]),
    st.tuples(objects(), st.integers(0, 80)).map(lambda cut: cut[0][cut[1] :]),
)


def strictly(values: Sequence[bytes | None]) -> Sorted[Tick]:
    """Every record by the codec that all topics share."""
    found: Sorted[Tick] = Sorted()
    for each in sources_of(values):
        for index, element in decode_inbound(each.value, TICKS.records):
            if isinstance(element, DecodeError):
                found.dead.append(dead_letter(each, index, element))
            else:
                place(each, element, PARTITIONS, found)
    return found


def sources_of(values: Sequence[bytes | None]) -> list[Any]:
    return [source(value, offset=at, partition=HOME) for at, value in enumerate(values)]


def essence(tick: Tick) -> tuple[Any, ...]:
    """What the fold takes of a tick; prices bit by bit."""
    return (tick.ticker, tick.price.hex(), tick.ts_event_ms, tick.session, tick.open, tick.final)


@settings(max_examples=600, deadline=None)
@given(st.lists(records, min_size=1, max_size=5))
@example([PLAIN, b'{"ticker":"AAPL","price":[1', b'2],"price":3,"ts_event_ms":1700000000000}'])
@example([PLAIN + b"," + PLAIN, PLAIN])
@example([b"\xef\xbb\xbf" + PLAIN])
@example([PLAIN[:-1] + b',"price":{"a":[1]}}'])
@example([PLAIN[:-1] + b',"price":"x","price":7}'])
def test_the_quick_way_is_the_strict_one(values: list[bytes | None]) -> None:
    found = sort_ticks(chunk_of(sources_of(values)), PARTITIONS)

    expected = strictly(values)
    ticks = [tick for part in found.columns for tick in _ticks_of(join_columns([part]), "")]
    assert sorted(map(essence, ticks), key=repr) == sorted(map(essence, expected.good), key=repr)
    assert found.dead == expected.dead
    assert found.reroutes == expected.reroutes


@pytest.mark.parametrize("price", [0.1 + 0.2, 1e23, 123.4567, 2**53 + 2.0, MIN_PRICE, MAX_PRICE])
def test_a_price_keeps_its_last_bit(price: float) -> None:
    value = orjson.dumps({"ticker": "AAPL", "price": price, "ts_event_ms": MIN_EVENT_MS})

    ticks, others = read_plain([value], HOME, PARTITIONS)

    assert ticks is not None
    assert (ticks.price.tolist(), others) == ([price], [])


def test_one_bad_record_leaves_the_others_on_the_quick_way() -> None:
    padded = PLAIN[:-1] + b" " * MAX_RECORD_BYTES + b"}"
    elsewhere = PLAIN.replace(b"AAPL", b"TSLA")
    assert partition_of("TSLA", PARTITIONS) != HOME

    ticks, others = read_plain(
        [PLAIN, b"{", PLAIN, None, padded, elsewhere, PLAIN], HOME, PARTITIONS
    )

    assert ticks is not None
    assert (ticks.tickers, ticks.code.tolist()) == (("AAPL",), [0, 0, 0])
    assert others == [1, 3, 4, 5]


def test_a_chunk_of_other_records_has_no_plain_tick() -> None:
    assert read_plain([b"[]", None], HOME, PARTITIONS) == (None, [0, 1])
