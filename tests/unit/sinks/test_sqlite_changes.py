"""Which tickers changed since a look: every write says it, in the step of its rows."""

from typing import Any

import pytest

from schemas.records import Record
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import (
    read_changes,
    read_observations_by_signal,
    read_signals,
    reading,
)
from tests.unit.sinks.policy_samples import make_policy, make_policy_version
from tests.unit.sinks.samples import (
    GENERATED_MS,
    batch_of,
    lost,
    make_bar,
    make_dead_letter,
    make_event,
    make_matured,
    make_observation,
    make_observations,
    make_stage,
    make_state,
)


def changes(sink: SqliteSink, after: int) -> tuple[int, list[str]]:
    with reading(sink.path) as connection:
        return read_changes(connection, after)


@pytest.mark.parametrize(
    ("records", "touched"),
    [
        ([make_state()], ["AAPL"]),
        ([make_state(ticker="MSFT", quarantined=[lost("zz", 1)])], ["MSFT"]),
        ([make_bar(), make_bar(ticker="MSFT")], ["AAPL", "MSFT"]),
        ([make_observations(make_observation("2025-11-04", 1), ticker="X")], ["X"]),
        ([make_policy_version()], ["|policies"]),
        ([make_dead_letter()], ["|dead-letters"]),
        ([make_event()], ["AAPL"]),
        ([], []),
    ],
)
def test_a_write_numbers_the_tickers_that_it_touched(
    sink: SqliteSink, records: list[Record], touched: list[str]
) -> None:
    sink.write(batch_of(make_bar(ticker="OLD")))
    before, _ = changes(sink, 0)

    sink.write(batch_of(*records))

    assert changes(sink, before) == (before + bool(touched), touched)


def test_every_write_has_a_greater_number(sink: SqliteSink) -> None:
    seen = []
    for _ in range(3):
        sink.write(batch_of(make_bar()))
        seen.append(changes(sink, 0)[0])

    assert seen == sorted(set(seen))
    assert changes(sink, seen[-1]) == (seen[-1], [])


def test_a_signal_that_moves_to_another_ticker_changes_both(sink: SqliteSink) -> None:
    sink.write(batch_of(make_state(payload_hash="bb", ticker="MSFT")))
    before, _ = changes(sink, 0)

    sink.write(batch_of(make_state(payload_hash="aa", generated_at_ms=GENERATED_MS - 1)))

    assert changes(sink, before)[1] == ["AAPL", "MSFT"]


def test_the_paper_account_has_a_mark_of_its_own(sink: SqliteSink) -> None:
    policy = make_policy()
    sink.write(batch_of(make_policy_version(policy), make_bar()))
    before, _ = changes(sink, 0)

    sink.write(batch_of(make_matured(policy_hash=policy.hash, decisions=[make_stage()])))

    assert changes(sink, before)[1] == ["AAPL", "|paper"]


def test_a_batch_that_breaks_changes_no_number(sink: SqliteSink) -> None:
    before = changes(sink, 0)
    broken = batch_of(make_bar())
    broken.dead_letters.append({})

    with pytest.raises(KeyError):
        sink.write(broken)

    assert changes(sink, 0) == before


@pytest.mark.parametrize(
    ("tickers", "there"),
    [(None, ["s-1", "s-2", "s-3"]), (["AAPL", "X", "AAPL"], ["s-1", "s-3"]), ([], [])],
)
def test_only_what_belongs_to_the_tickers_that_are_asked_for_comes(
    sink: SqliteSink, tickers: list[str] | None, there: list[str]
) -> None:
    signals: list[Any] = [("s-3", "AAPL"), ("s-2", "MSFT"), ("s-1", "AAPL")]
    for signal_id, ticker in signals:
        seen = make_observation("2025-11-04", 1, signal_id=signal_id)
        sink.write(
            batch_of(
                make_matured(signal_id=signal_id, ticker=ticker),
                make_observations(seen, ticker=ticker),
            )
        )

    with reading(sink.path) as connection:
        assert [each.signal_id for each in read_signals(connection, tickers)] == there
        assert list(read_observations_by_signal(connection, tickers)) == there
