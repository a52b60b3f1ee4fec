"""Tracked signals one bar further by columns: the same bits as from all bars at once."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.codec import decode_fields, encode_fields
from schemas.observation_codec import About, Claims, encode_elements, encode_records
from streams.domain.effects import Effects
from tests.oracle.bars import LATENESS_MS
from tests.unit.streams.fold import BOOK, apply, apply_ticks, new_tracker
from tests.unit.streams.observed import observed

Element = dict[str, Any]
FIRST = 11_000
SESSIONS = 45
CALENDAR = BOOK("AAPL")


def elements_of(effects: Iterable[Effects]) -> dict[tuple[str, str], Element]:
    """What was told last of each session and signal."""
    return {
        (session, each["signal_id"]): each
        for part in effects
        for (_, session), (_, elements) in observed(part).items()
        for each in elements
    }


def ticks_of(session: int, prices: tuple[float, float, float]) -> list[dict[str, Any]]:
    close_ms = CALENDAR.closes[FIRST + session]
    times = (close_ms - 2000, close_ms - 1000, close_ms)
    return [
        {"ticker": "AAPL", "price": price, "ts_event_ms": ts_ms, "final": ts_ms == close_ms}
        for price, ts_ms in zip(prices, times, strict=True)
    ]


def signal_of(number: int, action: str, horizon: int, before: int) -> dict[str, Any]:
    signal_id = f"n{number}" * (number + 1)
    return {
        "ticker": "AAPL", "action": action, "confidence": 0.5, "source": "s", "model": "m",
        "source_kind": "rule", "horizon_sessions": horizon, "signal_id": signal_id,
        "generated_at_ms": CALENDAR.closes[FIRST + before] - 1,
    }  # fmt: skip


prices = st.floats(50.0, 150.0)
sessions = st.lists(st.tuples(prices, prices, prices), min_size=2, max_size=SESSIONS)
signals = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL", "HOLD"]), st.integers(1, 40), st.integers(0, SESSIONS - 1)
    ),
    min_size=1,
    max_size=6,
)
splits = st.lists(
    st.tuples(st.integers(1, SESSIONS - 1), st.floats(0.1, 4.0)),
    max_size=2,
    unique_by=lambda x: x[0],
)


@settings(deadline=None)
@given(sessions, signals, splits)
def test_a_bar_at_a_time_says_what_all_bars_at_once_do(
    bars: list[tuple[float, float, float]],
    claims: list[tuple[str, int, int]],
    ratios: list[tuple[int, float]],
) -> None:
    published = [signal_of(number, *claim) for number, claim in enumerate(claims)]
    actions = [
        {"ticker": "AAPL", "kind": "split", "ratio": ratio, "ex_date": CALENDAR.label(FIRST + at)}
        for at, ratio in ratios
    ]
    stepped, whole = new_tracker(), new_tracker()
    for each in (stepped, whole):
        apply(each, topics.CORPORATE_ACTIONS, actions)
    chunks = [ticks_of(at, each) for at, each in enumerate(bars)]

    apply(stepped, topics.SIGNALS, published)
    one_by_one = elements_of([apply_ticks(stepped, chunk) for chunk in chunks])
    apply_ticks(whole, [tick for chunk in chunks for tick in chunk])
    at_once = elements_of([apply(whole, topics.SIGNALS, published)])

    assert one_by_one == at_once
    assert {key: each.facts for key, each in stepped.tickers["AAPL"].signals.items()} == {
        key: each.facts for key, each in whole.tickers["AAPL"].signals.items()
    }


@settings(deadline=None)
@given(sessions, st.integers(0, SESSIONS), signals)
def test_bars_after_a_late_signal_go_on_from_where_it_stands(
    bars: list[tuple[float, float, float]], late: int, claims: list[tuple[str, int, int]]
) -> None:
    published = [signal_of(number, *claim) for number, claim in enumerate(claims)]
    chunks = [ticks_of(at, each) for at, each in enumerate(bars)]
    late = min(late, len(chunks))
    tracker, whole = new_tracker(), new_tracker()

    apply(tracker, topics.SIGNALS, published[:1])
    told = [apply_ticks(tracker, chunk) for chunk in chunks[:late]]
    told.append(apply(tracker, topics.SIGNALS, published[1:]))
    told += [apply_ticks(tracker, chunk) for chunk in chunks[late:]]
    apply_ticks(whole, [tick for chunk in chunks for tick in chunk])

    assert elements_of(told) == elements_of([apply(whole, topics.SIGNALS, published)])


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=70), min_size=1, max_size=9
    ),
    st.integers(1, 400),
    st.integers(2_000, 50_000),
)
def test_elements_of_any_width_are_what_the_library_writes(
    ids: list[str], k: int, limit: int
) -> None:
    random = np.random.default_rng(k)
    ks = random.integers(max(k - 70, 1), k + 1, len(ids))
    floats = random.normal(size=(len(ids), 6))
    about = About("AAPL", "2024-01-03", LATENESS_MS)

    blocks = encode_elements(Claims(ids, random.bytes(32 * len(ids))), about.session, ks, floats)
    records = list(encode_records(about, blocks, 3, limit))

    found = []
    for each in records:
        name, fields = decode_fields(each)
        assert encode_fields(name, fields) == each
        assert len(each) <= limit
        found += fields["elements"]
    assert sorted(each["signal_id"] for each in found) == sorted(ids)
    by_id = {each["signal_id"]: each for each in found}
    for at, signal_id in enumerate(ids):
        if ids.count(signal_id) == 1:
            element = by_id[signal_id]
            names = ("close", "raw_return", "signed_return", "max_drawdown", "mae", "mfe")
            assert [element[name] for name in names] == floats[at].tolist()
            assert element["k"] == ks[at]


@pytest.mark.parametrize("count", [1, 200])
def test_a_session_is_one_record_whatever_the_number_of_its_signals(count: int) -> None:
    tracker = new_tracker()
    apply(
        tracker,
        topics.SIGNALS,
        [{**signal_of(0, "BUY", 30, 0), "signal_id": f"s-{n:05}"} for n in range(count)],
    )
    told = [apply_ticks(tracker, ticks_of(at, (100.0, 101.0, 102.0))) for at in range(3)]

    assert [len(each.observations) for each in told] == [0, 1, 1]
    assert [len(blocks) for each in told for *_, blocks in each.observations.values()] == [1, 1]
