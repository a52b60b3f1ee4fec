"""Files that a copy of the process writes are those of one process; it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sinks import snapshot
from sinks.errors import CopyFailedError
from sinks.snapshot import LARGE, Writer, write_reports
from sinks.snapshot_beside import Tell, beside
from sinks.sqlite import SqliteSink
from tests.unit.sinks.samples import batch_of, make_matured, make_state

ALONE = """
import signal, sys
from pathlib import Path
from sinks.snapshot_beside import beside
with beside(Path(sys.argv[1]), lambda tell: signal.pause()):
    print("up", flush=True)
    signal.pause()
"""


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few signals there are, they are enough for two processes."""
    monkeypatch.setattr(snapshot, "_MANY", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_two_processes_write_the_bytes_of_one(
    sink: SqliteSink, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sink.write(batch_of(make_state(), make_matured(signal_id="s-2")))
    write_reports(sink.path, tmp_path / "one")

    request.getfixturevalue("many")
    paths = write_reports(sink.path, tmp_path / "two")

    assert [each.name for each in paths][-3:] == list(LARGE)
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two")


@pytest.mark.usefixtures("many")
def test_what_was_committed_before_the_copy_looked_is_in_every_large_file(
    sink: SqliteSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.write(batch_of(make_state()))
    writer = Writer(sink.path, tmp_path / "out")
    writer.quick()

    def commit_meanwhile() -> int:
        sink.write(batch_of(make_state(signal_id="s-later")))
        return 2

    # asked between the report and the copy
    monkeypatch.setattr(os, "cpu_count", commit_meanwhile)
    writer.large()

    assert all(b"s-later" in (tmp_path / "out" / each).read_bytes() for each in LARGE[1:])


@pytest.mark.usefixtures("many")
def test_no_large_file_follows_once_it_is_asked_to_stop(sink: SqliteSink, tmp_path: Path) -> None:
    sink.write(batch_of(make_state()))
    writer = Writer(sink.path, tmp_path / "out")
    quick = {each.name for each in writer.quick()}

    written = {each.name for each in writer.large(lambda: True)}

    assert LARGE[2] not in written
    assert set(bytes_in(tmp_path / "out")) == quick | written


def test_an_error_of_the_copy_is_one_error_here(tmp_path: Path) -> None:
    def work(_tell: Tell) -> None:
        msg = "no space left on device"
        raise OSError(msg)

    with beside(tmp_path, work) as copy:
        while not copy.ended(1.0):
            pass
        with pytest.raises(CopyFailedError, match="was OSError: no space left on device"):
            copy.told()


def test_a_copy_that_is_ended_leaves_no_file_half_written(tmp_path: Path) -> None:
    ours, theirs = os.pipe()

    def work(tell: Tell) -> None:
        tell("done.csv")
        (tmp_path / f".half.csv.{os.getpid()}.tmp").write_text("half")
        os.write(theirs, b"begun")
        signal.pause()

    with beside(tmp_path, work) as copy:
        assert os.read(ours, 5) == b"begun"
        assert copy.kill() == ["done.csv"]

    assert list(tmp_path.iterdir()) == []
    os.close(ours)
    os.close(theirs)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends a child with its parent")
def test_the_copy_ends_with_its_parent(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", ALONE, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.kill()

        # the copy has this end, too: it is closed when both are gone
        assert process.stdout.read() == b""
