"""What a row costs in the sink, counted: statements, Python calls, steps of SQLite; no clock.

A block of the signals that were observed before costs one statement a row and
no Python call a row; a row costs the same steps however many sessions there are.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode
from schemas.records import Observations
from sinks.decoding import decode_batch
from sinks.observation_columns import ObservationBlock
from sinks.sqlite import atomic, connect
from sinks.sqlite_observations import ObservationTable
from sinks.sqlite_schema import migrate
from sinks.sqlite_signals import SignalTable
from tests.guards.counting import PYTHON_AND_C, calls_of
from tests.unit.sinks.samples import (
    batch_of,
    make_matured,
    make_observation,
    make_transition,
    raw,
)

# SQLite compiles a statement with as many steps as the version likes; 3.40 takes 44.
STEPS_A_ROW = 60
CALLS_A_STATE = 150


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    connection = connect(tmp_path / "signals.db")
    migrate(connection)
    yield connection
    connection.close()


def value(session: str, signals: int, k: int = 1, ticker: str = "AAPL") -> bytes:
    elements = [
        make_observation(session, k, signal_id=f"{ticker}-{n:05}", payload_hash="a" * 64)
        for n in range(signals)
    ]
    return encode(Observations(ticker=ticker, session=session, close_ms=1, elements=elements))


def blocks(session: str, signals: int, ticker: str = "AAPL") -> list[ObservationBlock]:
    record = raw(value(session, signals, ticker=ticker), topic="observations")
    return decode_batch([record]).observations


def statements(connection: Any, work: Callable[[], object]) -> Counter[str]:
    seen: Counter[str] = Counter()
    connection.set_trace_callback(lambda sql: seen.update([sql.split(" ")[0]]))
    work()
    connection.set_trace_callback(None)
    return seen


def steps(connection: Any, work: Callable[[], object]) -> int:
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    connection.set_progress_handler(step, 1)
    work()
    connection.set_progress_handler(None, 1)
    return taken[0]


def test_a_record_of_observations_is_decoded_without_a_call_an_element() -> None:
    few, many = (raw(value("2025-11-04", n), topic="observations") for n in (50, 500))
    decode_batch([few, many])

    of_many, of_few = (
        calls_of(lambda each=each: decode_batch([each]), PYTHON_AND_C)
        for each in (many, few)  # type: ignore[misc]
    )
    assert of_many == of_few


def test_a_known_block_is_stored_by_one_statement_a_row(connection: Any) -> None:
    table = ObservationTable(connection)
    with atomic(connection):
        table.write(blocks("2025-11-04", 200))
        seen = statements(connection, lambda: table.write(blocks("2025-11-05", 200)))

    assert seen["INSERT"] == 200 + 1
    assert seen.total() == seen["INSERT"]


def test_a_known_block_is_stored_without_a_call_a_row(connection: Any) -> None:
    table = ObservationTable(connection)
    with atomic(connection):
        calls = []
        for ticker, signals in (("FEW", 50), ("MANY", 500)):
            table.write(blocks("2025-11-04", signals, ticker))
            known = blocks("2025-11-05", signals, ticker)
            calls.append(calls_of(lambda known=known: table.write(known), PYTHON_AND_C))  # type: ignore[misc]

    assert calls[0] == calls[1]


def test_a_row_takes_the_same_steps_however_many_sessions_there_are(connection: Any) -> None:
    table = ObservationTable(connection)
    taken = []
    with atomic(connection):
        for day in range(1, 31):
            for ticker in ("AAPL", "MSFT", "TSLA"):
                block = blocks(f"2025-11-{day:02}", 200, ticker)
                taken.append(steps(connection, lambda block=block: table.write(block)))  # type: ignore[misc]

    assert max(taken[3:]) <= 1.02 * min(taken[3:])
    assert taken[-1] <= STEPS_A_ROW * 200


def test_a_state_that_goes_on_takes_few_statements_and_calls(connection: Any) -> None:
    observations = ObservationTable(connection)
    table = SignalTable(connection, observations)

    def records(**changes: Any) -> list[Any]:
        states = [
            make_matured(signal_id=f"s-{n}", transitions=[make_transition("a")] * 4, **changes)
            for n in range(100)
        ]
        return batch_of(*states).states

    with atomic(connection):
        table.write(records(last_session=None))
        going_on = records(last_session=None, mae=-0.02)
        seen = statements(connection, lambda: table.write(going_on))
        again = records(last_session=None, mae=-0.03)
        calls = calls_of(lambda: table.write(again), PYTHON_AND_C)

    # One a row, one for the decisions that may have gone, and one look at what holds.
    assert seen == Counter({"UPDATE": 100, "DELETE": 100, "SELECT": 1})
    assert calls <= CALLS_A_STATE * 100
