"""The account beside one written apart, over random scenarios."""

from collections import Counter

import pytest
from hypothesis import given, settings

from sinks.paper.account import run_account
from sinks.paper.records import CLOSED, OPEN, REJECTED
from tests.unit.sinks.paper.naive import Oracle
from tests.unit.sinks.paper.samples import CASH_POOR, Scenario, scenarios


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(scenarios() | scenarios(rules=CASH_POOR))
def test_an_account_written_apart_comes_to_the_same(scenario: Scenario) -> None:
    found = run_account(scenario.orders, scenario.bars, scenario.rules)
    naive = Oracle(scenario).run()
    near = {"rel": 1e-9, "abs": 1e-9 * scenario.rules.capital}

    status = {each.signal_id: each.status for each in found.positions}
    counts = Counter(status.values())
    assert {i for i, each in status.items() if each == OPEN} == set(naive.open)
    assert counts[CLOSED] == len(naive.trades)
    rejected = {i.signal_id: i.reason for i in found.positions if i.status == REJECTED}
    assert {i: text.partition(":")[0] for i, text in rejected.items()} == naive.rejected
    assert {each.close_ms: each.equity for each in found.equity} == pytest.approx(
        naive.equity, **near
    )
    for trade in found.trades:
        lot = naive.trades[trade.signal_id]
        assert (trade.exit_reason, trade.sessions_held) == (lot["reason"], lot["held"])
        assert trade.gross_pnl == pytest.approx(lot["gross"], **near)
        assert trade.net_pnl == pytest.approx(lot["net"], **near)
        assert trade.costs == pytest.approx(lot["gross"] - lot["net"], **near)
        assert trade.net_return == pytest.approx(lot["net"] / lot["value"], rel=1e-9, abs=1e-9)
        assert (trade.mae, trade.mfe) == pytest.approx((lot["mae"], lot["mfe"]), abs=1e-9)
