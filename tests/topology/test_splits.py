"""A split changes no return, no cohort and no paper trade; kept quiet, it makes nothing ready."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.policy import hashed
from tests.topology.desk import (
    HORIZON,
    PAST,
    POLICY,
    SESSIONS,
    TICKER,
    Bar,
    close_ms,
    decision,
    desk,
    market,
)  # fmt: skip
from tests.topology.events import Events, Row
from tests.topology.runs import bytes_of, run, select, table

AT = PAST + 7
EX_DATE = SESSIONS[AT]
SUSPECT = f"suspect price: a jump that nothing explains in {EX_DATE}"
RETURNS = (
    "status", "net_return", "raw_return", "hit", "annual_return", "max_drawdown", "mae", "mfe",
    "observations", "screen", "verdict", "ready_for_trading", "suspect_price", "reasons",
)  # fmt: skip
TRADES = (
    "SELECT signal_id, entry_session, exit_session, exit_reason, gross_pnl, costs, net_pnl, "
    "net_return, sessions_held, mae, mfe FROM paper_trades ORDER BY signal_id"
)
EQUITY = "SELECT close_ms, cash, exposure, equity, drawdown FROM paper_equity ORDER BY close_ms"

When = Callable[[Events], list[Events]]


def divided(bars: list[Bar], ratio: float) -> list[Bar]:
    """The same market with a split before the open of EX_DATE."""
    names = ("open", "high", "low", "close")
    return [
        replace(bar, **{name: getattr(bar, name) / ratio for name in names}) if at >= AT else bar
        for at, bar in enumerate(bars)
    ]


def announced(ratio: float, revision: int = 0) -> Events:
    split = {"ticker": TICKER, "ex_date": EX_DATE, "kind": "split", "ratio": ratio}
    return Events(actions=[{**split, "revision": revision}])


def dividend(ex_date: str, amount: float) -> Row:
    return {"ticker": TICKER, "ex_date": ex_date, "kind": "dividend", "amount": amount}


def before(events: Events) -> list[Events]:
    return [announced(2.0), events]


def on_the_day(events: Events) -> list[Events]:
    early = [each for each in events.ticks if each["session"] < EX_DATE]
    late = [each for each in events.ticks if each["session"] >= EX_DATE]
    return [
        Events(signals=events.signals, ticks=early),
        announced(2.0),
        Events(ticks=late, decisions=events.decisions),
    ]


def after(events: Events) -> list[Events]:
    return [events, announced(2.0)]


def corrected(events: Events) -> list[Events]:
    return [announced(3.0), events, announced(2.0, revision=1)]


@pytest.fixture(scope="module")
def unsplit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run([desk(market())], [POLICY], tmp_path_factory.mktemp("unsplit"))


@pytest.mark.parametrize("when", [before, on_the_day, after, corrected])
def test_a_split_changes_no_return_no_cohort_and_no_paper_trade(
    when: When, unsplit: Path, tmp_path: Path
) -> None:
    split = run(when(desk(divided(market(), 2.0))), [POLICY], tmp_path)

    assert near(signals_of(split)) == signals_of(unsplit)
    assert near(cohorts_of(split)) == cohorts_of(unsplit)
    for sql in (TRADES, EQUITY):
        found, expected = select(split, sql), select(unsplit, sql)
        assert near(found) == expected
        assert len(expected) > 4
    ready = [name for name, row in signals_of(split).items() if row["ready_for_trading"] == "true"]
    assert len(ready) > 4


@pytest.mark.parametrize("when", [before, after])
def test_a_split_changes_no_total_return(when: When, tmp_path: Path) -> None:
    """A dividend of the split's own date is of a share of before, a later one of the new shares."""
    policy = hashed(replace(POLICY, total_return=True))
    days = (SESSIONS[AT - 2], EX_DATE, SESSIONS[AT + 2])
    whole, split = (
        Events(actions=[dividend(day, amount) for day, amount in zip(days, amounts, strict=True)])
        for amounts in ((0.8, 1.0, 1.2), (0.8, 1.0, 0.6))
    )
    expected = run([whole, desk(market())], [policy], tmp_path / "whole")
    found = run([split, *when(desk(divided(market(), 2.0)))], [policy], tmp_path / "split")

    assert near(signals_of(found)) == signals_of(expected)
    assert near(cohorts_of(found)) == cohorts_of(expected)
    assert near(select(found, TRADES)) == select(expected, TRADES)


def test_it_is_no_matter_when_a_split_is_announced(tmp_path: Path) -> None:
    events = desk(divided(market(), 2.0))
    folders = [
        run(when(events), [POLICY], tmp_path / when.__name__)
        for when in (before, on_the_day, after, corrected)
    ]

    assert all(bytes_of(each) == bytes_of(folders[0]) for each in folders[1:])


@pytest.mark.parametrize("ratio", [2.0, 0.5])
def test_a_split_kept_quiet_is_refused_until_it_is_told_or_the_price_accepted(
    ratio: float, unsplit: Path, tmp_path: Path
) -> None:
    """The other way round it would make every BUY a winner."""
    events = desk(divided(market(), ratio))
    events.decisions = []
    held = {f"buy-{n:02d}" for n in range(AT - PAST - HORIZON, AT - PAST)}
    accepted = [decision(each, "accept-price", close_ms(AT), EX_DATE) for each in sorted(held)]
    told = run([events, announced(ratio)], [POLICY], tmp_path / "told")
    taken = run([events, Events(decisions=accepted)], [POLICY], tmp_path / "taken")
    quiet = run([events], [POLICY], tmp_path / "quiet")

    rows = signals_of(quiet)
    buys = {name for name in rows if name.startswith("buy")}
    assert {name for name in buys if rows[name]["suspect_price"] == "true"} == held
    for name in buys:
        assert rows[name]["reasons"] == (SUSPECT if name in held else "")
        assert rows[name]["ready_for_trading"] == ("false" if name in held else "true")
    summary = json.loads((quiet / "summary.json").read_text(encoding="utf-8"))
    assert held < set(summary["suspect_price"])
    assert held.isdisjoint(summary["ready_for_trading"])
    assert [each["ready"] for each in table(quiet, "cohorts.csv")].count("true") == 1
    for folder in (told, taken):
        rows = signals_of(folder)
        assert {name for name in buys if rows[name]["ready_for_trading"] == "true"} == buys
        assert {rows[name]["suspect_price"] for name in buys} == {"false"}
    assert near(returns_of(told)) == returns_of(unsplit)
    assert returns_of(taken) == returns_of(quiet)


def signals_of(folder: Path) -> dict[str, Row]:
    return {
        row["signal_id"]: {name: number(row[name]) for name in RETURNS}
        for row in table(folder, "signals.csv")
    }


def returns_of(folder: Path) -> dict[str, Any]:
    return {name: row["net_return"] for name, row in signals_of(folder).items()}


def cohorts_of(folder: Path) -> list[Row]:
    return [{k: number(v) for k, v in row.items()} for row in table(folder, "cohorts.csv")]


def number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def near(found: Any) -> Any:
    """Numbers to 1e-9, everything else exactly."""
    match found:
        case dict():
            return {name: near(value) for name, value in found.items()}
        case list():
            return [near(each) for each in found]
        case tuple():
            return tuple(near(each) for each in found)
        case float():
            return pytest.approx(found, rel=1e-9, abs=1e-9)
    return found
