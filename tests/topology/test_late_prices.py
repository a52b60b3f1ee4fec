"""Prices that come late or are corrected after maturity: all agree again, to the last byte."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.codec import decode
from schemas.policy import hashed
from schemas.records import ValidationEvent
from tests.builders import make_rule
from tests.topology.desk import PAST, POLICY, SESSIONS, TICKER, desk, market
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, Row, publish
from tests.topology.runs import bytes_of, run, select, start, table, tables_of

VERDICTS = ("passed", "failed", "insufficient")
# What a session is told as at first: wrong prices, a wrong low alone, or nothing at all.
WRONG = {PAST + 2: 0.93, PAST + 6: 1.2, PAST + 9: 1.04}
STABBED, MISSING = PAST + 11, (PAST + 4, PAST + 10)


def told_first(right: Events) -> Events:
    """The same signals and decisions on prices that are not right yet."""
    found = []
    for tick in right.ticks:
        at = SESSIONS.index(tick["session"]) if tick["ticker"] == TICKER else -1
        if at in MISSING:
            continue
        low = at == STABBED and not (tick.get("open") or tick.get("final"))
        factor = 0.9 if low else WRONG.get(at, 1.0)
        found.append({**tick, "price": tick["price"] * factor})
    return Events(signals=right.signals, ticks=found, decisions=right.decisions)


def told_later(events: Events, revision: int = 1) -> Events:
    """What came late, and the wrong sessions anew under a greater revision."""
    late = {SESSIONS[at] for at in MISSING}
    restated = {SESSIONS[at] for at in (*WRONG, STABBED)}
    own = [each for each in events.ticks if each["ticker"] == TICKER]
    return Events(
        ticks=[each for each in own if each["session"] in late]
        + [{**each, "revision": revision} for each in own if each["session"] in restated]
    )


@pytest.fixture(scope="module")
def right() -> Events:
    return desk(market())


@pytest.fixture(scope="module")
def corrected(right: Events, tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, Path]:
    """A database that held the wrong rows before it held the right ones."""
    topology, folder = start([POLICY], Delivery(partitions=2)), tmp_path_factory.mktemp("late")
    publish(topology, told_first(right))
    topology.run()
    materialise(topology.log, folder)
    publish(topology, told_later(right))
    topology.run()
    return topology, materialise(topology.log, folder)


def test_after_a_correction_all_is_as_if_the_prices_had_been_right_from_the_start(
    right: Events, corrected: tuple[Topology, Path], tmp_path: Path
) -> None:
    expected = run([right], [POLICY], tmp_path / "right")
    wrong = run([told_first(right)], [POLICY], tmp_path / "wrong")
    found = corrected[1]

    assert bytes_of(found) == bytes_of(expected)
    assert without_revision(tables_of(found)) == without_revision(tables_of(expected))
    for name, content in bytes_of(wrong).items():
        assert content != bytes_of(expected)[name], name
    for name in ("llm_signals", "paper_trades", "paper_equity"):
        assert tables_of(wrong)[name] != tables_of(expected)[name], name


@pytest.mark.parametrize("seed", range(3))
def test_a_correction_may_come_in_any_order(seed: int, right: Events, tmp_path: Path) -> None:
    expected = run([right], [POLICY], tmp_path / "right")
    parts = [told_first(right), told_later(right)]
    delivery = Delivery(partitions=4, owners=2, chunk=40)

    for at, order in enumerate((parts, parts[::-1])):
        found = run(order, [POLICY], tmp_path / str(at), delivery, seed, doubled=True)
        assert bytes_of(found) == bytes_of(expected)


def test_a_changed_verdict_is_told_again_with_a_greater_revision(
    right: Events, tmp_path: Path
) -> None:
    """Also where it turns, and where it turns back."""
    policy = hashed(replace(POLICY, checks=(make_rule("annual_return", 0.5),)))
    topology = start([policy])
    for part in (right, told_later(told_first(right), revision=1), told_later(right, revision=2)):
        publish(topology, part)
        topology.run()
    folder = materialise(topology.log, tmp_path)
    told: dict[str, list[ValidationEvent]] = {}
    for each in topology.log.of(topics.VALIDATION_EVENTS.name):
        event = decode(each.value or b"")
        assert isinstance(event, ValidationEvent)
        if event.to_status in VERDICTS:
            told.setdefault(event.signal_id, []).append(event)

    turns = 0
    for signal_id, verdict in select(folder, "SELECT signal_id, verdict FROM llm_signals"):
        events, last = told[signal_id], told[signal_id][-1]
        assert [each.revision for each in events] == list(range(len(events)))
        held = json.loads(verdict)
        assert last.to_status == held["status"]
        assert [each.actual for each in last.checks] == [each["actual"] for each in held["checks"]]
        sql = "SELECT event_id FROM validation_events WHERE to_status IN ('passed', 'failed')"
        kept = select(folder, f"{sql} AND signal_id = '{signal_id}' ORDER BY revision DESC")
        assert kept[0] == (last.event_id,)
        statuses = [each.to_status for each in events]
        turns += statuses[:3] in (["passed", "failed", "passed"], ["failed", "passed", "failed"])
    assert turns > 1


def test_all_formats_tell_the_same_of_a_corrected_signal(corrected: tuple[Topology, Path]) -> None:
    folder = corrected[1]
    names = ("status", "net_return", "raw_return", "hit", "annual_return", "max_drawdown")
    sql = f"SELECT signal_id, {', '.join(names)} FROM signal_rows"
    rows = {row[0]: dict(zip(names, row[1:], strict=True)) for row in select(folder, sql)}
    lines = {row["signal_id"]: row for row in table(folder, "signals.csv")}
    tracking = json.loads((folder / "llm_signal_tracking.json").read_text(encoding="utf-8"))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    text = (folder / "llm_performance.txt").read_text(encoding="utf-8")

    for signal_id, row in rows.items():
        assert {name: lines[signal_id][name] for name in names} == {
            name: str(value) for name, value in row.items()
        }
        checks = tracking["signals"][signal_id]["validation_results"]["checks"]
        if "annual_return" in checks:
            assert checks["annual_return"]["actual"] == row["annual_return"]
    buys = [row for row in table(folder, "cohorts.csv") if row["action"] == "BUY"]
    net = [row["net_return"] for name, row in rows.items() if name.startswith("buy")]
    assert float(buys[0]["mean_net"]) == pytest.approx(sum(net) / len(net), abs=1e-12)
    assert f"{summary['paper']['equity']:,.2f}" in text
    last = "SELECT equity FROM paper_equity ORDER BY close_ms DESC LIMIT 1"
    assert select(folder, last) == [(summary["paper"]["equity"],)]


def without_revision(tables: dict[str, list[Row]]) -> dict[str, list[dict[str, Any]]]:
    """A bar still says that it was restated."""
    return {
        name: [{k: v for k, v in row.items() if k != "revision"} for row in rows]
        for name, rows in tables.items()
    }
