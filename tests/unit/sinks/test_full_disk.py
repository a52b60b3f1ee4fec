"""A disk without room: nothing is lost, no file is halved, and the sink says it in one line."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.errors import DatabaseTroubleError, SinkError, UnwritableError
from sinks.replacing import replace_pieces
from sinks.snapshot import DATABASE, write_reports
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_positions, read_signals, reading
from tests.small_disk import SmallDisk, small_disk
from tests.unit.sinks.samples import batch_of, make_observation, make_observations, make_state

ROOM = "no room is left on the disk of .*signals.db: make room and start again"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 4_096) as mounted:
        yield mounted


def write(sink: SqliteSink, number: int) -> None:
    """Store a batch of a signal and its observation, and where it ends."""
    signal = f"s-{number:05}"
    observation = make_observation("2025-11-04", 1, signal_id=signal)
    state = make_state(signal_id=signal, first_session="2025-11-03", reasoning="x" * 2_000)
    records = (state, make_observations(observation))
    sink.write(batch_of(*records, positions={("bars", 0): number + 1}))


def write_until_full(sink: SqliteSink) -> int:
    """Write until the disk takes no more; return how many batches were stored."""
    for number in range(100_000):
        try:
            write(sink, number)
        except DatabaseTroubleError as error:
            assert str(error).startswith("no room is left")
            return number
    pytest.fail("the disk was never full")


def stored(path: Path) -> tuple[list[str], int]:
    """Return the ids of the signals that stand in the database, and its offset."""
    with reading(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        at = read_positions(connection)["bars", 0].next_offset
        return [each.signal_id for each in read_signals(connection)], at


def test_a_sink_goes_on_where_it_ended_when_there_is_room_again(disk: SmallDisk) -> None:
    path = disk.folder / DATABASE
    sink = SqliteSink(path)
    sink.open()
    disk.fill(leave=1_500_000)
    before = write_until_full(sink)
    with pytest.raises(DatabaseTroubleError, match=ROOM):
        write(sink, before)
    sink.close()
    disk.make_room()

    ids, at = stored(path)
    assert before > 0
    assert (len(ids), at) == (before, before)
    again = SqliteSink(path)
    again.open()
    for number in range(again.positions()["bars", 0].next_offset, before + 5):
        write(again, number)
    again.close()
    assert stored(path) == ([f"s-{n:05}" for n in range(before + 5)], before + 5)


def test_a_sink_that_is_killed_on_a_full_disk_has_lost_nothing(disk: SmallDisk) -> None:
    path = disk.folder / DATABASE
    sink = SqliteSink(path)
    sink.open()
    disk.fill(leave=1_500_000)
    before = write_until_full(sink)
    copy = disk.folder.with_name("copy")
    copy.mkdir()
    for each in disk.folder.glob(f"{DATABASE}*"):
        # What kill -9 leaves: the write-ahead log is not brought home.
        (copy / each.name).write_bytes(each.read_bytes())
    sink.close()

    ids, at = stored(copy / DATABASE)

    assert (len(ids), at) == (before, before)


def test_a_sink_cannot_begin_on_a_full_disk_and_says_so(disk: SmallDisk) -> None:
    disk.fill()

    with pytest.raises(SinkError, match=r"no room is left|No space left"):
        SqliteSink(disk.folder / DATABASE).open()
    disk.make_room()

    sink = SqliteSink(disk.folder / DATABASE)
    sink.open()
    sink.close()


def test_reports_on_a_full_disk_leave_the_old_files_whole(disk: SmallDisk, tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / DATABASE)
    sink.open()
    write(sink, 1)
    old = {each: each.read_bytes() for each in write_reports(sink.path, disk.folder)}
    for number in range(2, 40):
        write(sink, number)
    disk.fill(leave=4_096)

    with pytest.raises(UnwritableError, match="No space left on device; what was there stays"):
        write_reports(sink.path, disk.folder)

    left = {each: each.read_bytes() for each in old}
    assert {each.name for each in disk.folder.iterdir()} == {
        "ballast",
        *(each.name for each in old),
    }
    disk.make_room()
    new = {each: each.read_bytes() for each in write_reports(sink.path, disk.folder)}
    assert all(left[each] in (old[each], new[each]) for each in old)
    assert left != new
    sink.close()


def test_one_report_on_a_full_disk_leaves_the_old_file_and_nothing_else(disk: SmallDisk) -> None:
    path = disk.folder / "report.txt"
    path.write_text("old")
    disk.fill()

    with pytest.raises(UnwritableError, match=r"report\.txt cannot be written: No space left"):
        replace_pieces(path, [b"new" * 5_000] * 10)

    assert path.read_text() == "old"
    assert sorted(each.name for each in disk.folder.iterdir()) == ["ballast", "report.txt"]


def test_a_reader_of_a_full_disk_reads_or_says_why(disk: SmallDisk) -> None:
    """A reader makes SQLite's index of the log anew where the writer is gone: that needs room."""
    path = disk.folder / DATABASE
    sink = SqliteSink(path)
    sink.open()
    write(sink, 0)
    disk.fill()
    try:
        with reading(path) as connection:
            assert len(read_signals(connection)) == 1
    finally:
        sink.close()
    try:
        with reading(path) as connection:
            assert len(read_signals(connection)) == 1
    except DatabaseTroubleError as error:
        assert "no room is left" in str(error)
    except sqlite3.Error as error:
        pytest.fail(f"unexplained: {error}")
