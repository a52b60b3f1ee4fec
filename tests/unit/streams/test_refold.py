"""The second fold tells what the worker's fold has told last, from the same facts in any order."""

import random
from dataclasses import replace
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.codec import decode
from schemas.records import SessionBar, SignalState
from schemas.topics import Topic
from streams.domain.refold import Refold, first_session_from
from streams.domain.tracker import PartitionTracker
from streams.refolding import bars_in, records_of, take_chunk, tickers_in
from tests.builders import OPEN_MS, SESSION
from tests.oracle.examples import JAN_02_CLOSE_MS, closes, signal
from tests.unit.streams.fold import BOOK, RULES, apply, apply_ticks, chunk_of, source

SIGNALS = [
    signal(signal_id="b", horizon_sessions=2),
    signal(signal_id="b", horizon_sessions=3, generated_at_ms=JAN_02_CLOSE_MS + 1),
    signal(signal_id="h", action="HOLD"),
    signal(signal_id="s", action="SELL", horizon_sessions=1),
]
TICKS = closes([100.0, 104.0, 51.0, 53.0, 50.0])
ACTIONS = [{"ticker": "AAPL", "ex_date": "2024-01-04", "kind": "split", "ratio": 2.0}]
DECISIONS = [
    {
        "decision_id": "d",
        "signal_id": "h",
        "ticker": "AAPL",
        "kind": "cancel",
        "decided_at_ms": JAN_02_CLOSE_MS - 1,
    },
    {
        "decision_id": "d",
        "signal_id": "of nobody",
        "ticker": "AAPL",
        "kind": "stage",
        "decided_at_ms": 10**12,
    },
]
FACTS = [
    *((topics.SIGNALS, row) for row in SIGNALS),
    *((topics.TICKS, row) for row in TICKS),
    *((topics.CORPORATE_ACTIONS, row) for row in ACTIONS),
    *((topics.DECISIONS, row) for row in DECISIONS),
]


def take(refold: Refold, topic: Topic, *rows: Any) -> None:
    chunk = chunk_of([source(orjson.dumps(row)) for row in rows])
    assert not take_chunk(refold, RULES, topic, chunk, 1)


def told(refold: Refold) -> dict[str, list[Any]]:
    """The records of each topic, decoded, in an order of their own."""
    found: dict[str, list[Any]] = {}
    for ticker in refold.tickers:
        for effects in refold.tell(ticker):
            for topic, value in records_of(effects):
                found.setdefault(topic.name, []).append(decode(value))
    return {name: sorted(some, key=repr) for name, some in found.items()}


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_repetition_tells_the_same_as_the_worker(seed: int) -> None:
    tracker = PartitionTracker(RULES)
    states: dict[str, SignalState] = {}
    bars: dict[str, SessionBar] = {}
    for effects in (
        apply(tracker, topics.SIGNALS, SIGNALS),
        apply_ticks(tracker, TICKS),
        apply(tracker, topics.CORPORATE_ACTIONS, ACTIONS),
        apply(tracker, topics.DECISIONS, DECISIONS),
    ):
        states |= {key[1]: state for key, state in effects.states.items()}
        bars |= {bar.session: bar for bar in effects.bars.values()}
    facts = FACTS * 2
    random.Random(seed).shuffle(facts)
    refold = Refold(RULES)
    for topic, row in facts:
        take(refold, topic, row)

    assert refold.signal_ids("AAPL") == {"b", "h", "s"}
    found = told(refold)
    # `source` gives every record one Kafka time, `apply` none: only `backdated` rests on it.
    again = [
        replace(each, backdated=states[each.signal_id].backdated) for each in found["signal-states"]
    ]
    assert again == sorted(states.values(), key=repr)
    assert found["bars"] == sorted(bars.values(), key=repr)
    assert refold.tickers == []
    assert set(refold.policies) == {each.hash for each in RULES.policies.versions}


def test_a_session_is_complete_when_it_is_for_the_worker() -> None:
    """Neither final nor past its close and the lateness: not yet."""
    refold = Refold(RULES)
    take(refold, topics.TICKS, {"ticker": "AAPL", "price": 1.0, "ts_event_ms": OPEN_MS + 1})
    late = JAN_02_CLOSE_MS + RULES.lateness_ms
    take(refold, topics.TICKS, {"ticker": "MSFT", "price": 1.0, "ts_event_ms": OPEN_MS + 1})
    take(refold, topics.TICKS, {"ticker": "MSFT", "price": 2.0, "ts_event_ms": late})

    assert [bar.ticker for bar in told(refold)["bars"]] == ["MSFT"]


def bar(session: str, close: float, **changes: Any) -> SessionBar:
    index = {"2024-01-02": 1, "2024-01-03": 2, "2024-01-04": 3}[session]
    return SessionBar(
        **{
            "ticker": "AAPL",
            "session": session,
            "calendar": "XNYS",
            "session_index": index,
            "close_ms": 1,
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "final": True,
            "revision": 0,
            "conflicting_close": False,
            **changes,
        }
    )


def test_before_the_ticks_that_are_left_bars_count_and_from_then_on_ticks() -> None:
    refold = Refold(RULES, OPEN_MS + 1)
    for each in (bar("2024-01-02", 7.0), bar("2024-01-03", 8.0)):
        refold.take_bar(each)
    take(refold, topics.TICKS, *closes([1.0, 2.0, 3.0]))

    found = {each.session: (each.close, each.high) for each in told(refold)["bars"]}
    assert found == {
        "2024-01-02": (7.0, 8.0),
        "2024-01-03": (2.0, 2.0),
        "2024-01-04": (3.0, 3.0),
    }


def test_the_last_bar_of_a_session_counts_unless_an_earlier_owner_told_it() -> None:
    refold = Refold(RULES, 1 << 62)
    refold.take_bar(bar("2024-01-02", 9.0, epoch=1))
    refold.take_bar(bar("2024-01-02", 7.0, epoch=2, final=False, conflicting_close=True))
    refold.take_bar(bar("2024-01-02", 8.0, epoch=1))
    refold.take_bar(replace(bar("2024-01-03", 5.0, epoch=2), session="2024-01-06"))
    refold.take_bar(replace(bar("2024-01-03", 5.0, epoch=2), session="no date"))

    (found,) = told(refold)["bars"]
    assert (found.session, found.close, found.low) == ("2024-01-02", 7.0, 6.0)
    assert (found.final, found.conflicting_close) == (False, True)


def test_what_is_no_bar_is_left_out() -> None:
    assert list(bars_in([None, b"", b"noise"])) == []


def test_the_tickers_of_a_chunk_are_those_that_belong_to_its_partition() -> None:
    rows = [orjson.dumps(each) for each in (TICKS[0], {**TICKS[0], "ticker": "MSFT"})]
    chunk = chunk_of([source(each, partition=1) for each in [*rows, b"noise"]])

    assert tickers_in(topics.TICKS, chunk, 8) == {"AAPL"}
    signals = chunk_of([source(orjson.dumps(each), partition=1) for each in SIGNALS])
    assert tickers_in(topics.SIGNALS, signals, 8) == {"AAPL"}


def test_the_first_session_that_opens_at_a_time_or_later() -> None:
    calendar = BOOK("AAPL")

    assert first_session_from(calendar, OPEN_MS) == SESSION
    assert first_session_from(calendar, OPEN_MS + 1) == "2024-01-03"
    assert first_session_from(calendar, 1 << 62) is None


def test_a_signal_that_comes_after_its_cancel_and_its_bars_observes_nothing() -> None:
    tracker = PartitionTracker(RULES)
    apply(tracker, topics.DECISIONS, DECISIONS)
    apply_ticks(tracker, TICKS)

    effects = apply(tracker, topics.SIGNALS, SIGNALS[2:])

    assert effects.states["AAPL", "h"].status == "cancelled"
    told_of = [
        decode(value) for topic, value in records_of(effects) if topic is topics.OBSERVATIONS
    ]
    assert {each.signal_id for record in told_of for each in record.elements} == {"s"}
