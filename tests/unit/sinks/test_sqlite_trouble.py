"""Files that SQLite cannot use: each is one line with its remedy, and stays as it is."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sinks import sqlite
from sinks.errors import DatabaseTroubleError, DatabaseVersionError, SinkBusyError, SinkError
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import ChangeWatch, read_signals, reading
from sinks.sqlite_schema import MIGRATIONS
from sinks.sqlite_trouble import explained
from tests.unit.sinks.samples import batch_of, make_bar, make_state

DAMAGED = "is damaged, or no database at all .*`signal-tracker rebuild` makes it anew"


def refused(path: Path, match: str) -> None:
    """Check that neither the sink nor a reader takes the file, and that it stays as it is."""
    before = path.read_bytes()
    sink = SqliteSink(path)
    with pytest.raises(SinkError, match=match) as told:
        sink.open()
    assert "\n" not in str(told.value)
    with pytest.raises(SinkError), reading(path) as connection:
        read_signals(connection)
        connection.execute("PRAGMA integrity_check").fetchall()
        raise SinkError
    assert path.read_bytes() == before


def filled(path: Path, signals: int = 50) -> Path:
    sink = SqliteSink(path)
    sink.open()
    for number in range(signals):
        sink.write(batch_of(make_state(signal_id=f"s-{number}", reasoning="x" * 500)))
    sink.close()
    return path


@pytest.mark.parametrize("content", [b"nonsense", b"ticker,session\n" * 5_000])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signals.db"
    path.write_bytes(content)

    refused(path, DAMAGED)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_database_is_refused(tmp_path: Path, share: float) -> None:
    path = filled(tmp_path / "signals.db")
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share) // 4096 * 4096)

    refused(path, DAMAGED)


def test_a_torn_page_is_refused_when_it_is_met(tmp_path: Path) -> None:
    path = filled(tmp_path / "signals.db")
    content = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(content), 4096):
        content[at : at + 2048] = os.urandom(2048)
    path.write_bytes(content)

    refused(path, DAMAGED)


def test_a_database_without_its_write_ahead_log_goes_on_from_an_older_batch(
    tmp_path: Path,
) -> None:
    """Rows and offsets of the log are gone alike: the topics are read again from there."""
    path = filled(tmp_path / "signals.db")
    sink = SqliteSink(path)
    sink.open()
    sink.write(batch_of(make_bar(), positions={("bars", 0): 9}))
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    sink.close()

    held = SqliteSink(copy)
    held.open()

    assert held.positions() == {}
    held.close()
    with reading(copy) as connection:
        assert len(read_signals(connection)) == 50
        assert connection.execute("SELECT count(*) FROM bars").fetchone() == (0,)


@pytest.mark.parametrize("its_version", [0, 3])
def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path, its_version: int) -> None:
    path = tmp_path / "signals.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (name TEXT)")
    connection.execute(f"PRAGMA user_version = {its_version}")
    connection.commit()
    connection.close()

    refused(path, "was another program's database")


def test_the_database_of_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path / "signals.db", 1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(DatabaseVersionError, match="a later signal-tracker; run that one"):
        SqliteSink(path).open()

    assert path.read_bytes() == before


def test_a_database_that_another_process_writes_to_for_too_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    path = filled(tmp_path / "signals.db", 1)
    other = sqlite3.connect(path, isolation_level=None)
    sink = SqliteSink(path)
    sink.open()
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseTroubleError, match="is locked by another process for too long"):
        sink.write(batch_of(make_bar(), positions={("bars", 0): 9}))

    other.execute("ROLLBACK")
    assert sink.positions() == {}
    sink.write(batch_of(make_bar(), positions={("bars", 0): 9}))
    assert sink.positions()["bars", 0].next_offset == 9
    sink.close()
    other.close()


def test_a_watch_of_a_damaged_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    path.write_bytes(b"ticker,session\n" * 5_000)

    with pytest.raises(DatabaseTroubleError, match=DAMAGED):
        ChangeWatch(path).look()


def test_an_error_of_the_statement_stays_what_it_is() -> None:
    connection = sqlite3.connect(":memory:")

    with pytest.raises(sqlite3.OperationalError), explained(Path("x")):
        connection.execute("SELECT * FROM nothing")


_OPEN = """
import os, sys
from pathlib import Path
from sinks.errors import SinkError
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import reading
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for name in sys.argv[1:]:
    try:
        if name == "reader":
            with reading(Path("signals.db")) as connection:
                print(connection.execute("SELECT count(*) FROM llm_signals").fetchone()[0])
        else:
            SqliteSink(Path("signals.db")).open()
    except SinkError as error:
        print(f"{type(error).__name__}: {error}")
"""


def as_somebody(folder: Path, *what: str) -> list[str]:
    """Open the folder's database as a user who is not root; return what was said."""
    # Modules come by an open folder: of a path such a user may not walk, only the start is needed.
    done = subprocess.run(
        [sys.executable, "-c", "import sinks.sqlite, sinks.sqlite_queries\n" + _OPEN, *what],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    return done.stdout.splitlines()


def test_a_folder_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    filled(tmp_path / "signals.db", 1)
    tmp_path.chmod(0o555)
    try:
        said = as_somebody(tmp_path, "sink")
    finally:
        tmp_path.chmod(0o755)

    assert len(said) == 1
    assert "signals.db cannot be" in said[0]
    assert "ermission denied" in said[0] or "unable to open" in said[0]


def test_a_reader_of_a_folder_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    filled(tmp_path / "signals.db", 1)
    tmp_path.chmod(0o555)
    (tmp_path / "signals.db").chmod(0o444)
    try:
        said = as_somebody(tmp_path, "reader")
    finally:
        tmp_path.chmod(0o755)

    assert said == ["1"] or "cannot be opened or written" in said[0]


def test_a_second_sink_of_another_user_is_refused(tmp_path: Path) -> None:
    """The lock is the kernel's: containers on one machine that share the folder share it, too."""
    sink = SqliteSink(tmp_path / "signals.db")
    sink.open()
    tmp_path.chmod(0o777)
    for each in tmp_path.iterdir():
        each.chmod(0o666)
    try:
        assert as_somebody(tmp_path, "sink") == [
            f"{SinkBusyError.__name__}: signals.db is being written by another SQLite sink; "
            "one database takes one"
        ]
    finally:
        sink.close()
