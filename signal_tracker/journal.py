"""The journal of the embedded broker: the inbound topics on disk, in segments of frames.

Written by one process, which holds a lock. `append` returns when its records are
on the disk. A frame that a kill left unfinished at the very end is cut off, which
loses nothing that `append` had returned for; anything else that is not as it was
written is an error, and nothing is changed.
"""

import fcntl
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Self

from schemas.topics import MAX_PARTITIONS
from signal_tracker.errors import JournalError
from signal_tracker.journal_frames import DamagedError, Kept, frame, frames, pack, unpack

FORMAT = 1
SEGMENT_BYTES = 64 * 1024 * 1024

_MANIFEST = "journal.json"
_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the journal is of; `bytes` of the last segment are told after a clean stop alone."""

    journal: str
    prefix: str
    partitions: int
    starts: int = 0
    segments: int = 0
    bytes: int | None = None
    format: int = FORMAT


class Journal:
    """One journal folder, opened for this process alone."""

    def __init__(self, folder: Path, lock: IO[str], manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.ends: dict[tuple[int, int], int] = {}
        self.cut_bytes = 0
        self._lock = lock
        self._file: IO[bytes] | None = None
        self._broken = False

    @classmethod
    def open(cls, folder: Path, *, prefix: str, partitions: int | None, default: int) -> Self:
        """Take the journal in a folder, made where there is none; raise JournalError.

        Without `partitions` it is as it was made, with `default` where it is new.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder)
        try:
            manifest = _read_manifest(folder)
            if manifest is None:
                _refuse_foreign(folder)
                manifest = Manifest(
                    journal=uuid.uuid4().hex, prefix=prefix, partitions=partitions or default
                )
            _refuse_other(folder, manifest, prefix, partitions)
            journal = cls(folder, lock, replace(manifest, starts=manifest.starts + 1))
        except BaseException:
            lock.close()
            raise
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def source_id(self) -> str:
        """Return the name of this start of this journal."""
        return f"{self.manifest.journal}-{self.manifest.starts}"

    def records(self) -> Iterator[Kept]:
        """Yield all records in order, then be ready to append; ask for it once."""
        numbers = self._segment_numbers()
        for number in numbers:
            last = number == numbers[-1]
            path = self._path(number)
            content = path.read_bytes()
            end, first = 0, True
            try:
                for end, payload in frames(content):  # noqa: B007 where the last whole frame ends
                    if first:
                        self._check_title(payload, number)
                        first = False
                        continue
                    for record in unpack(payload):
                        self._check_next(record)
                        yield record
            except DamagedError as error:
                raise self._damaged(path, str(error)) from None
            self._check_end(path, end, len(content), last=last)
        self._begin_to_append(len(numbers))

    def append(self, records: Iterable[Kept]) -> int:
        """Keep records, in their order; return how many bytes that took when they are durable."""
        kept = list(records)
        if self._file is None or self._broken:
            msg = f"{self.folder}: expected a journal that can be written, was closed or failed"
            raise JournalError(msg)
        if not kept:
            return 0
        for record in kept:
            self._check_next(record)
        if self._file.tell() >= SEGMENT_BYTES:
            self._open_segment(self.manifest.segments + 1)
        content = frame(pack(kept))
        self._write(self._file, content)
        return len(content)

    def size(self) -> int:
        """Return the bytes of all segments."""
        return sum(path.stat().st_size for path in self.folder.glob("*.segment"))

    def close(self) -> None:
        """Note where the journal ends, and let another process take it."""
        if self._file is not None:
            if not self._broken:
                self._write_manifest(replace(self.manifest, bytes=self._file.tell()))
            self._file.close()
            self._file = None
        self._lock.close()

    def _check_next(self, record: Kept) -> None:
        tp = record.topic, record.partition
        expected = self.ends.get(tp, 0)
        if record.offset != expected:
            msg = f"{self.folder}: expected offset {expected} of {tp} next, was {record.offset}"
            raise JournalError(msg)
        self.ends[tp] = expected + 1

    def _check_end(self, path: Path, end: int, size: int, *, last: bool) -> None:
        told = self.manifest.bytes
        if end == size and not (last and told is not None and size != told):
            return
        if not last:
            raise self._damaged(path, f"expected whole frames up to byte {size}, was {end}")
        if told is not None:
            raise self._damaged(path, f"expected {told} bytes after a clean stop, was {end}")
        self.cut_bytes = size - end
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())

    def _begin_to_append(self, segments: int) -> None:
        self._open_segment(max(segments, 1))

    def _open_segment(self, number: int) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._path(number).open("ab")
        if not self._file.tell():
            self._write(self._file, frame(self._title(number)))
        self._write_manifest(replace(self.manifest, segments=number, bytes=None))

    def _write(self, file: IO[bytes], content: bytes) -> None:
        # A write that fails half way leaves an unfinished frame: nothing may come behind it.
        self._broken = True
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        self._broken = False

    def _title(self, number: int) -> bytes:
        return f"segment {number} of journal {self.manifest.journal}".encode()

    def _check_title(self, found: bytes, number: int) -> None:
        if found != self._title(number):
            msg = f"expected {self._title(number).decode()}, was {found[:100]!r}"
            raise DamagedError(msg)

    def _write_manifest(self, manifest: Manifest) -> None:
        self.manifest = manifest
        path = self.folder / _MANIFEST
        new = path.with_suffix(".new")
        with new.open("w") as file:
            file.write(json.dumps(asdict(manifest), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync_folder(self.folder)

    def _segment_numbers(self) -> list[int]:
        numbers = sorted(_number(path) for path in self.folder.glob("*.segment"))
        many = max(len(numbers), self.manifest.segments)
        found = set(numbers)
        # a few are enough to say: a manifest could speak of any number
        lacking = list(islice((each for each in range(1, many + 1) if each not in found), 5))
        if lacking:
            msg = f"{self.folder}: expected segments 1 to {many}, lacking {lacking}"
            raise JournalError(msg)
        return numbers

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.segment"

    def _damaged(self, path: Path, what: str) -> JournalError:
        return JournalError(
            f"{path} is damaged: {what}. Nothing was changed. Bring the folder back from a copy, "
            "or move it away, start without it and publish the same files again"
        )


def _locked(folder: Path) -> IO[str]:
    lock = (folder / ".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        msg = f"{folder} is in use by another broker; a journal takes one"
        raise JournalError(msg) from None
    return lock


def _read_manifest(folder: Path) -> Manifest | None:
    path = folder / _MANIFEST
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        wrong = None if found["format"] == FORMAT else f"format {found['format']}"
        manifest = Manifest(**found)
        wrong = wrong or _wrong_field(manifest)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        msg = f"{path}: expected the manifest of a journal of format {FORMAT}, was {wrong:.200}"
        raise JournalError(msg)
    return manifest


def _wrong_field(manifest: Manifest) -> str | None:
    """Return which value of a manifest none of ours could be."""
    counts = (manifest.starts, manifest.segments, manifest.bytes or 0)
    rules = {
        "journal": isinstance(manifest.journal, str) and _ID.fullmatch(manifest.journal),
        "prefix": isinstance(manifest.prefix, str),
        "partitions": type(manifest.partitions) is int
        and 1 <= manifest.partitions <= MAX_PARTITIONS,
        "starts, segments or bytes": all(type(each) is int and each >= 0 for each in counts),
    }
    wrong = [name for name, holds in rules.items() if not holds]
    return f"no value of {wrong[0]}" if wrong else None


def _refuse_foreign(folder: Path) -> None:
    if any(folder.glob("*.segment")):
        msg = (
            f"{folder} holds segments, but no {_MANIFEST}: bring it back, or choose another --data"
        )
        raise JournalError(msg)
    with suppress(FileNotFoundError):
        (folder / _MANIFEST).with_suffix(".new").unlink()


def _refuse_other(folder: Path, held: Manifest, prefix: str, partitions: int | None) -> None:
    if held.prefix != prefix:
        msg = f"{folder} keeps topics behind the prefix {held.prefix!r}, was {prefix!r}"
        raise JournalError(msg)
    if partitions not in (None, held.partitions):
        msg = (
            f"{folder} keeps topics of {held.partitions} partitions, was --partitions {partitions}"
        )
        raise JournalError(msg)


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
