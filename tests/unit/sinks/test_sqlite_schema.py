"""The schema: its version, migrations, and that rows fit their tables."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from schemas.records import SignalState
from sinks import sqlite_rows
from sinks.errors import DatabaseVersionError, NoDatabaseError
from sinks.sink import Position
from sinks.sqlite import SqliteSink, connect
from sinks.sqlite_queries import (
    connect_read_only,
    read_as_of,
    read_changes,
    read_events,
    read_signals,
    reading,
)
from sinks.sqlite_schema import MIGRATIONS, migrate, version
from tests.unit.sinks.samples import (
    batch_of,
    make_bar,
    make_check,
    make_event,
    make_matured,
    make_observation,
    make_observations,
    make_transition,
)

LATER = "ALTER TABLE bars ADD COLUMN extra TEXT"


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("llm_signals", sqlite_rows.SIGNAL_COLUMNS),
        ("tickers", sqlite_rows.TICKER_COLUMNS),
        ("payloads", sqlite_rows.PAYLOAD_COLUMNS),
        ("observed", sqlite_rows.OBSERVED_COLUMNS),
        ("observation_values", sqlite_rows.VALUE_COLUMNS),
        ("row_counts", sqlite_rows.COUNT_COLUMNS),
        ("bars", sqlite_rows.BAR_COLUMNS),
        ("decisions", sqlite_rows.DECISION_COLUMNS),
        ("quarantined", sqlite_rows.QUARANTINED_COLUMNS),
        ("validation_events", sqlite_rows.EVENT_COLUMNS),
        ("policies", sqlite_rows.POLICY_COLUMNS),
        ("dead_letters", sqlite_rows.DEAD_LETTER_COLUMNS),
        ("sink_offsets", sqlite_rows.OFFSET_COLUMNS),
        ("ticker_changes", sqlite_rows.CHANGE_COLUMNS),
        ("paper_positions", sqlite_rows.POSITION_COLUMNS),
        ("paper_trades", sqlite_rows.TRADE_COLUMNS),
        ("paper_equity", sqlite_rows.EQUITY_COLUMNS),
    ],
)
def test_every_column_of_a_table_is_written(
    sink: SqliteSink, table: str, columns: tuple[str, ...]
) -> None:
    with reading(sink.path) as connection:
        info = connection.execute(f"PRAGMA table_info({table})").fetchall()

    assert {name for _, name, *_ in info} == set(columns)
    assert {name for _, name, *_, in_key in info if in_key} == set(sqlite_rows.KEYS[table])


def test_every_table_is_strict_and_its_key_is_known(sink: SqliteSink) -> None:
    with reading(sink.path) as connection:
        tables = {
            name: strict
            for _, name, kind, _, _, strict in connection.execute("PRAGMA table_list")
            if kind == "table" and not name.startswith("sqlite_")
        }

    assert tables == dict.fromkeys(sqlite_rows.KEYS, 1)


def version_1(path: Path) -> sqlite3.Connection:
    """A file as the first version left it: a bar, a matured signal and where the rows end."""
    connection = connect(path)
    migrate(connection, MIGRATIONS[:1])
    bar = batch_of(make_bar()).bars[0]
    columns = sqlite_rows.BAR_COLUMNS[:-2]
    for table, names, row in (
        ("bars", columns, tuple(bar[name] for name in columns)),
        ("sink_offsets", sqlite_rows.OFFSET_COLUMNS[:-1], ("bars", 0, 1, "id", "")),
    ):
        connection.execute(sqlite_rows.upsert_sql(table, names), row)
    add_signals(connection, make_matured())
    observe(connection, ("s-1", "aa", "2025-11-04", 1, 101.0, 0.01, 0.01, 0.25, 0.0, 0.01, 0))
    return connection


def add_signals(connection: sqlite3.Connection, *states: SignalState) -> None:
    """As the versions before the fifth had them, with the transitions in a table."""
    columns = sqlite_rows.SIGNAL_COLUMNS
    at = columns.index("transitions")
    for state in batch_of(*states).states:
        row = sqlite_rows.signal_row(state)
        without = columns[:at] + columns[at + 1 :], row[:at] + row[at + 1 :]
        connection.execute(sqlite_rows.upsert_sql("llm_signals", without[0]), without[1])
        for position, each in enumerate(json.loads(state["transitions"])):
            values = {"signal_id": state["signal_id"], "position": position, **each}
            connection.execute(
                f"INSERT INTO transitions ({', '.join(values)}) VALUES ({', '.join('?' * 9)})",
                [*values.values()],
            )


def observe(connection: sqlite3.Connection, *rows: tuple[Any, ...]) -> None:
    marks = ", ".join("?" * 11)
    connection.executemany(f"INSERT INTO observations VALUES ({marks})", rows)


def test_a_file_of_version_1_keeps_its_rows_and_goes_on(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "signals.db")
    connection = version_1(sink.path)
    look = "SELECT signal_id, status, observations, max_drawdown FROM signal_rows"
    before = connection.execute(look).fetchall()
    connection.close()
    with pytest.raises(DatabaseVersionError, match="`signal-tracker sink sqlite` brings it"):
        connect_read_only(sink.path)

    sink.open()

    with reading(sink.path) as connection:
        assert connection.execute("SELECT session, split_ratio, dividend FROM bars").fetchall() == [
            ("2025-11-03", 1.0, 0.0)
        ]
        assert connection.execute(look).fetchall() == before
        assert [(each.observations, each.max_drawdown) for each in read_signals(connection)] == [
            (1, 0.25)
        ]
        assert connection.execute("SELECT session, k FROM signal_observations").fetchall() == [
            ("2025-11-04", 1)
        ]
        assert read_changes(connection, 0) == (2, ["AAPL", "|paper"])
    assert sink.positions() == {("bars", 0): Position(next_offset=1, topic_id="id")}
    sink.write(batch_of(make_bar(split_ratio=2.0)))
    with reading(sink.path) as connection:
        assert connection.execute("SELECT split_ratio FROM bars").fetchall() == [(2.0,)]
    sink.close()


def test_the_rows_of_version_3_are_those_of_today(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "signals.db")
    connection = connect(sink.path)
    migrate(connection, MIGRATIONS[:3])
    signals = [
        make_matured(
            signal_id=f"s-{number}", ticker=ticker, last_session=last, transitions=transitions
        )
        for number, ticker, last, transitions in (
            (1, "AAPL", "2025-12-15", []),
            (2, "MSFT", "2025-11-05", [make_transition("a"), make_transition("b", session="x")]),
        )
    ]
    add_signals(connection, *signals)
    for event in batch_of(make_event("e2"), make_event("e1", checks=[make_check()])).events:
        connection.execute(
            "INSERT INTO validation_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sqlite_rows.event_row(event),
        )
    observe(
        connection,
        *(
            (signal_id, payload_hash, session, k, 1.5, 0.1, 0.2, k / 10, 0.0, 0.3, 7)
            for signal_id, payload_hash in (
                ("s-1", "aa"), ("s-1", "lost"), ("s-2", "aa"), ("s-9", "no state")
            )
            for k, session in enumerate(("2025-11-04", "2025-11-05", "2025-11-06"), start=1)
        ),
    )  # fmt: skip
    looks = [
        "SELECT * FROM observations ORDER BY signal_id, payload_hash, session",
        "SELECT * FROM signal_observations ORDER BY signal_id, session",
        "SELECT signal_id, ticker, verdict, observations, max_drawdown FROM signal_rows",
        "SELECT * FROM transitions ORDER BY signal_id, position",
        "SELECT * FROM validation_events ORDER BY rowid",
        "SELECT session FROM observations WHERE signal_id = 's-1' AND payload_hash = 'lost'",
    ]
    before = [connection.execute(each).fetchall() for each in looks]
    connection.close()

    sink.open()

    with reading(sink.path) as connection:
        assert [connection.execute(each).fetchall() for each in looks] == before
        assert read_as_of(connection).observations == 12
        assert [each["event_id"] for each in read_events(connection, "s-1")] == ["e2", "e1"]
        assert read_changes(connection, 1) == (2, ["|paper"])
    again = [
        make_observation(session, 9, signal_id=signal_id, payload_hash=payload_hash)
        for signal_id, payload_hash, session in (
            ("s-1", "aa", "2025-11-04"), ("s-9", "no state", "2025-11-04")
        )
    ]  # fmt: skip
    sink.write(batch_of(make_observations(*again)))
    assert sink.write(batch_of(make_matured(signal_id="s-9", payload_hash="no state"))).states == 1
    with reading(sink.path) as connection:
        assert connection.execute("SELECT count(*) FROM observations").fetchone() == (12,)
        assert read_as_of(connection).observations == 12
        assert connection.execute(
            "SELECT signal_id, session FROM signal_observations WHERE k = 9 ORDER BY 1"
        ).fetchall() == [("s-1", "2025-11-04"), ("s-9", "2025-11-04")]
    sink.close()


def test_a_file_of_an_older_version_keeps_its_rows(sink: SqliteSink) -> None:
    sink.write(batch_of(make_bar()))
    sink.close()
    connection = connect(sink.path)

    assert migrate(connection, (*MIGRATIONS, LATER)) == 1

    assert connection.execute("SELECT session, extra FROM bars").fetchall() == [
        ("2025-11-03", None)
    ]
    assert version(connection) == len(MIGRATIONS) + 1
    assert migrate(connection, (*MIGRATIONS, LATER)) == 0
    connection.close()


def test_a_new_file_is_empty_or_whole_to_any_reader(tmp_path: Path) -> None:
    writer, reader = connect(tmp_path / "new.db"), connect(tmp_path / "new.db")
    seen: set[int] = set()
    writer.set_trace_callback(lambda _: seen.add(version(reader)))

    migrate(writer)
    seen.add(version(reader))

    assert seen == {0, len(MIGRATIONS)}
    writer.close()
    reader.close()


def test_a_migration_that_breaks_changes_nothing(sink: SqliteSink) -> None:
    sink.close()
    connection = connect(sink.path)

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, f"{LATER}; SELECT broken"))

    assert version(connection) == len(MIGRATIONS)
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(bars)")]
    assert "extra" not in columns
    connection.close()


def test_a_file_of_a_later_version_is_refused(sink: SqliteSink) -> None:
    sink.close()
    connection = connect(sink.path)
    migrate(connection, (*MIGRATIONS, LATER))
    connection.close()

    with pytest.raises(DatabaseVersionError, match="later signal-tracker"):
        sink.open()
    with pytest.raises(DatabaseVersionError), reading(sink.path):
        pass


def test_a_missing_or_unfilled_file_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(NoDatabaseError, match="sink sqlite"), reading(tmp_path / "signals.db"):
        pass
    (tmp_path / "empty.db").touch()
    with pytest.raises(NoDatabaseError, match="not begun"), reading(tmp_path / "empty.db"):
        pass


def test_the_writer_uses_a_write_ahead_log(sink: SqliteSink) -> None:
    with reading(sink.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_leaves_no_files_behind(sink: SqliteSink) -> None:
    sink.close()
    with reading(sink.path) as connection:
        assert connection.execute("SELECT count(*) FROM bars").fetchone() == (0,)

    left = {each.name for each in sink.path.parent.iterdir()}
    assert left == {"signals.db", ".signals.db.lock"}
