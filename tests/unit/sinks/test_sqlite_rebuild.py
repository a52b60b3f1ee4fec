"""A database made anew beside the old one: what goes on, what is named, how it is swapped."""

import sqlite3
from pathlib import Path

import pytest

from schemas.records import Record
from sinks.errors import DatabaseTroubleError, SinkBusyError, UnreadableError
from sinks.sink import Fields
from sinks.snapshot import DATABASE
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import reading
from sinks.sqlite_rebuild import Kept, Workshop, workshop
from tests.unit.sinks.samples import (
    batch_of,
    make_bar,
    make_dead_letter,
    make_event,
    make_state,
)


def fill(path: Path, *records: Record) -> None:
    sink = SqliteSink(path)
    sink.open()
    sink.write(batch_of(*records))
    sink.close()


def rebuilt(shop: Workshop, *records: Record, forgotten: bool = True) -> Kept:
    """Make the new file of some records; return what of the old one was kept."""

    def is_forgotten(_table: str, _row: Fields) -> bool:
        return forgotten

    shop.take_old()
    sink = SqliteSink(shop.new)
    sink.open()
    sink.write(batch_of(*records))
    kept = shop.keep(sink, is_forgotten)
    sink.close()
    return kept


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with reading(path) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / DATABASE


def test_what_topics_have_forgotten_goes_on_and_the_rest_is_new(path: Path) -> None:
    fill(path, make_bar(close=1.0), make_event("e-1"), make_event("e-2"), make_dead_letter())
    with workshop(path) as shop:
        kept = rebuilt(shop, make_bar(close=2.0), make_event("e-2"))
        shop.swap()

    assert dict(kept.carried) == {"dead_letters": 1, "validation_events": 1}
    assert not kept.dropped
    assert rows(path, "SELECT close FROM bars") == [(2.0,)]
    assert rows(path, "SELECT event_id FROM validation_events ORDER BY event_id") == [
        ("e-1",),
        ("e-2",),
    ]
    assert rows(path, "SELECT count(*) FROM dead_letters") == [(1,)]
    counted = rows(path, "SELECT count FROM row_counts WHERE table_name = 'validation_events'")
    assert counted == [(2,)]
    assert [each.name for each in path.parent.iterdir() if "new" in each.name] == []


def test_rows_that_topics_never_held_are_counted_and_named(path: Path) -> None:
    fill(path, make_bar(ticker="A"), make_bar(ticker="B"), make_state(), make_event("e-1"))
    with workshop(path) as shop:
        kept = rebuilt(shop, make_bar(ticker="A"), forgotten=False)

    assert dict(kept.dropped) == {"llm_signals": 1, "bars": 1, "validation_events": 1}
    assert kept.examples["bars"][0] == "B"
    assert rows(path, "SELECT count(*) FROM bars") == [(2,)], "nothing was swapped"


def test_an_id_that_a_lesser_payload_held_is_not_lost_unsaid(path: Path) -> None:
    fill(path, make_state(payload_hash="a" * 64))
    with workshop(path) as shop:
        kept = rebuilt(shop, make_state(payload_hash="b" * 64))

    assert dict(kept.dropped) == {"llm_signals": 1}


def test_a_database_that_a_sink_holds_is_refused_and_so_is_a_sink_meanwhile(path: Path) -> None:
    sink = SqliteSink(path)
    sink.open()
    with pytest.raises(SinkBusyError, match="another SQLite sink"), workshop(path):
        pass
    sink.close()

    with workshop(path), pytest.raises(SinkBusyError):
        sink.open()
    sink.open()
    sink.close()


def test_a_database_that_is_being_read_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.sqlite_rebuild._BUSY_S", 0.0)
    fill(path, make_bar())
    with reading(path) as connection:
        connection.execute("SELECT * FROM bars").fetchall()
        with workshop(path) as shop, pytest.raises(SinkBusyError, match="in another process"):
            shop.take_old()
    with workshop(path) as shop:
        assert shop.take_old()


@pytest.mark.parametrize("content", [b"no database at all, but long enough" * 100])
def test_a_broken_file_says_so_and_stays_beside_when_it_is_replaced(
    path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    path.with_name(f"{DATABASE}-wal").write_bytes(b"stale")
    aside = path.with_name("aside")
    with workshop(path) as shop:
        with pytest.raises(UnreadableError, match="not a database"):
            shop.take_old()
        fill(shop.new, make_bar())
        shop.swap(aside)

    assert rows(path, "SELECT count(*) FROM bars") == [(1,)]
    assert aside.read_bytes() == content


def test_a_page_that_broke_is_found_while_rows_are_compared(path: Path) -> None:
    fill(path, *(make_bar(ticker=f"T{n}") for n in range(3000)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40_000] = b"\xff" * 40_000
    path.write_bytes(content)
    with workshop(path) as shop, pytest.raises(UnreadableError, match="malformed"):
        rebuilt(shop, make_bar())


def test_a_file_of_a_later_version_is_not_read(path: Path) -> None:
    fill(path, make_bar())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with workshop(path) as shop, pytest.raises(UnreadableError, match="later signal-tracker"):
        shop.take_old()


def test_what_a_killed_rebuild_left_is_no_matter(path: Path) -> None:
    fill(path, make_bar(close=1.0))
    left = path.with_name(f".{DATABASE}.new")
    left.write_bytes(b"half a file")
    with workshop(path) as shop:
        rebuilt(shop, make_bar(close=2.0))
        shop.swap()

    assert rows(path, "SELECT close FROM bars") == [(2.0,)]
    assert not left.exists()


def test_without_an_old_file_there_is_nothing_to_take(path: Path) -> None:
    with workshop(path) as shop:
        assert not shop.take_old()
        fill(shop.new, make_bar())
        shop.swap()

    assert rows(path, "SELECT count(*) FROM bars") == [(1,)]


def test_a_link_stays_one_and_the_file_keeps_its_mode(path: Path) -> None:
    real = path.with_name("real.db")
    fill(real, make_bar(close=1.0))
    real.chmod(0o600)
    path.symlink_to(real)
    with workshop(path) as shop:
        rebuilt(shop, make_bar(close=2.0))
        shop.swap()

    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert rows(path, "SELECT close FROM bars") == [(2.0,)]


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "signals.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(DatabaseTroubleError, match="another program's database"):
        Workshop(path).take_old()

    assert path.read_bytes() == before
