"""Any interleaving of the topics that keeps each partition's order gives the same rows.

The logs are what a worker emits while the bars of a ticker come in any order:
outputs first, then the state, each again whenever it changed; with two payloads
of one signal id on two tickers, so in two partitions. Matured, both are staged, and a
bar is restated when the next one comes.
"""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Record
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_paper, reading
from tests.unit.sinks.policy_samples import make_paper_rules, make_policy, make_policy_version
from tests.unit.sinks.samples import (
    DAY_MS,
    GENERATED_MS,
    batch_of,
    make_bar,
    make_observation,
    make_observations,
    make_stage,
    make_state,
    make_transition,
)

WINDOW = 3
SESSIONS = [f"2025-11-{day:02}" for day in range(3, 11)]
CLOSES = {each: GENERATED_MS + day * DAY_MS for day, each in enumerate(SESSIONS)}
PAYLOADS = {"aa": ("AAPL", GENERATED_MS + 1), "bb": ("MSFT", GENERATED_MS)}
POLICIES = {
    "s-1": make_policy(),
    "s-2": make_policy(effective_from_ms=1, paper=make_paper_rules(capital=500.0)),
}

Log: TypeAlias = list[Record]


def logs_of(payload_hash: str, arrival: Sequence[str]) -> tuple[Log, Log, Log]:
    """The partition's logs of bars, observations and states for one payload."""
    ticker, generated_at_ms = PAYLOADS[payload_hash]
    bars: Log = []
    observations: Log = []
    states: Log = [state_of(payload_hash, ticker, generated_at_ms, [])]
    emitted: dict[str, int] = {}
    for count in range(1, len(arrival) + 1):
        bars += [bar_of(ticker, each, count) for each in arrival[max(count - 2, 0) : count]]
        complete = sorted(arrival[:count])
        for k, each in enumerate(complete[1 : 1 + WINDOW], start=1):
            if emitted.get(each) != k:
                emitted[each] = k
                element = make_observation(
                    each, k, payload_hash=payload_hash, max_drawdown=k / 10 + len(ticker)
                )
                observations.append(make_observations(element, ticker=ticker))
        states.append(state_of(payload_hash, ticker, generated_at_ms, complete))
    return bars, observations, states


def bar_of(ticker: str, session: str, count: int) -> Record:
    price = 100.0 + count
    prices = {"open": price, "high": price + 2, "low": price - 2, "close": price + 1}
    return make_bar(session, ticker=ticker, close_ms=CLOSES[session], **prices)


def state_of(payload_hash: str, ticker: str, generated_at_ms: int, complete: list[str]) -> Record:
    matured = len(complete) > WINDOW
    return make_state(
        payload_hash=payload_hash,
        ticker=ticker,
        generated_at_ms=generated_at_ms,
        status="matured" if matured else "tracking" if complete else "awaiting_entry",
        first_session=complete[0] if complete else None,
        last_session=complete[WINDOW] if matured else None,
        entry_price=100.0 if complete else None,
        transitions=[make_transition("tracking", session=complete[0])] if complete else [],
        decisions=[make_stage(decided_at_ms=CLOSES[complete[1]])] if matured else [],
        policy_hash=POLICIES["s-1"].hash,
        horizon_sessions=2,
    )


def logs_after(arrivals: dict[str, list[str]]) -> list[Log]:
    """Every log, also those of a second signal and of the policies."""
    logs = [log for each in arrivals for log in logs_of(each, arrivals[each])]
    second = make_state(signal_id="s-2", policy_hash=POLICIES["s-2"].hash)
    return [*logs, [second], [make_policy_version(each) for each in POLICIES.values()]]


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[list[list[Record]], dict[str, list[str]]]:
    """Batches of all logs merged at random, with a repeated tail, and each payload's sessions."""
    arrivals = {
        payload_hash: draw(st.permutations(SESSIONS[: draw(st.integers(0, len(SESSIONS)))]))
        for payload_hash in PAYLOADS
    }
    pending = logs_after(arrivals)
    # a restarted worker emits the end of each log again, in the same order
    pending = [log + log[len(log) - draw(st.integers(0, min(2, len(log)))) :] for log in pending]
    merged: list[Record] = []
    while any(pending):
        log = draw(st.sampled_from([each for each in pending if each]))
        merged.append(log.pop(0))
    batches: list[list[Record]] = [[]]
    for record in merged:
        batches[-1].append(record)
        if draw(st.booleans()):
            batches.append([])
    return batches, arrivals


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(interleavings())
def test_the_rows_depend_on_what_was_published_and_not_on_the_order(
    drawn: tuple[list[list[Record]], dict[str, list[str]]],
) -> None:
    batches, arrivals = drawn
    found = rows_after(batches)
    paper = found.pop("paper")

    assert found == expected_rows(arrivals)
    assert paper == rows_after([[*chain(*logs_after(arrivals))]])["paper"]
    staged = len(arrivals["bb"]) > WINDOW
    assert [each["ticker"] for each in paper["positions"]] == ["MSFT"] * staged
    assert [each["equity"] for each in paper["equity"][:1]] == [500.0] * staged


def rows_after(batches: Sequence[Sequence[Record]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        sink = SqliteSink(Path(folder) / "signals.db")
        sink.open()
        for batch in batches:
            sink.write(batch_of(*batch))
        sink.close()
        return dict(_read(sink.path))


def _read(path: Path) -> Iterator[tuple[str, Any]]:
    with reading(path) as connection:
        for name, sql in {
            "signals": "SELECT signal_id, ticker, payload_hash, entry_session, last_session, "
            "observations, max_drawdown FROM signal_rows WHERE signal_id = 's-1'",
            "observations": "SELECT session, k FROM signal_observations ORDER BY session",
            "transitions": "SELECT to_status, session FROM transitions",
            "bars": "SELECT ticker, session FROM bars ORDER BY ticker, session",
            "quarantined": "SELECT payload_hash, ticker FROM quarantined",
        }.items():
            yield name, connection.execute(sql).fetchall()
        yield "paper", read_paper(connection)


def expected_rows(arrivals: dict[str, list[str]]) -> dict[str, Any]:
    complete = sorted(arrivals["bb"])
    seen = complete[1 : 1 + WINDOW]
    last = complete[WINDOW] if len(complete) > WINDOW else None
    drawdown = (len(seen) / 10 + 4 if seen else 0.0) if complete else None
    entry = complete[0] if complete else None
    return {
        "signals": [("s-1", "MSFT", "bb", entry, last, len(seen), drawdown)],
        "observations": [(session, k) for k, session in enumerate(seen, start=1)],
        "transitions": [("tracking", entry)] if complete else [],
        "bars": sorted(
            (PAYLOADS[each][0], session)
            for each, sessions in arrivals.items()
            for session in sessions
        ),
        "quarantined": [("aa", "AAPL")],
    }
