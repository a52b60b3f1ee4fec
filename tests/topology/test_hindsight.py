"""Yesterday's winners published as live, and losers taken back: no evidence gets better by it."""

from pathlib import Path

import pytest

from tests.topology.desk import (
    COUNT,
    HORIZON,
    PAST,
    POLICY,
    close_ms,
    decision,
    desk,
    market,
    signal,
    stages,
)
from tests.topology.driver import Delivery
from tests.topology.events import KAFKA_MS, Events, Row
from tests.topology.runs import bytes_of, run, select, table, tables_of

BACKDATED = "backdated is not live evidence"
MARKET = market(28, drift=0.0)


def lines(folder: Path, name: str, key: str) -> dict[str, dict[str, str]]:
    return {row[key]: row for row in table(folder, name)}


def live_cohorts(folder: Path) -> list[dict[str, str]]:
    return [row for row in table(folder, "cohorts.csv") if row["data_class"] == "live"]


def winners() -> list[Row]:
    """BUYs where the next sessions rose, published a moment too late, or much later."""
    rises = [
        at
        for at in range(PAST, COUNT - HORIZON)
        if MARKET[at + HORIZON].close > 1.005 * MARKET[at].close
    ]
    return [
        {
            **signal(f"win-{n:02d}", at, confidence=0.99),
            KAFKA_MS: close_ms(at) + (1, 60_000, 40 * 86_400_000)[n % 3],
        }
        for n, at in enumerate(rises)
    ]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run([desk(MARKET)], [POLICY], tmp_path_factory.mktemp("honest"))


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_yesterdays_winners_improve_no_live_evidence(
    seed: int | None, honest: Path, tmp_path: Path
) -> None:
    """Whether they are staged or not, and on whatever partition they come."""
    picked = winners()
    parts = [desk(MARKET), Events(signals=picked, decisions=stages(picked))]
    found = run(parts, [POLICY], tmp_path, Delivery(partitions=4, owners=2, chunk=50), seed)

    rows, before = (lines(each, "signals.csv", "signal_id") for each in (found, honest))
    won = {each["signal_id"] for each in picked}
    assert len(won) > 8
    assert {name: rows[name] for name in before} == before
    for name in won:
        assert (rows[name]["data_class"], rows[name]["backdated"]) == ("backdated", "true")
        assert (rows[name]["verdict"], rows[name]["ready_for_trading"]) == ("passed", "false")
        assert BACKDATED in rows[name]["reasons"]
    assert live_cohorts(found) == live_cohorts(honest)
    assert any(row["ready"] == "true" for row in live_cohorts(honest))
    other = [row for row in table(found, "cohorts.csv") if row["data_class"] == "backdated"]
    assert {row["ready"] for row in other if row["level"] == "cohort"} == {"false"}
    assert all(float(row["hit_rate"]) == 1.0 for row in other)


def test_published_in_time_they_would_have_counted(honest: Path, tmp_path: Path) -> None:
    """The same signals at the close of their entry, and once more later: the first time counts."""
    picked = [{**each, KAFKA_MS: each["generated_at_ms"] + 3_600_000} for each in winners()]
    again = [{**each, KAFKA_MS: each[KAFKA_MS] + 86_400_000} for each in picked]

    for at, order in enumerate(([picked, again], [again, picked])):
        parts = [desk(MARKET), *(Events(signals=each) for each in order)]
        found = run(parts, [POLICY], tmp_path / str(at))

        rows = lines(found, "signals.csv", "signal_id")
        assert {rows[e["signal_id"]]["data_class"] for e in picked} == {"live"}
        assert live_cohorts(found) != live_cohorts(honest)


def losers(honest: Path) -> list[str]:
    rows = lines(honest, "signals.csv", "signal_id")
    return sorted(name for name, row in rows.items() if row["hit"] == "miss")


@pytest.mark.parametrize("after_ms", [0, 1, 30 * 86_400_000])
def test_a_loser_that_is_cancelled_after_its_entry_still_counts(
    after_ms: int, honest: Path, tmp_path: Path
) -> None:
    lost = losers(honest)
    cancels = [
        decision(name, "cancel", close_ms(PAST + int(name[-2:])) + after_ms) for name in lost
    ]

    found = run([desk(MARKET), Events(decisions=cancels)], [POLICY], tmp_path)

    assert len(lost) > 3
    assert bytes_of(found) == bytes_of(honest)
    refused = "SELECT signal_id FROM decisions WHERE kind = 'cancel' AND NOT applied"
    assert sorted(name for (name,) in select(found, refused)) == lost


def test_a_loser_that_is_archived_still_counts(honest: Path, tmp_path: Path) -> None:
    lost = losers(honest)
    archives = [decision(name, "archive", close_ms(COUNT - 1)) for name in lost]

    found = run([desk(MARKET), Events(decisions=archives)], [POLICY], tmp_path)

    rows = lines(found, "signals.csv", "signal_id")
    assert {rows[name]["status"] for name in lost} == {"archived"}
    assert (found / "cohorts.csv").read_bytes() == (honest / "cohorts.csv").read_bytes()
    assert tables_of(found)["paper_equity"] == tables_of(honest)["paper_equity"]
