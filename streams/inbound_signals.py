"""Records of the signals topic to signals: the usual ones quickly, all others as `inbound` does."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.codec import HEADER_BYTES, MAX_RECORD_BYTES, header_of
from schemas.records import Signal
from schemas.signal_input import checked_body, checked_json
from schemas.topics import SIGNALS, partition_of
from streams.inbound import Sorted, Source, place, sort_records

_JSON = (b"{", b"[")


def sort_signals(chunk: Iterable[Source], partitions: int) -> Sorted[Any]:
    """Return the signals of a chunk, as `sort_records` would."""
    found: Sorted[Any] = Sorted()
    for source in chunk:
        signals = _usual(source.value)
        if signals is None:
            judged = sort_records((source,), SIGNALS, partitions)
            found.good += judged.good
            found.times_ms += judged.times_ms
            found.reroutes += judged.reroutes
            found.dead += judged.dead
            continue
        for signal in signals:
            if partition_of(signal.ticker, partitions) == source.partition:
                found.good.append(signal)
                found.times_ms.append(source.timestamp_ms)
            else:
                place(source, signal, partitions, found)
    return found


def _usual(value: bytes | None) -> Sequence[Signal] | None:
    if not value or len(value) > MAX_RECORD_BYTES:
        return None
    if value[:1] in _JSON:
        return checked_json(value)
    if value[:HEADER_BYTES] == header_of("Signal"):
        signal = checked_body(value[HEADER_BYTES:])
        return None if signal is None else (signal,)
    return None
