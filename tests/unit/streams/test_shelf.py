"""Rows on disk: all of what was written or none of it, and nothing that may be half."""

import sys
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.types import TP

from streams import tables
from streams.shelf import Shelf, ShelfError, emptied
from streams.shelf_tables import ahead_of, is_of, stores_on
from tests.topology.log import Log

SIGNALS = tables.SIGNALS


def test_rows_come_back_by_partition_and_table(tmp_path: Path) -> None:
    with Shelf(tmp_path) as shelf:
        shelf.write(0, SIGNALS, [(b"a", b"1"), (b"b", b"1")], 1)
        shelf.write(0, tables.ACTIONS, [(b"a", b"x")], 0)
        shelf.write(256, SIGNALS, [(b"a", b"2")], 7)
        shelf.write(0, SIGNALS, [(b"a", b"3"), (b"b", None), (None, b"!")], 4)

    with Shelf(tmp_path) as shelf:
        assert dict(shelf.rows(0, SIGNALS)) == {b"a": b"3"}
        assert dict(shelf.rows(256, SIGNALS)) == {b"a": b"2"}
        assert dict(shelf.rows(0, tables.ACTIONS)) == {b"a": b"x"}
        assert dict(shelf.rows(1, SIGNALS)) == {}
        assert shelf.offsets() == {
            (SIGNALS, 0): 4,
            (tables.ACTIONS, 0): 0,
            (SIGNALS, 256): 7,
        }


def test_a_forgotten_partition_takes_nothing_of_its_neighbours(tmp_path: Path) -> None:
    with Shelf(tmp_path) as shelf:
        for partition in (3, 4, 5):
            shelf.write(partition, SIGNALS, [(b"a", b"1")], 1)
        shelf.note_sources({SIGNALS: "id"})

        shelf.forget(4)

        assert shelf.offsets() == {(SIGNALS, 3): 1, (SIGNALS, 5): 1}
        assert dict(shelf.rows(4, SIGNALS)) == {}
        assert shelf.sources == {SIGNALS: "id"}


def test_rows_are_of_their_topics_alone(tmp_path: Path) -> None:
    with Shelf(tmp_path) as shelf:
        assert is_of(shelf, {SIGNALS: "new"})
        shelf.write(0, SIGNALS, [(b"a", b"1")], 1)
        assert not is_of(shelf, {SIGNALS: "new"})
        shelf.note_sources({SIGNALS: "one"})

        assert is_of(shelf, {SIGNALS: "one"})
        assert not is_of(shelf, {SIGNALS: "new"})
        assert not is_of(shelf, {})


def test_a_partition_is_ahead_of_a_changelog_that_ends_before_it(tmp_path: Path) -> None:
    with Shelf(tmp_path) as shelf:
        for partition in (0, 1, 2):
            shelf.write(partition, SIGNALS, [], 9)

        assert ahead_of(shelf, {(SIGNALS, 0): 10, (SIGNALS, 1): 9}) == [1, 2]


def test_what_cannot_be_opened_is_made_anew(tmp_path: Path) -> None:
    with Shelf(tmp_path) as shelf:
        shelf.write(0, SIGNALS, [(b"a", b"1")], 1)
    (tmp_path / "CURRENT").write_text("nothing\n")

    with pytest.raises(ShelfError, match="cannot be opened"):
        Shelf(tmp_path)
    with Shelf(emptied(tmp_path)) as shelf:
        assert shelf.offsets() == {}


def test_damaged_rows_are_no_end_of_rows(tmp_path: Path) -> None:
    """RocksDB's iterator ends where a block is damaged, as at the end of all."""
    with Shelf(tmp_path) as shelf:
        rows = [(b"%06d" % n, b"%06d" % n * 100) for n in range(20_000)]
        shelf.write(0, SIGNALS, rows, 1)
    largest = max(tmp_path.glob("*.sst"), key=lambda each: each.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = b"x" * 64
    largest.write_bytes(content)

    with Shelf(tmp_path) as shelf:
        with pytest.raises(ShelfError, match="are damaged"):
            list(shelf.rows(0, SIGNALS))
        with pytest.raises(ShelfError, match="are damaged"):
            shelf.write(0, SIGNALS, [], 2)
    with pytest.raises(ShelfError, match="are damaged"):
        Shelf(tmp_path)


def test_a_missing_library_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rocksdict", None)

    with pytest.raises(ShelfError, match=r"^--store rocksdb: .* pip install rocksdict$"):
        Shelf(tmp_path)


class TestStore:
    """What a table does with its shelf."""

    def table(self, shelf: Shelf) -> Any:
        app = faust.App("shelf", store="memory://")
        return tables.declare_tables(app, 4, stores_on(shelf))[SIGNALS]

    def read(self, table: Any, *entries: tuple[bytes, bytes, int]) -> None:
        log = Log()
        events = []
        for key, value, offset in entries:
            log.append(("c", 1), key, value)
            entry = log.entries["c", 1][-1]
            fields = {**{n: getattr(entry, n) for n in ("key", "value")}, "offset": offset}
            message = type("M", (), {**fields, "partition": 1})
            events.append(type("E", (), {"message": message}))
        table.data.apply_changelog_batch(events, bytes, bytes)

    def held(self, table: Any) -> int | None:
        found: int | None = table.data.persisted_offset(TP(table.changelog_name, 1))
        return found

    def test_rows_are_taken_again_only_where_more_came(self, tmp_path: Path) -> None:
        with Shelf(tmp_path) as shelf:
            table = self.table(shelf)
            self.read(table, (b"a", b"1", 0), (b"a", b"2", 1))

            assert table.take(1) == {b"a": b"2"}
            assert table.take(1) == {}
            self.read(table, (b"b", b"1", 2))
            assert table.take(1) == {b"a": b"2", b"b": b"1"}

    def test_a_partition_that_left_is_read_on_where_it_was(self, tmp_path: Path) -> None:
        with Shelf(tmp_path) as shelf:
            table = self.table(shelf)
            self.read(table, (b"a", b"1", 5))
            table.take(1)

            table.drop(1)

            assert self.held(table) == 5
            assert table.take(1) == {b"a": b"1"}

    def test_what_was_read_before_does_not_come_over_what_is_newer(self, tmp_path: Path) -> None:
        with Shelf(tmp_path) as shelf:
            table = self.table(shelf)
            self.read(table, (b"a", b"1", 0), (b"a", b"2", 1))

            self.read(table, (b"a", b"1", 0))

            assert table.take(1) == {b"a": b"2"}

    def test_written_rows_are_kept_where_they_follow_what_is_here(self, tmp_path: Path) -> None:
        with Shelf(tmp_path) as shelf:
            table = self.table(shelf)
            table.take(1)

            table.written(1, [(b"a", b"1", None), (b"b", b"1", None)], 1)
            table.written(1, [(b"a", b"2", None)], 2)

            assert self.held(table) == 2
            assert table.rows(1) == {b"a": b"2", b"b": b"1"}

    def test_rows_behind_those_of_somebody_else_wait_for_recovery(self, tmp_path: Path) -> None:
        with Shelf(tmp_path) as shelf:
            table = self.table(shelf)
            table.written(1, [(b"a", b"1", None)], 0)

            table.written(1, [(b"a", b"3", None)], 2)
            table.written(1, [(b"a", b"4", None)], 3)

            assert self.held(table) == 0
            assert table.rows(1) == {b"a": b"1"}
