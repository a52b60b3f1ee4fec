"""What the fold adds for evidence: screens, backdating, actions in bars, accepted prices."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from schemas import topics
from schemas.records import SessionBar, SignalState
from streams.domain.effects import Effects
from streams.domain.tracker import PartitionTracker
from tests.builders import CLOSE_MS, DAY_MS, make_signal
from tests.unit.streams.fold import RULES, apply, apply_ticks, new_tracker

CALENDAR = RULES.calendar_of("AAPL")
FIRST = CALENDAR.last_closed_at(CLOSE_MS)


def label(at: int) -> str:
    return CALENDAR.label(FIRST + at)


def close_ms(at: int) -> int:
    return CALENDAR.closes[FIRST + at]


def tick(at: int, price: float, **changes: Any) -> dict[str, Any]:
    return {"ticker": "AAPL", "session": label(at), "price": price, "final": True, **changes}


def signal(at: int = 0, **changes: Any) -> dict[str, Any]:
    """Published five minutes after a session's close."""
    defaults = {
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": close_ms(at) + 300_000,
        "source": "tests",
        "source_kind": "rule",
        "model": "m",
        "signal_id": f"s-{at}",
        "horizon_sessions": 5,
    }
    return {**defaults, **changes}


class World:
    """The latest of everything that a tracker has told."""

    def __init__(self) -> None:
        self.tracker = new_tracker()
        self.states: dict[str, SignalState] = {}
        self.bars: dict[str, SessionBar] = {}

    def see(self, effects: Effects) -> Effects:
        self.states |= {key[1]: state for key, state in effects.states.items()}
        self.bars |= {bar.session: bar for bar in effects.bars.values()}
        return effects

    def ticks(self, *rows: dict[str, Any]) -> Effects:
        return self.see(apply_ticks(self.tracker, rows))

    def send(self, topic: topics.Topic, *rows: dict[str, Any]) -> Effects:
        return self.see(apply(self.tracker, topic, rows))


def walk(count: int, seed: int = 1) -> list[float]:
    rng, price, found = random.Random(seed), 100.0, []
    for _ in range(count):
        price *= 1 + rng.gauss(0, 0.01)
        found.append(round(price, 2))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_screen_depends_on_the_set_of_ticks_and_not_on_their_order(seed: int) -> None:
    closes = walk(90)
    signals = [signal(at) for at in (0, 3, 60, 85, 89)]
    rows = [tick(at, price) for at, price in enumerate(closes)]
    ordered, shuffled = World(), World()
    for row in rows:
        ordered.ticks(row)
    ordered.send(topics.SIGNALS, *signals)

    rng = random.Random(seed)
    rng.shuffle(rows)
    cuts = sorted(rng.sample(range(90), 3))
    parts = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, 90], strict=True)]
    for part, some in zip(parts, (signals[:2], signals[2:3], signals[3:], []), strict=True):
        shuffled.send(topics.SIGNALS, *some)
        shuffled.ticks(*part)

    assert {key: state.screen for key, state in shuffled.states.items()} == {
        key: state.screen for key, state in ordered.states.items()
    }
    assert ordered.states["s-85"].screen.status in {"passed", "failed"}


def test_a_screen_is_there_before_the_entry_and_later_bars_leave_it() -> None:
    world = World()
    world.ticks(*(tick(at, price) for at, price in enumerate(walk(90))))
    world.send(topics.SIGNALS, signal(89))
    before = world.states["s-89"]

    world.ticks(*(tick(at, 500.0) for at in range(90, 100)))

    assert before.first_session is None
    assert {each.name for each in before.screen.checks} >= {"data_age", "against_trend"}
    assert world.states["s-89"].first_session == label(90)
    assert world.states["s-89"].screen == before.screen


def test_bars_long_before_a_signal_of_tomorrow_tell_nothing_of_it() -> None:
    world = World()
    world.send(topics.SIGNALS, signal(80))

    told = [bool(world.ticks(tick(at, 100.0 + at)).states) for at in range(81)]

    assert told == [at >= 75 for at in range(81)]


def test_a_restated_bar_before_the_entry_revises_the_screen_and_nothing_else() -> None:
    world = World()
    world.ticks(*(tick(at, 100.0 + at) for at in range(60)))
    world.send(topics.SIGNALS, signal(59))
    world.ticks(tick(60, 160.0))
    before = world.states["s-59"]

    effects = world.ticks(tick(59, 20.0, revision=1))

    after = world.states["s-59"]
    assert after.screen != before.screen
    assert (after.entry_price, after.transitions) == (before.entry_price, before.transitions)
    assert not effects.events
    assert not effects.observations


def test_a_verdict_that_turns_is_told_with_a_greater_revision_each_time() -> None:
    world = World()
    world.send(topics.SIGNALS, signal(0, horizon_sessions=30))
    first = world.ticks(*(tick(at, 100.0 + at) for at in range(1, 32)))
    fails = world.ticks(tick(31, 90.0, revision=1))
    passes = world.ticks(tick(31, 131.0, revision=2))

    told = [
        (each.to_status, each.revision)
        for effects in (first, fails, passes)
        for each in effects.events
        if each.to_status in ("passed", "failed")
    ]
    assert told == [("passed", 0), ("failed", 1), ("passed", 2)]


@pytest.mark.parametrize(
    ("times", "backdated"),
    [
        ((close_ms(1),), False),
        ((close_ms(1) + 1,), True),
        ((close_ms(1) + 1, close_ms(1)), False),
        ((close_ms(1), close_ms(1) + 1), False),
        ((None,), None),
    ],
)
def test_a_live_signal_is_backdated_by_its_earliest_publishing(
    times: Sequence[int | None], *, backdated: bool | None
) -> None:
    world = World()
    payload = make_signal(generated_at_ms=close_ms(0), signal_id="s")
    world.ticks(tick(0, 100.0), tick(1, 100.0), tick(2, 101.0))

    for time in times:
        world.see(world.tracker.apply_signals([payload], [time]))

    assert world.states["s"].backdated is backdated
    assert world.states["s"].entry_price == 100.0


@pytest.mark.parametrize("kind", ["synthetic", "replay"])
def test_only_live_signals_can_be_backdated(kind: str) -> None:
    world = World()
    payload = make_signal(generated_at_ms=close_ms(0), signal_id="s", data_kind=kind)
    world.ticks(tick(0, 100.0), tick(1, 100.0))

    world.see(world.tracker.apply_signals([payload], [close_ms(5)]))

    assert world.states["s"].backdated is None


def test_before_its_entry_a_signal_is_not_known_to_be_backdated() -> None:
    world = World()
    payload = make_signal(generated_at_ms=close_ms(0), signal_id="s")

    world.see(world.tracker.apply_signals([payload], [close_ms(5)]))
    assert world.states["s"].backdated is None
    world.ticks(tick(1, 100.0))

    assert world.states["s"].backdated is True


def actions() -> list[dict[str, Any]]:
    return [
        {"ticker": "AAPL", "ex_date": label(2), "kind": "split", "ratio": 2.0},
        {"ticker": "AAPL", "ex_date": label(3), "kind": "dividend", "amount": 0.5},
        {"ticker": "AAPL", "ex_date": label(3), "kind": "split", "ratio": 3.0},
    ]


@pytest.mark.parametrize("first", ["bars", "actions"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 0, 2, 1, 3), (0, 1, 4, 2, 3)])
def test_a_bar_carries_the_actions_since_the_bar_before(order: tuple[int, ...], first: str) -> None:
    world = World()
    if first == "actions":
        world.send(topics.CORPORATE_ACTIONS, *actions())
    for at in order:
        world.ticks(tick(at, 100.0))
    if first == "bars":
        world.send(topics.CORPORATE_ACTIONS, *actions())

    carried = {at: world.bars[label(at)] for at in range(5)}

    assert [each.split_ratio for each in carried.values()] == [1.0, 1.0, 2.0, 3.0, 1.0]
    assert [each.dividend for each in carried.values()] == [0.0, 0.0, 0.0, 0.5, 0.0]


def test_without_a_bar_on_its_day_an_action_goes_to_the_next() -> None:
    world = World()
    world.ticks(tick(0, 100.0), tick(4, 100.0))

    world.send(topics.CORPORATE_ACTIONS, *actions())
    alone = world.bars[label(4)]
    world.ticks(tick(2, 100.0))

    assert (alone.split_ratio, alone.dividend) == (6.0, 1.0)
    assert world.bars[label(2)].split_ratio == 2.0
    assert (world.bars[label(4)].split_ratio, world.bars[label(4)].dividend) == (3.0, 0.5)


def test_a_bar_that_comes_between_tells_the_next_one_again_whatever_is_known_of_actions() -> None:
    """A life before may have told it with an action that a crash took away."""
    world = World()
    world.ticks(tick(0, 100.0), tick(2, 100.0), tick(3, 100.0))

    effects = world.ticks(tick(1, 100.0))

    assert [bar.session for bar in effects.bars.values()] == [label(1), label(2)]


def test_an_accepted_price_is_suspect_no_more_until_the_decision_is_displaced() -> None:
    world = World()
    world.ticks(*(tick(at, price) for at, price in enumerate([100.0, 100.0, 40.0, 41.0])))
    world.send(topics.SIGNALS, signal(0))
    accept = {
        "decision_id": "d",
        "signal_id": "s-0",
        "ticker": "AAPL",
        "kind": "accept-price",
        "session": label(2),
        "decided_at_ms": close_ms(3) + DAY_MS,
    }

    assert world.states["s-0"].suspect_sessions == [label(2)]
    world.send(topics.DECISIONS, accept)
    assert world.states["s-0"].suspect_sessions == []
    assert world.states["s-0"].decisions[0].applied
    world.send(topics.DECISIONS, {**accept, "session": label(3), "decided_at_ms": close_ms(3)})

    assert world.states["s-0"].suspect_sessions == [label(2)]
    assert world.states["s-0"].decisions[0].refusal == f"no suspect price at session {label(3)}"


def test_a_policy_is_told_once_with_the_first_signal_that_it_judges() -> None:
    tracker: PartitionTracker = new_tracker()

    first = apply(tracker, topics.SIGNALS, [signal(0), signal(1)])
    second = apply(tracker, topics.SIGNALS, [signal(2)])

    assert [each.name for each in first.policies.values()] == ["tracker"]
    assert not second.policies
