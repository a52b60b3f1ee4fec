"""Report files are replaced whole, and follow the database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinks.errors import UnwritableError
from sinks.replacing import replace_file
from sinks.snapshot import write_reports
from sinks.snapshot_follow import follow
from sinks.sqlite import SqliteSink
from tests.unit.sinks.samples import batch_of, make_state

TRACKING = "llm_signal_tracking.json"
NAMES = {
    "llm_performance.txt", "llm_signal_tracking.json", "summary.json", "signals.csv",
    "cohorts.csv", "report.html",
}  # fmt: skip


def test_all_files_are_written_and_nothing_else_is_left(sink: SqliteSink, tmp_path: Path) -> None:
    sink.write(batch_of(make_state()))
    out = tmp_path / "out"

    paths = write_reports(sink.path, out)

    assert {each.name for each in paths} == NAMES == {each.name for each in out.iterdir()}


def test_the_same_rows_give_the_same_bytes(sink: SqliteSink, tmp_path: Path) -> None:
    sink.write(batch_of(make_state()))

    first = [path.read_bytes() for path in write_reports(sink.path, tmp_path / "a")]
    second = [path.read_bytes() for path in write_reports(sink.path, tmp_path / "b")]

    assert first == second


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "new \ud800")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_reports_follow_the_database_and_end_with_a_last_look(
    sink: SqliteSink, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    totals: list[str] = []
    rests: list[float] = []

    def wait(rest: float) -> bool:
        rests.append(rest)
        if len(rests) in (1, 3):
            sink.write(batch_of(make_state(signal_id=f"s-{len(rests)}")))
        return len(rests) == 3

    def written(paths: list[Path]) -> None:
        if {each.name for each in paths} <= {"signals.csv", "report.html", TRACKING}:
            return
        totals.append((out / "llm_performance.txt").read_text().splitlines()[7])

    follow(sink.path, out, wait=wait, on_written=written)

    assert totals == [f"Total Signals Tracked: {n}" for n in (0, 1, 2)]


def test_reports_wait_for_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    calls: list[float] = []

    def wait(rest: float) -> bool:
        calls.append(rest)
        if len(calls) == 1:
            sink = SqliteSink(path)
            sink.open()
            sink.close()
        return len(calls) == 2

    written: list[list[Path]] = []
    follow(path, tmp_path, wait=wait, on_written=written.append)

    assert sorted(each.name for paths in written for each in paths) == sorted(NAMES)


def test_a_replaced_database_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    for name in ("signals.db", "other.db"):
        sink = SqliteSink(tmp_path / name)
        sink.open()
        sink.write(batch_of(*[make_state()] * (name == "other.db")))
        sink.close()
    calls: list[float] = []

    def wait(rest: float) -> bool:
        calls.append(rest)
        (tmp_path / "other.db").replace(path)
        return True

    follow(path, tmp_path, wait=wait)

    assert "Total Signals Tracked: 1" in (tmp_path / "llm_performance.txt").read_text()


def test_what_a_killed_writer_left_is_taken_away_by_the_next(
    sink: SqliteSink, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [f".signals.csv.{gone.pid}.tmp", ".signals.csv.1.tmp", f".other.txt.{gone.pid}.tmp"]
    for each in names:
        (out / each).write_text("half")
        os.utime(out / each, (0, 0))
    (out / f".summary.json.{gone.pid}.tmp").write_text("a writer in another container's")

    write_reports(sink.path, out)

    left = {each.name for each in out.iterdir()} - NAMES
    assert left == {*names[1:], f".summary.json.{gone.pid}.tmp"}


def test_a_link_is_replaced_and_what_it_names_is_left_alone(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "report.txt"
    target.write_text("mine")
    link.symlink_to(target)

    replace_file(link, "report")

    assert (link.is_symlink(), link.read_text(), target.read_text()) == (False, "report", "mine")


def test_a_pipe_or_a_folder_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, tmp_path):
        with pytest.raises(UnwritableError, match="expected a file"):
            replace_file(path, "report")

    assert pipe.is_fifo()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "report.txt"
    target.write_text("mine")
    (tmp_path / f".report.txt.{os.getpid()}.tmp").symlink_to(target)

    replace_file(path, "report")

    assert (path.read_text(), target.read_text()) == ("report", "mine")
