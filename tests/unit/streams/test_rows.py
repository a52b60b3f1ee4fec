"""State to rows and back: a tracker restored from its rows goes on as the first would have."""

import random
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.policy import PolicyVersions
from schemas.topics import Topic
from streams import tables
from streams.domain.effects import Effects
from streams.domain.tracker import PartitionTracker
from streams.rows import StateError, changed_rows, restore
from tests.builders import CLOSE_MS, DAY_MS, HOUR_MS
from tests.oracle.examples import closes, days, signal
from tests.oracle.scenarios import random_intraday, random_signals
from tests.unit.streams.fold import RULES, apply, apply_ticks, new_tracker
from tests.unit.streams.observed import observed

Row = dict[str, Any]
Step = tuple[Topic, list[Row]]
Rows = dict[str, dict[bytes, bytes]]

TICKERS = ("AAPL", "BTC-USD")
SPLIT = {"ticker": "AAPL", "ex_date": "2024-01-05", "kind": "split", "ratio": 2.0}
DIVIDEND = {"ticker": "AAPL", "ex_date": "2024-01-05", "kind": "dividend", "amount": 0.24}


def cancel(signal_id: str, decided_at_ms: int, **changes: Any) -> Row:
    return {
        "decision_id": f"d-{signal_id}",
        "signal_id": signal_id,
        "ticker": "AAPL",
        "kind": "cancel",
        "decided_at_ms": decided_at_ms,
        **changes,
    }


def empty_rows() -> Rows:
    return {name: {} for name in tables.TABLE_NAMES}


def take(tracker: PartitionTracker, step: Step) -> Effects:
    topic, rows = step
    if topic is topics.TICKS:
        return apply_ticks(tracker, rows)
    return apply(tracker, topic, rows)


def keep(
    rows: Rows,
    tracker: PartitionTracker,
    effects: Effects,
    only: Collection[str] = tables.TABLE_NAMES,
) -> None:
    for table, key, value in changed_rows(tracker, effects):
        if table in only:
            rows[table][key] = value


def restored(rows: Rows) -> PartitionTracker:
    tracker = new_tracker()
    restore(tracker, rows)
    return tracker


def steps(rng: random.Random) -> Iterator[Step]:
    """Everything that a partition can meet, in random order and chunks."""
    first, last = "2023-12-18", "2024-03-15"
    published: list[tuple[Topic, Row]] = []
    for ticker in TICKERS:
        labels = days(first, 40, ticker)
        published += [(topics.TICKS, row) for row in random_intraday(rng, ticker, labels)]
    for row in random_signals(rng, TICKERS, first, last, 30):
        published.append((topics.SIGNALS, row))
        if "signal_id" in row and rng.random() < 0.3:
            decided_at_ms = row["generated_at_ms"] + rng.choice((-1, 0, HOUR_MS, 3 * DAY_MS))
            decision = cancel(row["signal_id"], decided_at_ms, ticker=row["ticker"])
            published.append((topics.DECISIONS, decision))
    for row in (SPLIT, {**SPLIT, "ratio": 1.0, "revision": 1}, DIVIDEND):
        published.append((topics.CORPORATE_ACTIONS, row))
    rng.shuffle(published)
    while published:
        size = rng.randint(1, 30)
        part, published = published[:size], published[size:]
        for topic in topics.INBOUND:
            chunk = [row for each, row in part if each is topic]
            if chunk:
                yield topic, chunk


@pytest.mark.parametrize("seed", range(6))
def test_a_restored_tracker_goes_on_the_same(seed: int) -> None:
    rng = random.Random(seed)
    first, rows = new_tracker(), empty_rows()
    every = list(steps(rng))
    for step in every[: len(every) // 2]:
        keep(rows, first, take(first, step))
    second = restored(rows)

    for step in every[len(every) // 2 :]:
        expected, found = take(first, step), take(second, step)

        assert found.bars == expected.bars
        assert found.states == expected.states
        assert sorted(e.event_id for e in found.events) == sorted(
            e.event_id for e in expected.events
        )
        assert by_session(found) == by_session(expected)
        assert sorted(changed_rows(second, found)) == sorted(changed_rows(first, expected))


def by_session(effects: Effects) -> dict[Any, Any]:
    return {
        key: (close_ms, sorted(elements, key=lambda each: each["signal_id"]))
        for key, (close_ms, elements) in observed(effects).items()
    }


@pytest.mark.parametrize("lost", [(tables.OPEN_BARS,), (tables.OPEN_BARS, tables.CLOSED_BARS)])
@pytest.mark.parametrize("seed", range(4))
def test_rows_that_a_crash_has_lost_come_back_with_the_chunk(
    seed: int, lost: tuple[str, ...]
) -> None:
    """Open bars are written last: after a crash an older row may still hold a closed bar."""
    every = list(steps(random.Random(seed)))
    whole = new_tracker()
    for step in every:
        take(whole, step)
    rows, crashing = empty_rows(), new_tracker()
    for step in every[: len(every) // 2]:
        keep(rows, crashing, take(crashing, step))
    for step in every[len(every) // 2 :]:
        keep(rows, crashing, take(crashing, step), set(tables.TABLE_NAMES) - set(lost))
        crashing = restored(rows)
        keep(rows, crashing, take(crashing, step))

    for name, state in whole.tickers.items():
        found = crashing.tickers[name]
        assert dict(found.closed.items()) == dict(state.closed.items())
        assert found.open == state.open
        assert found.event_time_ms == state.event_time_ms
        assert {key: each.facts for key, each in found.signals.items()} == {
            key: each.facts for key, each in state.signals.items()
        }


@pytest.mark.parametrize(
    "kept",
    [
        set(),
        {tables.SIGNALS},
        {tables.SIGNALS, tables.CLOSED_BARS},
        {tables.SIGNALS, tables.ACTIONS},
        {tables.SIGNALS, tables.DECISIONS},
        set(tables.TABLE_NAMES),
    ],
)
@pytest.mark.parametrize(
    ("before", "step"),
    [
        ([], (topics.TICKS, closes([100.0, 101.0]))),
        (
            [(topics.TICKS, closes([100.0, 101.0]))],
            (topics.CORPORATE_ACTIONS, [{**SPLIT, "ex_date": "2024-01-03"}]),
        ),
        (
            [
                (topics.DECISIONS, [cancel("one", CLOSE_MS - 1)]),
                (topics.TICKS, closes([100.0, 101.0])),
            ],
            (topics.DECISIONS, [cancel("one", CLOSE_MS - 2, kind="stage")]),
        ),
    ],
)
def test_a_state_told_after_a_crash_is_not_older_than_what_was_told_before(
    before: list[Step], step: Step, kept: set[str]
) -> None:
    """A crash may lose rows of a chunk, but none of `tables.WRITE_ORDER` before a kept one.

    The chunk comes again and changes nothing that the rows do not hold already. A rival
    for the id, which loses, then has the signal's state told once more.
    """
    tracker, rows = new_tracker(), empty_rows()
    for each in [(topics.SIGNALS, [signal(horizon_sessions=1)]), *before]:
        keep(rows, tracker, take(tracker, each))
    effects = take(tracker, step)
    [told] = effects.states.values()
    keep(rows, tracker, effects, kept)
    crashed = restored(rows)

    take(crashed, step)
    rival = signal(horizon_sessions=1, generated_at_ms=CLOSE_MS + 5)
    [again] = take(crashed, (topics.SIGNALS, [rival])).states.values()

    assert replace(again, quarantined=[]) == told


def test_what_was_told_before_a_crash_without_a_row_is_told_anew() -> None:
    """The outputs of a chunk may be out, and its rows lost; then it comes again, cut otherwise.

    Here the first life saw a price and not yet its correction; together they change nothing
    that the rows hold, but the world believes the first.
    """
    tracker, rows = new_tracker(), empty_rows()
    for step in (
        (topics.SIGNALS, [signal(horizon_sessions=1)]),
        (topics.TICKS, closes([100.0, 101.0])),
    ):
        keep(rows, tracker, take(tracker, step))
    [wrong, right] = [
        {**closes([100.0, price])[1], "revision": revision}
        for revision, price in ((1, 50.0), (2, 101.0))
    ]
    [told] = take(tracker, (topics.TICKS, [wrong])).states.values()
    assert told.raw_return == -0.5

    crashed = restored(rows)
    [again] = take(crashed, (topics.TICKS, [wrong, right])).states.values()

    assert again.raw_return == pytest.approx(0.01)


def test_a_row_that_is_ahead_of_its_bars_does_not_count_as_told() -> None:
    """A first life lost the bars' rows, a second saw half of the chunk and lost all rows."""
    tracker, rows = new_tracker(), empty_rows()
    keep(rows, tracker, take(tracker, (topics.SIGNALS, [signal(horizon_sessions=1)])))
    chunk = list(reversed(closes([100.0, 101.0])))
    keep(rows, tracker, take(tracker, (topics.TICKS, chunk)), (tables.SIGNALS,))
    [told] = take(restored(rows), (topics.TICKS, chunk[:1])).states.values()
    assert told.first_session == "2024-01-03"

    states = take(restored(rows), (topics.TICKS, chunk)).states.values()

    assert [each.first_session for each in states] == ["2024-01-02"]


def test_open_bars_are_the_last_rows() -> None:
    tracker = new_tracker()
    apply(tracker, topics.SIGNALS, [signal()])

    effects = apply_ticks(tracker, closes([100.0, 101.0]))
    written = [table for table, _, _ in changed_rows(tracker, effects)]

    assert set(written) == {tables.CLOSED_BARS, tables.SIGNALS, tables.OPEN_BARS}
    assert written[-1] == tables.OPEN_BARS


def test_a_session_writes_one_bar_and_no_row_of_a_signal_that_only_goes_on() -> None:
    """A million signals may share a ticker."""
    tracker = new_tracker()
    apply(tracker, topics.SIGNALS, [signal(signal_id=f"s-{n}") for n in range(50)])
    ticks = closes([100.0, 101.0, 102.0])
    apply_ticks(tracker, ticks[:2])

    effects = apply_ticks(tracker, ticks[2:])
    written = [table for table, _, _ in changed_rows(tracker, effects)]

    assert sorted(written) == [tables.CLOSED_BARS, tables.OPEN_BARS]
    assert [len(elements) for _, elements in observed(effects).values()] == [50]
    assert effects.states == {}


def test_a_policy_that_changed_under_its_signals_is_refused() -> None:
    tracker, rows = new_tracker(), empty_rows()
    keep(rows, tracker, apply(tracker, topics.SIGNALS, [signal()]))
    [version] = RULES.policies.versions
    other = PolicyVersions(versions=(replace(version, hash="0" * 64),))

    with pytest.raises(StateError, match="a version in use must not change"):
        restore(PartitionTracker(replace(RULES, policies=other)), rows)


def test_a_session_that_the_calendar_has_lost_is_refused() -> None:
    rows = empty_rows()
    bar = orjson.dumps([0, 1, 5, 1.0, 1, 5, 1.0, 1.0, 1.0, 1.0, 1])
    rows[tables.CLOSED_BARS][b"AAPL|2024-01-06"] = bar

    with pytest.raises(StateError, match="2024-01-06 is no session of XNYS"):
        restored(rows)


def test_a_signal_id_may_hold_the_separator() -> None:
    tracker, rows = new_tracker(), empty_rows()
    keep(rows, tracker, apply(tracker, topics.SIGNALS, [signal(signal_id="a|b")]))
    keep(rows, tracker, apply(tracker, topics.DECISIONS, [cancel("a|b", CLOSE_MS - 1)]))

    entry = restored(rows).tickers["AAPL"].signals["a|b"]

    assert list(entry.decisions) == ["d-a|b"]
