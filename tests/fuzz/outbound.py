"""Judges of what the sinks read: the quick readers say what the general decoder says.

Declared is nothing: a record that cannot be read is a dead letter of the sink.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from schemas import topics
from schemas.codec import decode_fields
from schemas.errors import DecodeError
from schemas.reading import read_long
from signal_tracker.dead_letter_lines import letter_json, letter_lines, row_line, tally_lines
from signal_tracker.dead_letters import Tally, letter_of
from sinks.decoding import _check_numbers, decode_parts
from sinks.fetching import Record, read_records
from sinks.observation_blocks import blocks_of, read_blocks
from sinks.observation_columns import ObservationBlock
from sinks.sink import Batch, Fields
from sinks.state_reading import event_texts, read_event, read_state, state_texts
from tests.fuzz.outcomes import refused, taken

_FIRST, _MS = 1 << 40, 1_704_207_600_000
_HEAD = 61


def _read(topic: topics.Topic, value: bytes) -> Batch:
    return decode_parts({(topic.name, 0): [Record(5, _MS, b"k", value)]}, epochs={})


def _general(value: bytes, name: str, texts: Callable[[Fields], Any]) -> Any:
    found, content = decode_fields(value)
    if found != name:
        msg = "another record"
        raise DecodeError(msg)
    _check_numbers(name, content)
    return texts(content)


def _by_two(name: str, quick: Any, texts: Callable[[Fields], Any], topic: topics.Topic) -> Any:
    def judge(value: bytes) -> str:
        found = quick(value) if value else None
        batch = _read(topic, value)
        rows = batch.states if topic is topics.SIGNAL_STATES else batch.events
        assert len(rows) + len(batch.dead_letters) + len(batch.displaced) == 1
        try:
            general = _general(value, name, texts)
        except DecodeError as error:
            assert not rows, "the quick reader takes what the general one refuses"
            return refused(error)
        assert found is None or repr(found) == repr(general), "the quick reader differs"
        wanted = [] if batch.displaced else [general]
        assert repr(rows) == repr(wanted), "the sink reads something else"
        return taken(found is None)

    return judge


def observations(value: bytes) -> str:
    """Judge a record of `observations`."""
    quick = read_blocks(value) if value else None
    batch = _read(topics.OBSERVATIONS, value)
    try:
        name, content = decode_fields(value)
        general = blocks_of(content) if name == "Observations" else None
    except DecodeError as error:
        assert quick is None, "the quick reader takes what the general one refuses"
        assert len(batch.dead_letters) == 1
        return refused(error)
    assert quick is None or _rows(quick) == _rows(general or []), "the quick reader differs"
    wanted = [] if batch.displaced else general or []
    assert _rows(batch.observations) == _rows(wanted), "the sink reads something else"
    return taken(quick is None, bool(general))


def _rows(blocks: list[ObservationBlock]) -> str:
    return repr(
        [
            (e.ticker, e.session, e.day, e.epoch, pair, k, values)
            for e in blocks
            for pair, k, values in zip(
                e.keys.pairs(), e.k, zip(*e.values, strict=True), strict=True
            )
        ]
    )


def _plain(topic: topics.Topic, rows_of: Callable[[Batch], list[Fields]], value: bytes) -> str:
    batch = _read(topic, value)
    rows = rows_of(batch)
    assert len(rows) + len(batch.dead_letters) + len(batch.displaced) == 1
    if rows or batch.displaced:
        return taken(bool(rows))
    return f"refused {batch.dead_letters[0]['message'][:40]}"


def letters(value: bytes) -> str:
    """Judge a record of `dead-letters`, as the sink and as the command `dlq` reads it."""
    batch = _read(topics.DEAD_LETTERS, value)
    assert len(batch.dead_letters) == 1
    try:
        letter = letter_of(value)
    except DecodeError as error:
        return refused(error)
    for encoding in ("text", "hex", "base64"):
        "\n".join(letter_lines(letter, encoding)).encode()
    row_line(letter)
    "\n".join(tally_lines(Tally(limit=1).take([letter, letter]))).encode()
    orjson.dumps(letter_json(letter))
    return taken(letter.replay_of is not None, letter.is_cut)


def fetched(value: bytes) -> str:
    """Judge the body of a fetched batch: its first byte says how many records it should hold."""
    if not value:
        return "refused"
    count, body = value[0], value[1:]
    found = read_records(body, count, _FIRST, _MS)
    if found is None:
        return "refused"
    if _is_marked(body, count):
        # reserved, and always 0: one byte by the protocol, more to kafka-python
        return taken("marked")
    theirs = list(DefaultRecordBatch(_batch(count, body)))
    read = [(e.offset, e.timestamp, e.key, e.value) for e in theirs]
    assert read == [tuple(each) for each in found], "kafka-python reads something else"
    return taken(count)


def _is_marked(body: bytes, count: int) -> bool:
    at = 0
    for _ in range(count):
        size, at = read_long(body, at)
        if body[at]:
            return True
        at += size
    return False


def _batch(count: int, body: bytes) -> bytes:
    head = bytearray(_empty())
    head[0:8] = _FIRST.to_bytes(8)
    head[8:12] = (_HEAD - 12 + len(body)).to_bytes(4)
    head[27:43] = _MS.to_bytes(8) * 2
    head[57:61] = count.to_bytes(4)
    return bytes(head) + body


def _empty() -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    builder.append(0, timestamp=_MS, key=b"", value=b"", headers=[])
    return bytes(builder.build())[:_HEAD]


JUDGES: dict[str, Callable[[bytes], str]] = {
    "sink-states": _by_two("SignalState", read_state, state_texts, topics.SIGNAL_STATES),
    "sink-events": _by_two("ValidationEvent", read_event, event_texts, topics.VALIDATION_EVENTS),
    "sink-observations": observations,
    "sink-bars": partial(_plain, topics.BARS, lambda batch: batch.bars),
    "sink-policies": partial(_plain, topics.POLICIES, lambda batch: batch.policies),
    "dead-letters": letters,
    "fetched-batches": fetched,
}
