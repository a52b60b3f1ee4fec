"""Judging rows again by the policy that judged them gives what the worker stored."""

import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from schemas.policy import Policy
from signal_tracker.judging import Judgement, judge_again, payload_of
from signal_tracker.ticker_bars import JudgingError, Market
from sinks.bar_columns import BarColumns
from sinks.rows import SignalRow
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import read_bar_columns, read_policies, read_signals, reading
from tests.builders import make_policy, make_rule
from tests.oracle.examples import DAY_MS, JAN_02_CLOSE_MS, Row, closes, days, signal
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, publish, random_events

SPLIT = {"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2.0}
DIVIDEND = {"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "dividend", "amount": 4.0}
HALVED = [100.0, 104.0, 50.0, 51.0, 52.0, 53.0, 54.0]
# Five sessions and nothing else asked: what is looked at is the arithmetic.
SHORT = make_policy(min_sessions=5, checks=(make_rule("annual_return", 0.1),))


class Judged:
    """A database that the worker's own path has filled, and the rows of it."""

    def __init__(self, events: Events, folder: Path, rng: random.Random | None = None) -> None:
        topology = Topology(Delivery())
        publish(topology, events, rng)
        topology.run()
        self.path = materialise(topology.log, folder) / DATABASE
        with reading(self.path) as connection:
            self.signals = read_signals(connection)
            self.market = Market(read_bar_columns(connection))
            self.policies = {each.hash: each for each in read_policies(connection)}

    def again(self, row: SignalRow, policy: Policy | None = None, **more: str) -> Judgement:
        policy = policy or self.policies[row.policy_hash]
        return judge_again(row, self.market.of(row), policy, **more)  # type: ignore[arg-type]


def one(folder: Path, *, prices: list[float], actions: list[Row] = [], **fields: object) -> Judged:  # noqa: B006 never changed
    events = Events(
        signals=[signal(**{"horizon_sessions": 5, **fields})],
        ticks=closes(prices),
        actions=actions,
    )
    return Judged(events, folder)


@pytest.fixture(scope="module", params=[(1, False), (2, False), (8, True)], ids=str)
def market(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    seed, intraday = request.param
    events = random_events(seed, intraday=intraday)
    yield Judged(events, tmp_path_factory.mktemp("judged"), random.Random(seed))


def test_by_the_stored_policy_each_verdict_is_the_stored_one(market: Judged) -> None:
    assert {each.verdict_status for each in market.signals} > {None}
    for row in market.signals:
        again = market.again(row)

        stored = row.verdict and row.verdict["checks"]
        assert (again.verdict if again.matured else None) == row.verdict_status
        assert (again.observations, again.window) == (row.observations, row.window_sessions)
        assert not row.verdict or [asdict(each) for each in again.checks] == stored


def test_by_the_stored_policy_the_facts_and_the_screen_are_the_stored_ones(market: Judged) -> None:
    same = ("entry_price", "horizon_session", "net_return", "raw_return", "hit", "mae", "mfe")
    for row in market.signals:
        again = market.again(row)

        assert [getattr(again.facts, name) for name in same] == [getattr(row, n) for n in same]
        assert again.facts.entry_session == row.entry_session
        assert again.facts.last_session == row.last_session
        assert again.facts.max_drawdown == row.max_drawdown
        assert list(again.facts.suspect_sessions) == row.suspect_sessions
        assert asdict(again.screen) == row.screen


def test_a_payload_is_read_back_whole(tmp_path: Path) -> None:
    published = {"target_price": 120.0, "indicators": {"rsi": 51.0}, "entry_price": 99.0}
    judged = one(tmp_path, prices=[100.0], reasoning="because", **published)

    (row,) = judged.signals

    payload = payload_of(row)
    assert (payload.reasoning, payload.model) == ("because", "m")
    assert {name: getattr(payload, name) for name in published} == published


@pytest.mark.parametrize("total_return", [False, True])
def test_a_dividend_is_of_a_share_before_the_split_of_its_day(
    tmp_path: Path, total_return: bool
) -> None:
    judged = one(tmp_path, prices=HALVED, actions=[SPLIT, DIVIDEND])
    policy = make_policy(min_sessions=5, total_return=total_return)

    facts = judged.again(judged.signals[0], policy).facts

    # Two shares of 53 of the one at 100, and the 4 that one share was paid.
    assert facts.raw_return == pytest.approx(0.10 if total_return else 0.06)
    assert facts.suspect_sessions == ()


@pytest.mark.parametrize(("jump_guard", "sessions"), [(0.4, ("2024-01-04",)), (0.6, ())])
def test_another_guard_finds_other_suspects(
    tmp_path: Path, jump_guard: float, sessions: tuple[str, ...]
) -> None:
    judged = one(tmp_path, prices=HALVED)
    policy = make_policy(min_sessions=5, jump_guard=jump_guard)

    assert judged.again(judged.signals[0], policy).facts.suspect_sessions == sessions


def test_an_accepted_session_is_not_suspect(tmp_path: Path) -> None:
    judged = one(tmp_path, prices=HALVED)
    (row,) = judged.signals

    again = judge_again(row, judged.market.of(row), SHORT, accepted={"2024-01-04"})

    assert again.facts.suspect_sessions == ()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "passed"),
        ({"min_sessions": 6}, "passed"),
        ({"min_sessions": 7}, "insufficient"),
        ({"cost_bps_per_side": 500.0}, "failed"),
        ({"checks": (make_rule("max_drawdown", 0.01, "<="),)}, "failed"),
        ({"checks": (make_rule("annual_return", 99.0),)}, "failed"),
    ],
    ids=str,
)
def test_window_costs_and_checks_are_those_of_the_policy_that_is_asked(
    tmp_path: Path, changes: dict[str, object], verdict: str
) -> None:
    policy = make_policy(**{"min_sessions": 5, "checks": SHORT.checks, **changes})
    judged = one(tmp_path, prices=[100.0, 101.0, 98.0, 101.0, 102.0, 103.0, 104.0])

    again = judged.again(judged.signals[0], policy)

    assert (again.verdict, again.policy) == (verdict, policy)
    assert again.window == policy.min_sessions


def test_the_band_of_a_hold_is_that_of_the_policy(tmp_path: Path) -> None:
    judged = one(tmp_path, prices=[100.0, 101.0, 102.0, 103.0, 103.0, 103.0], action="HOLD")

    hits = [
        judged.again(judged.signals[0], make_policy(min_sessions=5, hold_band=band)).facts.hit
        for band in (0.02, 0.04)
    ]

    assert hits == ["miss", "hit"]


def test_before_the_end_of_the_window_every_check_is_insufficient(tmp_path: Path) -> None:
    judged = one(tmp_path, prices=[100.0, 101.0, 102.0, 103.0, 104.0, 105.0])

    again = judged.again(judged.signals[0], make_policy(min_sessions=8))

    assert (again.verdict, again.matured) == ("insufficient", False)
    (check,) = again.checks
    assert check.actual is not None
    assert check.status == "insufficient"
    assert check.reason == "5 of 8 sessions observed; annualised from the horizon's net return"


@pytest.mark.parametrize(
    ("session", "observations", "entry"),
    [
        ("2024-01-03", 5, 101.0),
        ("2024-01-04", 5, 102.0),
        ("2024-01-07", 4, 103.0),  # a Sunday: the close of Friday
        ("2024-02-01", 0, 107.0),
        ("2023-12-29", 0, None),
    ],
)
def test_from_a_session_on_its_close_is_the_entry(
    tmp_path: Path, session: str, observations: int, entry: float | None
) -> None:
    judged = one(tmp_path, prices=[100.0 + n for n in range(8)])

    again = judged.again(judged.signals[0], SHORT, from_session=session)

    assert (again.observations, again.facts.entry_price) == (observations, entry)
    assert again.matured == (observations == 5)


def test_a_cancelled_signal_has_no_entry_by_any_policy(tmp_path: Path) -> None:
    cancel = {
        "decision_id": "d",
        "signal_id": "one",
        "ticker": "AAPL",
        "kind": "cancel",
        "decided_at_ms": JAN_02_CLOSE_MS - 1,
    }
    events = Events(signals=[signal()], ticks=closes([100.0] * 9), decisions=[cancel])
    judged = Judged(events, tmp_path)

    again = judged.again(judged.signals[0], SHORT)

    assert (again.observations, again.facts.entry_session) == (0, None)
    assert {each.reason for each in again.checks} == {"cancelled before its entry"}


def test_a_ticker_without_prices_waits_for_one(tmp_path: Path) -> None:
    judged = Judged(Events(signals=[signal(ticker="NONE")]), tmp_path)

    again = judged.again(judged.signals[0], SHORT)

    assert {each.reason for each in again.checks} == {"no entry price yet"}
    assert judged.market.last_session("NONE", JAN_02_CLOSE_MS) is None


def test_the_last_session_of_a_ticker_is_the_one_that_had_closed(tmp_path: Path) -> None:
    judged = one(tmp_path, prices=[100.0, 101.0, 102.0])
    close = JAN_02_CLOSE_MS
    times = (close - 1, close, close + DAY_MS - 1, close + DAY_MS, close + 99 * DAY_MS)

    found = [judged.market.last_session("AAPL", each) for each in times]

    assert found == [None, *days("2024-01-02", 1) * 2, *days("2024-01-03", 2)]


def test_a_session_that_its_calendar_does_not_have_is_named(tmp_path: Path) -> None:
    judged = one(tmp_path, prices=[100.0])
    sunday = BarColumns(
        calendar="XNYS",
        session=("2024-01-07",),
        session_index=(0,),
        close_ms=(JAN_02_CLOSE_MS,),
        open=(1.0,),
        high=(1.0,),
        low=(1.0,),
        close=(1.0,),
        split_ratio=(1.0,),
        dividend=(0.0,),
    )

    with pytest.raises(JudgingError, match="AAPL: expected sessions of XNYS, was 2024-01-07"):
        Market({"AAPL": sunday}).of(judged.signals[0])
