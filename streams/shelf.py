"""The rows of a worker's tables on its disk: one RocksDB, by partition and table.

How far a changelog was read stands beside the rows that were read of it and is written with
them, all or nothing; what a kill or a power cut takes away is always the newest, and is read
again. The changelogs are the truth: of what stands here nothing is ever ahead of them.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from streams.tables import TABLE_NAMES

# Key and value of a changelog's record; None takes the row of the key away.
Row: TypeAlias = tuple[bytes | None, bytes | None]

# Behind the partition stands what the entry is: how far a table's changelog was read, or a row.
_PARTITION: Final = Struct(">I")
_OFFSET: Final = Struct(">q")
_READ, _ROW = b"\0", b"\1"
_NO_PARTITION: Final = 0xFFFFFFFF
_SOURCES: Final = _PARTITION.pack(_NO_PARTITION) + b"sources"
_DAMAGED: Final = "DAMAGED"
_WRITE_BUFFER: Final = 8 * 1024 * 1024
_BLOCK_CACHE: Final = 8 * 1024 * 1024


class ShelfError(Exception):
    """Say why the rows on disk cannot be read or written."""


class Shelf:
    """Rows and offsets in one folder, open until it is left; one process has it at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._failed: ShelfError | None = None
        self._number = {name: bytes([at]) for at, name in enumerate(TABLE_NAMES)}
        self._rocks: Any = library()
        self._db: Any = self._open()

    def __enter__(self) -> Self:
        """Return the shelf itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the database; nothing is lost without it, nor where a write has failed before."""
        try:
            self._db.close()
        except Exception as error:  # RocksDB's binding has no narrower one
            if self._failed is None:
                msg = f"cannot close the rows in {self._folder}: {error}"
                raise ShelfError(msg) from error

    def write(self, partition: int, table: str, rows: Iterable[Row], offset: int) -> None:
        """Put rows, or take away those that are None, with how far the changelog was read.

        After a failure nothing more is written: what was lost of it would be missed.
        """
        self.check()
        head = self._head(partition, table, _ROW)
        batch = self._rocks.WriteBatch(raw_mode=True)
        for key, value in rows:
            if key is not None and value is not None:
                batch.put(head + key, value)
            elif key is not None:
                batch.delete(head + key)
        batch.put(self._head(partition, table, _READ), _OFFSET.pack(offset))
        self._write(batch)

    def offset(self, partition: int, table: str) -> int | None:
        """Return the offset up to which a table's changelog is here, None without any of it."""
        found = self._db.get(self._head(partition, table, _READ))
        return None if found is None else int(_OFFSET.unpack(found)[0])

    def rows(self, partition: int, table: str) -> Iterator[tuple[bytes, bytes]]:
        """Yield key and row of everything in a partition of a table."""
        self.check()
        head = self._head(partition, table, _ROW)
        found = self._db.iter()
        found.seek(head)
        while found.valid():
            key = found.key()
            if not key.startswith(head):
                return
            yield key[len(head) :], found.value()
            found.next()
        self._check_end(found)

    def check(self) -> None:
        """Raise what has failed before."""
        if self._failed is not None:
            raise self._failed

    def offsets(self) -> dict[tuple[str, int], int]:
        """Return up to where each partition of each table is here."""
        return {
            (table, partition): at
            for partition in self._partitions()
            for table in TABLE_NAMES
            if (at := self.offset(partition, table)) is not None
        }

    def forget(self, partition: int) -> None:
        """Take away everything of a partition."""
        batch = self._rocks.WriteBatch(raw_mode=True)
        batch.delete_range(_PARTITION.pack(partition), _PARTITION.pack(partition + 1))
        self._write(batch)

    @property
    def sources(self) -> Mapping[str, str]:
        """Return the ids of the topics that these rows are of; none before they are known."""
        found = self._db.get(_SOURCES)
        return {} if found is None else dict(json.loads(found))

    def note_sources(self, ids: Mapping[str, str]) -> None:
        """Note the ids of the topics that these rows are of."""
        batch = self._rocks.WriteBatch(raw_mode=True)
        batch.put(_SOURCES, json.dumps(dict(ids)).encode())
        self._write(batch)

    def _partitions(self) -> Iterator[int]:
        found, partition = self._db.iter(), 0
        while True:
            found.seek(_PARTITION.pack(partition))
            if not found.valid():
                self._check_end(found)
                return
            (partition,) = _PARTITION.unpack_from(found.key())
            if partition == _NO_PARTITION:
                return
            yield partition
            partition += 1

    def _check_end(self, found: Any) -> None:
        # At a damaged place it ends as at the end of all.
        try:
            found.status()
        except Exception as error:  # as above
            (self._folder / _DAMAGED).touch()
            msg = f"the rows in {self._folder} are damaged ({error}): start the worker again"
            self._failed = ShelfError(f"{msg}, it recovers from the changelogs")
            raise self._failed from error

    def _head(self, partition: int, table: str, kind: bytes) -> bytes:
        return _PARTITION.pack(partition) + self._number[table] + kind

    def _write(self, batch: Any) -> None:
        try:
            self._db.write(batch)
        except Exception as error:  # as above
            self._failed = ShelfError(f"cannot write the rows in {self._folder}: {error}")
            raise self._failed from error

    def _open(self) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / _DAMAGED).exists():
            msg = f"the rows in {self._folder} are damaged"
            raise ShelfError(msg)
        try:
            return self._rocks.Rdict(str(self._folder), self._options())
        except Exception as error:  # as above
            msg = f"the rows in {self._folder} cannot be opened: {error}"
            raise ShelfError(msg) from error

    def _options(self) -> Any:
        # What is here is read once at a start, from one end to the other, and written in bulk:
        # memory is for the state.
        options = self._rocks.Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(_WRITE_BUFFER)
        options.set_max_write_buffer_number(2)
        options.set_max_total_wal_size(4 * _WRITE_BUFFER)
        options.set_keep_log_file_num(2)
        options.set_max_open_files(128)
        blocks = self._rocks.BlockBasedOptions()
        blocks.set_block_cache(self._rocks.Cache(_BLOCK_CACHE))
        options.set_block_based_table_factory(blocks)
        return options


def emptied(folder: Path) -> Path:
    """Take away what is in a folder of rows; return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def library() -> Any:
    """Return RocksDB's binding; raise ShelfError where it is not installed."""
    try:
        import rocksdict
    except ImportError:
        msg = "--store rocksdb: expected the package rocksdict, was none; pip install rocksdict"
        raise ShelfError(msg) from None
    return rocksdict
