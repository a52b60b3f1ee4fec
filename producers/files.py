"""Publish whole files: read, check, place in the ticker's partition, send.

Lines that are refused are reported one by one and never stop the rest. When a
function here returns, everything it counts as sent is acknowledged.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

from producers.batches import PlacedBatch, batches_of
from producers.errors import InputError
from producers.publishing import Publisher
from producers.record_columns import RowOptions
from producers.results import OnRefused, PublishResult, Refusal, Tally
from producers.rows import Row, T, read_records
from producers.sources import open_source
from producers.tick_cells import TickOptions
from producers.ticks import read_ticks
from schemas.codec import MAX_RECORD_BYTES, encode
from schemas.records import CorporateAction, Decision, Signal
from schemas.topics import (
    CORPORATE_ACTIONS,
    DECISIONS,
    SIGNALS,
    TICKS,
    Topic,
    partition_of,
    prefixed,
)

OnProgress: TypeAlias = Callable[[int, int | None], None]

TOPICS: dict[type, Topic] = {
    Signal: SIGNALS,
    CorporateAction: CORPORATE_ACTIONS,
    Decision: DECISIONS,
}
_REPORT_EVERY = 500


def _ignore_refusal(_refusal: Refusal) -> None:
    """Hear nothing; the result counts it."""


def _ignore_progress(_done: int, _total: int | None) -> None:
    """Hear nothing."""


def publish_ticks_file(
    publisher: Publisher,
    path: str | Path,
    *,
    prefix: str = "",
    options: TickOptions | None = None,
    format_: str | None = None,
    source_name: str = "",
    stdin: IO[bytes] | None = None,
    on_refused: OnRefused = _ignore_refusal,
    on_progress: OnProgress = _ignore_progress,
) -> PublishResult:
    """Publish a file of prices as TickBatch records; `records` of the result are ticks."""
    topic = prefixed(prefix, TICKS)
    partitions = publisher.partitions(topic)
    tally = Tally(report=on_refused)
    with open_source(path, format_, stdin) as source, _flushed(publisher):
        for chunk in read_ticks(source, options or TickOptions()):
            for refusal in chunk.refused:
                tally.refuse(refusal)
            tally.send(lines=chunk.ticks.line_count, records=len(chunk.ticks.lines))
            for placed in batches_of(chunk.ticks, partitions, source=source_name):
                _send_batch(publisher, topic, placed, tally)
            on_progress(source.position(), source.total)
    return tally.result(publisher.ends)


def publish_records_file(
    publisher: Publisher,
    cls: type[T],
    path: str | Path,
    *,
    prefix: str = "",
    options: RowOptions | None = None,
    format_: str | None = None,
    stdin: IO[bytes] | None = None,
    on_refused: OnRefused = _ignore_refusal,
    on_progress: OnProgress = _ignore_progress,
) -> PublishResult:
    """Publish a file of signals, corporate actions or decisions to their topic."""
    topic = prefixed(prefix, TOPICS[cls])
    partitions = publisher.partitions(topic)
    tally = Tally(report=on_refused)
    with open_source(path, format_, stdin) as source, _flushed(publisher):
        for number, found in enumerate(read_records(source, cls, options)):
            if isinstance(found, Refusal):
                tally.refuse(found)
            else:
                _send_record(publisher, topic, found, partitions, tally)
            if number % _REPORT_EVERY == 0:
                on_progress(source.position(), source.total)
        on_progress(source.position(), source.total)
    return tally.result(publisher.ends)


def publish_records(
    publisher: Publisher,
    records: Iterable[T],
    *,
    prefix: str = "",
    on_refused: OnRefused = _ignore_refusal,
) -> PublishResult:
    """Publish records that are made, not read; a refusal names their place, from 1."""
    tally = Tally(report=on_refused)
    partitions: dict[str, int] = {}
    with _flushed(publisher):
        for number, record in enumerate(records, 1):
            topic = prefixed(prefix, TOPICS[type(record)])
            if topic not in partitions:
                partitions[topic] = publisher.partitions(topic)
            row = Row(line=number, record=record)
            _send_record(publisher, topic, row, partitions[topic], tally)
    return tally.result(publisher.ends)


def _send_batch(publisher: Publisher, topic: str, placed: PlacedBatch, tally: Tally) -> None:
    def too_large(reason: str) -> None:
        lines, count = placed.ticks.lines, placed.ticks.line_count
        refusal = Refusal(line=int(lines[0]), last_line=int(lines[-1]), lines=count, reason=reason)
        tally.take_back(refusal, records=len(lines))

    value = encode(placed.batch)
    publisher.publish(topic, None, value, placed.partition, on_too_large=too_large)


def _send_record(
    publisher: Publisher, topic: str, row: Row[T], partitions: int, tally: Tally
) -> None:
    value = encode(row.record)
    if len(value) > MAX_RECORD_BYTES:
        reason = f"expected at most {MAX_RECORD_BYTES} bytes, was {len(value)}"
        tally.refuse(Refusal(line=row.line, reason=reason))
        return

    def too_large(reason: str) -> None:
        tally.take_back(Refusal(line=row.line, reason=reason), records=1)

    ticker = row.record.ticker
    tally.send(lines=1, records=1)
    partition = partition_of(ticker, partitions)
    publisher.publish(topic, ticker.encode(), value, partition, on_too_large=too_large)


@contextmanager
def _flushed(publisher: Publisher) -> Iterator[None]:
    try:
        yield
    except InputError:
        # what stood before the damage was good, and is counted as sent nowhere else
        publisher.flush()
        raise
    publisher.flush()
