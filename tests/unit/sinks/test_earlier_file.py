"""Reports of a database that an earlier version wrote."""

from pathlib import Path

from sinks.snapshot_follow import follow
from sinks.sqlite import SqliteSink
from tests.unit.sinks.test_sqlite_schema import version_1


def test_reports_of_an_earlier_file_wait_for_its_writer(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "signals.db")
    version_1(sink.path).close()
    told: list[str] = []
    files: list[list[Path]] = []

    def wait(_seconds: float) -> bool:
        assert told
        assert not files
        if not sink.path.with_suffix(".brought").exists():
            sink.path.with_suffix(".brought").touch()
            return False
        sink.open()
        return True

    follow(sink.path, tmp_path, wait=wait, on_written=files.append, on_waiting=told.append)

    assert len(told) == 1
    assert "`signal-tracker sink sqlite` brings it" in told[0]
    assert files
