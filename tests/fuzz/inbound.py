"""Judges of inbound records: the quick ways say what the strict one says, and it all goes on.

Declared is nothing: what is wrong with a record is an element (`DecodeError`), hence a dead letter.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from schemas import topics
from schemas.codec import decode, decode_fields, encode, encode_fields
from schemas.errors import DecodeError
from schemas.identity import complete_payload, payload_hash
from schemas.records import DeadLetter, Signal
from schemas.signal_asked import read_asked
from schemas.signal_codec import read_signal
from schemas.topics import Topic
from signal_tracker.dead_letters import letter_of
from streams.domain.ticks import TickColumns, fold_columns, join_columns
from streams.inbound import Reroute, Sorted, Source, sort_records
from streams.inbound_signals import sort_signals
from streams.inbound_ticks import SortedTicks, _columns_of, _sort_slowly, sort_ticks
from tests.fuzz.outcomes import refused, taken
from tests.oracle.bars import LATENESS_MS
from tests.unit.streams.fold import BOOK, chunk_of

PARTITIONS = 2
HOME = topics.partition_of("AAPL", PARTITIONS)
_PLAIN = b'{"ticker":"AAPL","price":7.5,"ts_event_ms":1704207600000}'
_BODY = 10


def wire(value: bytes) -> str:
    """Judge any Avro record: what is read is written as the library writes it, and read again."""
    try:
        name, content = decode_fields(value)
    except DecodeError as error:
        return refused(error)
    try:
        again = encode_fields(name, content)
    except ValueError as error:
        # Avro's ints are read as longs: whoever uses one looks whether it may be so large.
        assert "<class 'int'>" in str(error), "what was read cannot be written"
        return taken(f"{name} with a number beyond 32 bits")
    assert encode_fields(*decode_fields(again)) == again, "what was written is read otherwise"
    assert encode(decode(value)) == again, "the two writers differ"
    if name == "Signal":
        quick = read_signal(again[_BODY:])
        assert quick is None or encode(quick) == again, "the quick reader differs"
    return taken(name)


def signals(value: bytes) -> str:
    """Judge a record of `signals`."""
    source = _source(topics.SIGNALS, value)
    found = sort_signals((source,), PARTITIONS)
    way = _sorted_alike(found, sort_records((source,), topics.SIGNALS, PARTITIONS))
    for signal in found.good:
        full = complete_payload(signal, 30)
        assert len(payload_hash(full)) == 64
        _asked_alike(full)
    return way


def actions(value: bytes) -> str:
    """Judge a record of `corporate-actions`."""
    return _records(topics.CORPORATE_ACTIONS, value)


def decisions(value: bytes) -> str:
    """Judge a record of `decisions`."""
    return _records(topics.DECISIONS, value)


def ticks(value: bytes) -> str:
    """Judge a record of `ticks`, between plain ones: also the bars are those of the strict way."""
    sources = [_source(topics.TICKS, each) for each in (_PLAIN, value)]
    quick = sort_ticks(chunk_of(sources), PARTITIONS)
    slow, single = SortedTicks(), Sorted[Any]()
    for source in sources:
        _sort_slowly(source, PARTITIONS, slow, single)
    if single.good:
        slow.columns.append(_columns_of(single.good))
    slow.reroutes += single.reroutes
    slow.dead += single.dead
    one, other = join_columns(quick.columns), join_columns(slow.columns)
    assert _rows(one) == _rows(other), "the quick way reads other ticks"
    assert quick.reroutes == slow.reroutes, "the quick way sends other elements elsewhere"
    assert quick.dead == slow.dead, "the quick way refuses otherwise"
    _go_on(quick.reroutes, quick.dead, topics.TICKS)
    bars = fold_columns(quick.columns, BOOK, LATENESS_MS)
    assert bars == fold_columns(other, BOOK, LATENESS_MS), "the quick way makes other bars"
    return _way(len(one) - 1, quick.reroutes, quick.dead)


def _records(topic: Topic, value: bytes) -> str:
    source = _source(topic, value)
    return _sorted_alike(found := sort_records((source,), topic, PARTITIONS), found)


def _source(topic: Topic, value: bytes) -> Source:
    return Source(topic.name, HOME, 7, 1_704_207_600_001, b"k", value)


def _rows(columns: TickColumns) -> list[tuple[Any, ...]]:
    names = map(columns.tickers.__getitem__, columns.code.tolist())
    rest = (columns.ts_ms, columns.day, columns.price, columns.flags, columns.revision)
    return sorted(zip(names, *(each.tolist() for each in rest), strict=True))


def _sorted_alike(found: Sorted[Any], strict: Sorted[Any]) -> str:
    if found is not strict:
        for each, other in zip(found.good, strict.good, strict=True):
            # by bytes, so that a negative zero shows
            assert encode(each) == encode(other), "the quick way reads another record"
        assert found.times_ms == strict.times_ms
        assert found.reroutes == strict.reroutes
        assert found.dead == strict.dead, "the quick way refuses otherwise"
    topic: Topic = topics.SIGNALS
    for each in found.good:
        topic = next(one for one in topics.INBOUND if type(each) in one.records)
        again = sort_records((_source(topic, encode(each)),), topic, PARTITIONS)
        assert again.good == [each], "a good record is refused when it is written again"
    _go_on(found.reroutes, found.dead, topic if found.good else None)
    return _way(len(found.good), found.reroutes, found.dead)


def _go_on(reroutes: Iterable[Reroute], dead: Iterable[DeadLetter], topic: Topic | None) -> None:
    for each in reroutes:
        if topic is not None:
            at_home = _source(topic, each.value)._replace(partition=each.partition)
            assert not sort_records((at_home,), topic, PARTITIONS).dead, "refused at home"
    for letter in dead:
        value = encode(letter)
        assert decode(value) == letter, "a dead letter is read otherwise"
        assert letter_of(value).detail == letter.message


def _way(good: int, reroutes: Sequence[Any], dead: Sequence[DeadLetter]) -> str:
    told = "; ".join(sorted({f"{e.error_class} {e.message[:16]}" for e in dead[:4]}))
    some = min(good, 1), min(len(reroutes), 1), min(len(dead), 2)
    return f"taken {some} {told}" if good or reroutes else f"refused {told}"


def _asked_alike(full: Signal) -> None:
    body = encode(full)[_BODY:]
    asked = read_asked(body, full.action, full.horizon_sessions or 1)
    if asked is not None:
        for name in asked._fields:
            was, wanted = getattr(asked, name), getattr(full, name)
            assert was == wanted, f"the quick reader differs in {name}"


JUDGES: dict[str, Callable[[bytes], str]] = {
    "wire": wire,
    "inbound-signals": signals,
    "inbound-ticks": ticks,
    "inbound-actions": actions,
    "inbound-decisions": decisions,
}
