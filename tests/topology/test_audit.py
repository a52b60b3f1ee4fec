"""An audit finds nothing after any history, and every row that somebody touched."""

import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.codec import decode
from schemas.topics import BARS, INBOUND, OUTBOUND, TICKS, partition_of
from sinks.snapshot import DATABASE
from tests.oracle.bars import session_named
from tests.topology import desk
from tests.topology.audited import Audited, ends_of
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import KAFKA_MS, publish, random_events
from tests.topology.log import Log
from tests.topology.runs import start

PAPER = ("paper_positions", "paper_trades", "paper_equity")


@pytest.mark.parametrize("intraday", [False, True], ids=["daily", "intraday"])
@pytest.mark.parametrize("seed", range(3000, 3003))
def test_after_crashes_and_disorder_every_row_is_what_the_sources_call_for(
    seed: int, intraday: bool, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    dies_after = tuple(rng.choice((0, 1, 2, 3, 5, 8, 13)) for _ in range(12))
    topology = Topology(Delivery(partitions=4, owners=2, chunk=40, dies_after=dies_after), seed)
    publish(topology, random_events(seed, intraday=intraday), rng, doubled=True)
    topology.run()

    audited = Audited(topology, materialise(topology.log, tmp_path, seed))

    assert audited.told == []
    assert audited.comparison.compared > 300
    assert not audited.outcome.unsettled


TAMPERED = {
    "a close": ("UPDATE bars SET close = close + 0.5", "bars", "close"),
    "a bar gone": ("DELETE FROM bars", "bars", None),
    "a bar more": (
        "INSERT INTO bars SELECT ticker, '1970-01-02', calendar, session_index, close_ms, open, "
        "high, low, close, final, revision, conflicting_close, epoch, split_ratio, dividend "
        "FROM bars",
        "bars",
        None,
    ),
    "a return": ("UPDATE llm_signals SET net_return = 0.25", "llm_signals", "net_return"),
    "a status": ("UPDATE llm_signals SET status = 'x'", "llm_signals", "status"),
    "a screen": ("UPDATE llm_signals SET screen = '{}'", "llm_signals", "screen"),
    "a transition": ("UPDATE llm_signals SET transitions = '[]'", "llm_signals", "transitions"),
    "an observation": ("UPDATE observation_values SET mae = -9.0", "observations", "mae"),
    "an observation gone": ("DELETE FROM observation_values", "observations", None),
    "a refusal": ("UPDATE decisions SET refusal = 'no'", "decisions", "refusal"),
    "a decision gone": ("DELETE FROM decisions", "decisions", None),
    "a quarantined payload": (
        "UPDATE quarantined SET generated_at_ms = 1",
        "quarantined",
        "generated_at_ms",
    ),
    "a quarantined payload gone": ("DELETE FROM quarantined", "quarantined", None),
    "a policy": ("UPDATE policies SET name = 'other'", "policies", "name"),
    "a dead letter": ("UPDATE dead_letters SET message = 'x'", "dead_letters", "message"),
    "a dead letter gone": ("DELETE FROM dead_letters", "dead_letters", None),
    "a dead letter more": (
        "INSERT INTO dead_letters SELECT topic, \"partition\", 10000 + \"offset\", index_, "
        "error_class, message, timestamp_ms, key, value, original_size FROM dead_letters",
        "dead_letters",
        None,
    ),
    "a trade": ("UPDATE paper_trades SET net_pnl = 1.0", "paper_trades", "net_pnl"),
    "equity": ("DELETE FROM paper_equity", "paper_equity", None),
}  # fmt: skip


@pytest.fixture(scope="module")
def desk_of_rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, Path]:
    """A desk with paper trades beside a random market with refused records."""
    topology = start([desk.POLICY], Delivery(partitions=2, chunk=1000))
    publish(topology, desk.desk(desk.market()))
    publish(topology, random_events(7, intraday=False))
    for value in (b"", b"{}", b'[{"ticker": "AAPL"}, 1]'):
        for topic in INBOUND:
            topology.publish(topic, 1, value, 5)
    topology.run()
    return topology, materialise(topology.log, tmp_path_factory.mktemp("desk"))


def test_a_desk_with_trades_and_dead_letters_is_equal(desk_of_rows: tuple[Topology, Path]) -> None:
    topology, folder = desk_of_rows

    audited = Audited(topology, folder)

    assert audited.told == []
    counts = audited.comparison.counts
    assert {name for name, count in counts.items() if not count.expected} == set()
    assert all(each.expected == each.stored == each.equal for each in counts.values())


@pytest.mark.parametrize("what", TAMPERED)
def test_a_touched_row_is_found(
    what: str, desk_of_rows: tuple[Topology, Path], tmp_path: Path
) -> None:
    topology, folder = desk_of_rows
    statement, table, column = TAMPERED[what]
    where = " WHERE rowid = (SELECT min(rowid) FROM {0})"
    keyed = {
        "bars": " WHERE (ticker, session) = (SELECT ticker, session FROM bars LIMIT 1)",
        "decisions": " WHERE (signal_id, decision_id) = "
        "(SELECT signal_id, decision_id FROM decisions LIMIT 1)",
        "quarantined": " WHERE (signal_id, payload_hash) = "
        "(SELECT signal_id, payload_hash FROM quarantined LIMIT 1)",
        "policies": "",
        "observations": " WHERE id = (SELECT min(id) FROM observation_values)",
    }.get(table, where.format(table))
    database = tmp_path / DATABASE
    database.write_bytes((folder / DATABASE).read_bytes())
    with sqlite3.connect(database) as connection:
        assert connection.execute(statement + keyed).rowcount == 1
    connection.close()

    audited = Audited(topology, tmp_path)

    found = [(each.table, each.column) for each in audited.found]
    assert (table, column) in found
    # The account rests on the other rows: a touched one of those moves it, too.
    assert {name for name, _ in found} <= {table, *PAPER}
    assert len([each for each in found if each[0] == table]) == 1


def test_a_signal_that_nobody_published_is_found_with_what_belongs_to_it(
    desk_of_rows: tuple[Topology, Path], tmp_path: Path
) -> None:
    topology, folder = desk_of_rows
    database = tmp_path / DATABASE
    database.write_bytes((folder / DATABASE).read_bytes())
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE llm_signals SET signal_id = 'x' WHERE signal_id = 'buy-01'")
        connection.execute("UPDATE decisions SET signal_id = 'y' WHERE signal_id = 'buy-01'")
    connection.close()

    told = Audited(topology, tmp_path).told

    assert ("llm_signals", ("x",), None) in told
    assert ("llm_signals", ("buy-01",), None) in told
    whose = {key[0] for table, key, _ in told if table == "decisions"}
    assert whose == {"buy-01", "y"}


def test_a_row_on_its_way_is_not_missed_and_its_ticker_is_named(
    desk_of_rows: tuple[Topology, Path], tmp_path: Path
) -> None:
    topology, _ = desk_of_rows
    tp = BARS.name, partition_of("AAPL", 2)
    outputs = ends_of(topology, OUTBOUND)
    less = outputs | {tp: outputs[tp] - 3}
    last = {decode(each.value).ticker for each in topology.log.entries[tp][-3:]}
    log = Log(entries=topology.log.entries.copy())
    log.entries[tp] = topology.log.entries[tp][:-3]

    audited = Audited(topology, materialise(log, tmp_path), stored=less)

    assert audited.outcome.unsettled == last
    assert {each.table for each in audited.found} <= set(PAPER)


@pytest.fixture(scope="module")
def day_by_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, Path]:
    """The desk, its ticks published as they happened; a close of long ago was restated late."""
    events = desk.desk(desk.market())
    restated = {**events.ticks[43], "price": 130.0, "revision": 1}
    ticks = sorted(events.ticks, key=lambda row: row["session"])
    ticks = [{**row, KAFKA_MS: published_ms(row["session"])} for row in ticks]
    ticks.append({**restated, KAFKA_MS: published_ms(desk.SESSIONS[-1])})
    topology = start([desk.POLICY], Delivery(chunk=1000))
    publish(topology, replace(events, ticks=ticks))
    topology.run()
    return topology, materialise(topology.log, tmp_path_factory.mktemp("days"))


def published_ms(label: str) -> int:
    session = session_named(desk.TICKER, label)
    assert session is not None
    return session.close_ms + 1000


@pytest.mark.parametrize("kept", [0, 1, 100, 700])
def test_where_ticks_are_gone_their_bars_stand_in(
    kept: int, day_by_day: tuple[Topology, Path]
) -> None:
    topology, folder = day_by_day
    ticks = topology.log.entries[TICKS.name, 0]
    gone = {(TICKS.name, 0): len(ticks) - kept}

    audited = Audited(topology, folder, gone=gone)

    assert audited.told == []
    assert audited.comparison.counts["observations"].equal > 50
    assert set(audited.outcome.ticks_from_ms) == {0}


def test_a_bar_of_gone_ticks_that_differs_from_its_topic_is_found(
    day_by_day: tuple[Topology, Path], tmp_path: Path
) -> None:
    topology, folder = day_by_day
    (tmp_path / DATABASE).write_bytes((folder / DATABASE).read_bytes())
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        first = "session = (SELECT min(session) FROM bars)"
        connection.execute(f"UPDATE bars SET low = 1.0 WHERE ticker = 'AAPL' AND {first}")
    connection.close()

    audited = Audited(topology, tmp_path, gone={(TICKS.name, 0): 500})

    assert audited.told == [("bars", ("AAPL", desk.SESSIONS[0]), "low")]
