"""Publish whole files: read, check, place in the ticker's partition, send.

Lines that are refused are reported one by one and never stop the rest. When a
function here returns, everything it counts as sent is acknowledged.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TypeAlias

from producers.batches import PlacedBatch, batches_of
from producers.publisher import Publisher
from producers.results import OnRefused, PublishResult, Refusal, Tally
from producers.rows import Row, RowOptions, T, read_records
from producers.sources import Format, Source, open_source
from producers.tick_cells import TickOptions
from producers.ticks import read_ticks
from schemas.codec import MAX_RECORD_BYTES, encode
from schemas.records import CorporateAction, Decision, Signal
from schemas.topics import CORPORATE_ACTIONS, DECISIONS, SIGNALS, TICKS, Topic, partition_of, prefixed

OnProgress: TypeAlias = Callable[[int, int | None], None]

TOPICS: dict[type, Topic] = {
    Signal: SIGNALS,
    CorporateAction: CORPORATE_ACTIONS,
    Decision: DECISIONS,
}
_REPORT_EVERY = 500
_SETTLED: dict[tuple[str, int], int] = {}


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
    format_: Format | None = None,
    source_name: str = "",
    stdin: IO[bytes] | None = None,
    on_refused: OnRefused = _ignore_refusal,
    on_progress: OnProgress = _ignore_progress,
) -> PublishResult:
    """Publish a file of prices as TickBatch records; `records` of the result are ticks."""
    topic = prefixed(prefix, TICKS)
    partitions = publisher.partitions(topic)
    tally = Tally(report=on_refused)
    with open_source(path, format_, stdin) as source:
        for chunk in read_ticks(source, options or TickOptions()):
            for refusal in chunk.refused:
                tally.refuse(refusal)
            for placed in batches_of(chunk.ticks, partitions, source=source_name):
                _send_batch(publisher, topic, placed, tally)
            on_progress(source.position(), source.total)
        publisher.flush()
    return tally.result(publisher.ends)


def publish_records_file(
    publisher: Publisher,
    cls: type[T],
    path: str | Path,
    *,
    prefix: str = "",
    options: RowOptions | None = None,
    format_: Format | None = None,
    stdin: IO[bytes] | None = None,
    on_refused: OnRefused = _ignore_refusal,
    on_progress: OnProgress = _ignore_progress,
) -> PublishResult:
    """Publish a file of signals, corporate actions or decisions to their topic."""
    topic = prefixed(prefix, TOPICS[cls])
    partitions = publisher.partitions(topic)
    tally = Tally(report=on_refused)
    with open_source(path, format_, stdin) as source:
        for number, found in enumerate(read_records(source, cls, options)):
            if isinstance(found, Refusal):
                tally.refuse(found)
            else:
                _send_record(publisher, topic, found, partitions, tally)
            if number % _REPORT_EVERY == 0:
                on_progress(source.position(), source.total)
        publisher.flush()
        on_progress(source.position(), source.total)
    return tally.result(publisher.ends)
