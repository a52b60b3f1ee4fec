"""What a folder of the product says beside one batch computation, row by row.

Numbers to 1e-8, everything else exactly. Cohorts and signals are read from the CSV files,
what these do not hold from SQLite.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from sinks.evidence.cohort import CohortKey
from sinks.paper.rows import account_of as account_of_rows
from sinks.report_csv import COHORT_KEYS
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import read_paper, reading
from tests.oracle.batch import Batch
from tests.topology import batch_evidence as evidence
from tests.topology.runs import select, table
from tests.unit.sinks.paper.naive import Naive

Row = dict[str, Any]

SAME_NAMES = (
    "ticker", "action", "horizon_sessions", "status", "validation_status", "entry_session",
    "entry_price", "observations", "net_return", "raw_return", "hit", "annual_return",
    "max_drawdown", "mae", "mfe", "data_class", "calendar", "window_sessions", "entry_index",
    "horizon_session", "last_session", "verdict", "policy_hash", "payload_hash", "backdated",
    "stale_after_ms", "stale", "published_price",
)  # fmt: skip
COUNTS = ("signals", "matured", "open", "cancelled", "stale", "sessions")


def assert_is_batch(folder: Path, batch: Batch) -> None:
    """Compare everything that a folder holds."""
    world = evidence.world_of(batch)
    cohorts = evidence.cohorts_of(world)
    ready = evidence.ready_signals(batch, cohorts)
    _assert_bars(folder, batch)
    _assert_signals(folder, batch, ready)
    _assert_facts(folder, batch)
    _assert_cohorts(folder, cohorts)
    _assert_paper(folder, evidence.account_of(batch), batch)


def near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-8, abs=1e-9) if isinstance(value, float) else value


def _assert_signals(folder: Path, batch: Batch, ready: set[str]) -> None:
    lines = {each["signal_id"]: each for each in table(folder, "signals.csv")}
    assert lines.keys() == batch.rows.keys()
    for signal_id, row in batch.rows.items():
        line = lines[signal_id]
        line["published_price"] = line["published_entry_price"]
        expected = {name: row[name] for name in SAME_NAMES}
        expected |= {"screen": row["screen_status"], "ready_for_trading": signal_id in ready}
        expected |= {"suspect_price": bool(row["suspect_sessions"])}
        found = {name: _like(value, line[name]) for name, value in expected.items()}
        assert {"id": signal_id, **found} == {
            "id": signal_id,
            **{name: near(value) for name, value in expected.items()},
        }


def _assert_bars(folder: Path, batch: Batch) -> None:
    columns = ("session", "open", "high", "low", "close", "revision", "conflicting_close")
    names = ", ".join((*columns, "split_ratio", "dividend"))
    found = select(folder, f"SELECT ticker, {names} FROM bars ORDER BY ticker, session")
    expected = [
        (ticker, *(line[name] for name in columns), near(line["ratio"]), near(line["dividend"]))
        for ticker, frame in sorted(batch.bars.items())
        for line in frame.to_dict("records")
    ]
    assert found == expected


def _assert_facts(folder: Path, batch: Batch) -> None:
    """Screens, checks, suspects, observations, transitions, decisions and lost payloads."""
    rows = batch.rows
    sql = "SELECT signal_id, screen, verdict, suspect_sessions FROM llm_signals"
    for signal_id, screen, verdict, suspects in select(folder, sql):
        row = rows[signal_id]
        layers = {e["name"]: (e["actual"], e["status"]) for e in json.loads(screen)["checks"]}
        own = {k: v for k, v in row["layers"].items() if k != "ticker_exposure"}
        assert (signal_id, layers) == (
            signal_id, {k: (near(v), row["screen"][k]) for k, v in own.items()}
        )  # fmt: skip
        checks = {e["name"]: e["actual"] for e in json.loads(verdict)["checks"]} if verdict else {}
        assert checks == {name: near(value) for name, value in row["checks"].items()}
        assert (signal_id, json.loads(suspects)) == (signal_id, row["suspect_sessions"])
    steps = (
        "SELECT signal_id, from_status, to_status, as_of_ms, session, decision_id FROM transitions"
    )
    names = ("from_status", "to_status", "as_of_ms", "session", "decision_id")
    assert select(folder, f"{steps} ORDER BY signal_id, position") == [
        (signal_id, *(each[name] or None for name in names))
        for signal_id, row in sorted(rows.items())
        for each in row["transitions"]
    ]
    decided = select(folder, "SELECT signal_id, decision_id, applied FROM decisions")
    assert {(a, b): bool(c) for a, b, c in decided} == {
        (signal_id, name): applied
        for signal_id, row in rows.items()
        for name, applied in row["applied"].items()
    }
    lost = select(folder, "SELECT signal_id, payload_hash FROM quarantined")
    assert set(lost) == batch.quarantined
    _assert_observations(folder, batch)


def _assert_observations(folder: Path, batch: Batch) -> None:
    sql = (
        "SELECT signal_id, session, k, close, raw_return, signed_return FROM signal_observations "
        "ORDER BY signal_id, session"
    )
    expected = [
        (
            signal_id,
            line.session,
            line.Index,
            line.close,
            near(line.close_ratio - 1),
            near(line.signed),
        )
        for signal_id, row in sorted(batch.rows.items())
        if row["path"] is not None
        for line in row["path"][1:].itertuples()
    ]
    assert select(folder, sql) == expected


def _assert_cohorts(folder: Path, cohorts: dict[CohortKey, Row]) -> None:
    lines = {
        CohortKey(**{name: each[name] for name in COHORT_KEYS}): each
        for each in table(folder, "cohorts.csv")
    }
    assert list(lines) == list(cohorts)
    for key, row in cohorts.items():
        names = (*COUNTS, *evidence.OF_ALL, *evidence.OF_TRADES, "ready")
        pairs = {name: (_like(row[name], lines[key][name]), row[name]) for name in names}
        assert (key, {k: v for k, v in pairs.items() if v[0] != _cell(v[1])}) == (key, {})


def _assert_paper(folder: Path, naive: Naive, batch: Batch) -> None:
    with reading(folder / DATABASE) as connection:
        account = account_of_rows(read_paper(connection))
    scale = 1e-9 * batch.policy.paper.capital
    status = {each.signal_id: each.status for each in account.positions}
    assert {i for i, each in status.items() if each == "open"} == set(naive.open)
    rejected = {e.signal_id: e.reason for e in account.positions if e.status == "rejected"}
    assert {i: text.partition(":")[0] for i, text in rejected.items()} == naive.rejected
    assert {each.signal_id for each in account.trades} == set(naive.trades)
    for trade in account.trades:
        lot = naive.trades[trade.signal_id]
        assert (trade.exit_reason, trade.sessions_held) == (lot["reason"], lot["held"])
        found = trade.gross_pnl, trade.net_pnl, trade.net_pnl / lot["value"]
        assert found == pytest.approx((lot["gross"], lot["net"], trade.net_return), abs=scale)
        assert (trade.mae, trade.mfe) == pytest.approx((lot["mae"], lot["mfe"]), abs=1e-9)
    equity = {each.close_ms: each.equity for each in account.equity}
    assert equity == pytest.approx(naive.equity, rel=1e-9, abs=scale)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    return pytest.approx(float(value), rel=1e-6, abs=1e-8)


def _like(value: Any, text: str) -> Any:
    """The cell of a CSV file as a value of the same kind; an empty one is None."""
    if text == "":
        return None
    if isinstance(value, bool) or text in ("true", "false"):
        return text == "true"
    return int(text) if isinstance(value, int) else float(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
