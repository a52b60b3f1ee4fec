"""Rows 21 to 25: which prices count, and over which sessions."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.codec import encode
from schemas.records import Tick
from sinks.paper.account import run_account
from tests.builders import make_batch, make_policy
from tests.mistakes.ledger import row
from tests.mistakes.models import LABELS
from tests.mistakes.world import (
    FIRST,
    Told,
    before_close,
    folded,
    one,
    strict_json,
    tell,
    told_of,
)
from tests.oracle.examples import closes, days, signal
from tests.topology.driver import Delivery, Topology, dead_letters
from tests.topology.events import Events, publish
from tests.unit.sinks.paper.samples import Prices, flat, make_bar, make_order, make_rules

COSTS = 0.001  # of a round trip
SECOND = days(FIRST, 2)[1]


@row("21")
def test_a_price_that_is_none_is_a_dead_letter_and_never_an_entry(tmp_path: Path) -> None:
    topology = Topology(Delivery())
    named: dict[str, Any] = {"ticker": "AAPL", "session": FIRST, "final": True}
    bad = [
        orjson.dumps({**named, "price": 0}),
        orjson.dumps({**named, "price": -1.5}),
        b'{"ticker": "AAPL", "session": "2024-01-02", "final": true, "price": NaN}',
        encode(make_batch(ticks=[Tick(**named, price=each) for each in (0.0, float("nan"))])),
    ]
    publish(topology, Events(signals=[signal()]))
    for each in bad:
        topology.publish(topics.TICKS, 0, each)
    publish(topology, Events(ticks=closes([100.0, 101.0])))
    topology.run()
    told = told_of(topology, tmp_path)

    assert dead_letters(topology.log) == 5
    assert (told.row.entry_price, told.row.observations) == (100.0, 1)
    for name in ("summary.json", "llm_signal_tracking.json"):
        assert strict_json(told.text(name))


@row("22")
def test_whichever_price_comes_last_the_entry_is_the_first_session_after_the_signal(
    tmp_path: Path,
) -> None:
    ticks = closes([100.0, 104.0, 110.0])
    # Of the last session, but before its final price.
    late = {"ticker": "AAPL", "price": 50.0, "ts_event_ms": before_close(ticks[-1]["session"])}

    for at, order in enumerate(permutations([*ticks, late])):
        parts = [Events(signals=[signal()]), *(Events(ticks=[each]) for each in order)]
        told = tell(tmp_path / str(at), *parts)

        assert (told.row.entry_session, told.row.entry_price) == (FIRST, 100.0)
        [record] = json.loads(told.text("llm_signal_tracking.json"))["signals"].values()
        assert record["performance"]["current_return"] == pytest.approx(0.1)
        assert record["performance"]["last_update"] == "2024-01-04T21:00:00.000Z"


@row("23")
def test_a_return_is_net_of_costs_and_a_split_is_none(tmp_path: Path) -> None:
    split = {"ticker": "AAPL", "ex_date": days(FIRST, 11)[10], "kind": "split", "ratio": 3}
    thirds = [100.0] * 10 + [100 / 3] * 21
    told = tell(tmp_path / "told", Events(actions=[split]), one(thirds))
    untold = tell(tmp_path / "untold", one(thirds))

    assert told.row.raw_return == pytest.approx(0, abs=1e-12)
    assert told.row.net_return == pytest.approx(-COSTS)
    assert not told.row.suspect_price
    assert untold.row.raw_return == pytest.approx(-2 / 3)
    assert untold.row.suspect_price
    assert any(each.startswith("suspect price") for each in untold.report.readiness["one"].against)
    # The price as it was traded stays, with the factor beside it.
    assert told.select("SELECT close, split_ratio FROM bars WHERE split_ratio <> 1") == [
        (pytest.approx(100 / 3), 3.0)
    ]


@row("23")
def test_a_dividend_counts_where_the_policy_asks_the_total_return() -> None:
    dividend = {"ticker": "AAPL", "ex_date": SECOND, "kind": "dividend", "amount": 2.0}
    events = one([100.0, 98.0, *[98.0] * 29])
    events.actions.append(dividend)

    found = [
        folded(make_policy(total_return=total), events)["one"].raw_return for total in (True, False)
    ]

    assert found == [pytest.approx(0.0), pytest.approx(-0.02)]


@row("24")
def test_a_signal_matures_at_its_window_and_has_its_return_at_its_horizon(tmp_path: Path) -> None:
    told = tell(tmp_path, one([*[100.0] * 5, 110.0, *[90.0] * 40], horizon_sessions=5))
    labels = days(FIRST, 31)

    assert (told.row.horizon_session, told.row.last_session) == (labels[5], labels[30])
    assert told.row.net_return == pytest.approx(0.1 - COSTS)
    assert (told.row.observations, told.row.matured) == (30, True)


@row("24")
@pytest.mark.parametrize(
    ("second", "reason", "price"),
    [
        ((101, 112, 100, 111), "target", 110.0),
        ((99, 100, 90, 98), "stop", 95.0),
        ((101, 102, 99, 101), "time", 103.0),
    ],
)
def test_a_paper_trade_ends_at_its_target_its_stop_or_its_horizon(
    second: Prices, reason: str, price: float
) -> None:
    order = make_order(target_return=0.1, stop_return=-0.05, horizon_sessions=3)
    bars = [flat(1), make_bar(2, second), flat(3, 103.0), flat(4)]

    [trade] = run_account([order], {"A": bars}, make_rules()).trades

    assert trade.exit_reason == reason
    assert trade.exit_price == pytest.approx(price)


@row("25")
def test_a_horizon_of_five_is_five_sessions_over_any_weekend_and_holiday(every_day: Told) -> None:
    found = [(each.entry_session, each.horizon_session) for each in every_day.report.signals]

    assert found == list(zip(LABELS[:250], LABELS[5:255], strict=True))


@row("25")
def test_a_forward_return_is_unknown_until_its_horizon_is_over(tmp_path: Path) -> None:
    prices = [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]
    short = tell(tmp_path / "4", one(prices[:5], horizon_sessions=5)).row
    long = tell(tmp_path / "5", one(prices, horizon_sessions=5)).row

    assert (short.observations, short.raw_return, short.hit) == (4, None, None)
    assert short.horizon_session is None
    assert long.raw_return == pytest.approx(0.05)
    assert (long.hit, long.horizon_session) == ("hit", days(FIRST, 6)[5])
