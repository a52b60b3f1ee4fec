"""The sink killed, or refused by the disk, at its n-th call that changes a file.

By strace, which ends the process before the call or lets it fail. Whatever n: the file is
whole, its rows are those up to its offset, and a sink that goes on from there ends with the
rows of one that nothing happened to. `SIGNAL_TRACKER_FAULTS=all` takes every n.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sinks.errors import NoDatabaseError
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import read_positions, reading

ROOT = Path(__file__).parents[3]
BATCHES = 12
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")
SAMPLE = 5
KILLED, REFUSED = -9, 3
STRACE = ("strace", "-f", "-qq", "-o")
# Kept out of the comparison: when rows were written, and how often.
UNLIKE = {"ticker_changes"}


class Undisturbed(NamedTuple):
    """What stands in the file after each batch, and which calls it took, the nth of its name."""

    after: dict[int, Any]
    calls: list[tuple[str, int]]


CHILD = f"""
import sys
from pathlib import Path
from sinks import sqlite
from sinks.errors import SinkError
from tests.unit.sinks.test_sqlite_faults import batch

# So that the log is brought home in between, too.
sqlite._CHECKPOINT_PAGES = 30
sink = sqlite.SqliteSink(Path(sys.argv[1]) / "{DATABASE}")
try:
    sink.open()
    held = sink.positions().get(("bars", 0))
    for number in range(held.next_offset if held else 0, {BATCHES}):
        sink.write(batch(number))
    sink.close()
except SinkError as error:
    assert str(error).startswith(("no room is left", "the disk of")), error
    sys.exit({REFUSED})
"""


def batch(number: int) -> Any:
    """Return a batch of all kinds of records, some of which replace earlier ones."""
    from tests.unit.sinks.samples import (
        batch_of,
        make_bar,
        make_dead_letter,
        make_event,
        make_observation,
        make_observations,
        make_state,
    )

    records: list[Any] = []
    for each in range(number * 3, number * 3 + 6):
        told = make_observation("2025-11-04", 1, signal_id=f"s-{each}")
        records += [
            make_state(signal_id=f"s-{each}", ticker=f"T{each % 4}", reasoning="x" * 800),
            make_observations(told, ticker=f"T{each % 4}"),
            make_event(f"e-{each}", signal_id=f"s-{each}"),
            make_dead_letter(offset=each),
        ]
    records.append(make_bar(f"2025-11-{number + 3:02}", ticker="T1"))
    return batch_of(*records, positions={("bars", 0): number + 1})


def run(folder: Path, *words: str) -> int:
    """Run the sink on the folder's database, behind these words; return its exit status."""
    done = subprocess.run(
        [*words, sys.executable, "-c", CHILD, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode in (0, KILLED, REFUSED, 128 + 9), done.stderr[-2_000:]
    return KILLED if done.returncode == 128 + 9 else done.returncode


def content(path: Path) -> dict[str, list[Any]]:
    """Return all rows of all tables, in the order of their values."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}")))
            for (name,) in tables.fetchall()
            if name not in UNLIKE
        }
    connection.close()
    return found


@cache
def strace() -> str:
    """Return why processes cannot be traced here; nothing where they can."""
    if shutil.which("strace") is None:
        return "there is no strace"
    done = subprocess.run(
        ["strace", "-f", "-o", os.devnull, "true"], check=False, capture_output=True, text=True
    )
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    if trouble := strace():
        pytest.skip(f"no faults can be injected: {trouble}")
    folder, log = tmp_path_factory.mktemp("calm"), tmp_path_factory.mktemp("log") / "calls"
    assert run(folder, *STRACE, str(log), "-e", f"trace={','.join(CALLS)}") == 0
    calls = [(each, n + 1) for each in CALLS for n in range(log.read_text().count(f" {each}("))]
    after = {BATCHES: content(folder / DATABASE)}
    from sinks.sqlite import SqliteSink

    sink = SqliteSink(tmp_path_factory.mktemp("steps") / DATABASE)
    sink.open()
    for number in range(BATCHES):
        after[number] = content(sink.path)
        sink.write(batch(number))
    assert content(sink.path) == after[BATCHES]
    sink.close()
    return Undisturbed(after, calls)


def chosen(calls: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Return at which calls something happens."""
    if os.environ.get("SIGNAL_TRACKER_FAULTS") == "all":
        return calls
    return sorted(random.Random(len(calls)).sample(calls, SAMPLE))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["signal=SIGKILL", "error=ENOSPC", "error=EIO"])
def test_rows_and_offsets_are_of_one_batch_whatever_fails(
    undisturbed: Undisturbed, tmp_path: Path, fault: str
) -> None:
    after, met = undisturbed.after, 0
    for name, number in chosen(undisturbed.calls):
        folder = tmp_path / f"{name}-{number}"
        folder.mkdir()
        inject = f"inject={name}:{fault}:when={number}"
        status = run(folder, *STRACE, os.devnull, "-e", inject)
        met += status in (KILLED, REFUSED)
        path = folder / DATABASE
        if path.exists() and path.stat().st_size:
            try:
                with reading(path) as connection:
                    at = read_positions(connection).get(("bars", 0))
            except NoDatabaseError as error:
                assert "has not begun to fill it" in str(error)  # and so holds nothing
            else:
                stored = at.next_offset if at else 0
                assert content(path) == after[stored], (name, number, stored)
        assert run(folder) == 0
        assert content(path) == after[BATCHES], (name, number)
    # SQLite does without some calls: a log that was not brought home is no harm.
    assert met >= (SAMPLE if "KILL" in fault else 1)
