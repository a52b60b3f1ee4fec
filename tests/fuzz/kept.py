"""Judges of what the program itself wrote, damaged: the journal, and the rows of the state.

Declared: JournalError (DamagedError within it) and StateError.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from signal_tracker.errors import JournalError
from signal_tracker.journal import Journal
from signal_tracker.journal_frames import DamagedError, Kept, frame, frames, pack, unpack
from streams import tables
from streams.domain.tracker import PartitionTracker
from streams.rows import StateError, restore
from tests.fuzz.outcomes import refused, taken
from tests.unit.streams.fold import new_tracker

NAME = "00000001.segment"
MANIFEST = {
    "journal": "0" * 32,
    "prefix": "",
    "partitions": 8,
    "starts": 1,
    "segments": 1,
    "bytes": None,
    "format": 1,
}
TITLE = f"segment 1 of journal {'0' * 32}".encode()


def journal_frames(value: bytes) -> str:
    """Judge a segment's bytes: what is read of it is written as it stands there."""
    end, many, held = 0, 0, 0
    try:
        for end, payload in frames(value):
            many += 1
            assert value[:end].endswith(frame(payload)), "a frame is not as it was written"
            if payload[:7] != b"segment":
                held += len(list(unpack(payload)))
    except DamagedError as error:
        return refused(error)
    assert end <= len(value)
    return f"{'taken' if many else 'refused'} {min(many, 3)} {min(held, 3)} {end == len(value)}"


def journal_payloads(value: bytes) -> str:
    """Judge what stands in a frame, before it was compressed."""
    import zlib

    try:
        kept = list(unpack(zlib.compress(value, 1)))
    except DamagedError as error:
        return refused(error)
    assert list(unpack(pack(kept))) == kept
    return taken(min(len(kept), 3))


def journal_folder(value: bytes) -> str:
    """Judge a manifest, up to the first NUL pair, and the segment behind it."""
    manifest, _, segment = value.partition(b"\0\0\0\0")
    folder = _folder()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "journal.json").write_bytes(manifest)
    (folder / NAME).write_bytes(segment)
    try:
        with Journal.open(folder, prefix="", partitions=None, default=8) as journal:
            first = list(journal.records())
        with Journal.open(folder, prefix="", partitions=None, default=8) as journal:
            assert list(journal.records()) == first, "a second start reads something else"
    except JournalError as error:
        return refused(error).replace(str(folder), "")
    return taken(min(len(first), 3))


@cache
def _folder() -> Path:
    # in memory where that can be had: every open flushes to the disk
    place = Path("/dev/shm")
    return Path(tempfile.mkdtemp(dir=place if place.is_dir() else None)) / "journal"


def rows(value: bytes) -> str:
    """Judge rows of the tables: a line of JSON, [[table, key, size], ...], and the values."""
    head, _, rest = value.partition(b"\n")
    found: dict[str, dict[bytes, bytes]] = {name: {} for name in tables.TABLE_NAMES}
    try:
        at = 0
        for table, key, size in json.loads(head):
            found[table][key.encode()] = rest[at : at + size]
            at += size
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "no rows"
    tracker: PartitionTracker = new_tracker()
    try:
        restore(tracker, found)
    except StateError as error:
        return refused(error)
    return taken(len(tracker.tickers))


def segment(*payloads: bytes) -> bytes:
    """Return the bytes of a segment."""
    return frame(TITLE) + b"".join(map(frame, payloads))


def sample() -> list[Kept]:
    """Return records as a journal keeps them."""
    return [
        Kept(0, 1, 0, 1_704_207_600_000, b"AAPL", b'{"ticker":"AAPL"}'),
        Kept(1, 3, 0, 1_704_207_600_001, None, b"\xc3\x01" + bytes(40), (("a", b"b"), ("n", None))),
        Kept(3, 0, 0, -1, b"", None),
    ]


JUDGES: dict[str, Callable[[bytes], str]] = {
    "journal-frames": journal_frames,
    "journal-payloads": journal_payloads,
    "journal-folders": journal_folder,
    "state-rows": rows,
}
