"""What a signal costs when it is registered, enters and matures: calls counted, not seconds.

The bounds are for one signal more on a ticker where others go the same way. They are near what
is counted today, so that a step that comes back to every signal shows.
"""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from schemas import topics
from streams.inbound_signals import sort_signals
from streams.outbox import Outbox
from streams.sending import Sender
from tests.guards.counting import calls_of
from tests.oracle.examples import closes, signal
from tests.unit.streams.fold import columns_of, new_tracker, source

WINDOW = 30
PRICES = [100.0 + n % 7 for n in range(WINDOW + 1)]
FEW, MANY = 20, 120


class Life:
    """Signals of one ticker through decoding, the fold and the encoding of outputs."""

    def __init__(self, count: int) -> None:
        self.tracker = new_tracker()
        self.outbox = Outbox(Sender(lambda: None), {}, "")
        self.chunk = [
            source(
                orjson.dumps(
                    signal(
                        signal_id=f"s{n:04}",
                        action=("BUY", "SELL", "HOLD")[n % 3],
                        confidence=0.5 + n / 1000,
                        source_kind="llm",
                        reasoning="up " * 20,
                        horizon_sessions=30,
                    )
                )
            )
            for n in range(count)
        ]
        self.ticks = [columns_of([row]) for row in closes(PRICES)]

    def register(self) -> int:
        found = sort_signals(self.chunk, 1)
        return self._out(self.tracker.apply_signals(found.good, found.times_ms))

    def close(self, first: int, last: int) -> int:
        told = 0
        for each in self.ticks[first:last]:
            told += self._out(self.tracker.apply_ticks(each))
        return told

    def _out(self, effects: Any) -> int:
        return len(self.outbox._outputs(effects)[topics.VALIDATION_EVENTS.name])


PHASES: dict[str, tuple[Callable[[Life], int], int, int]] = {
    "registered": (lambda life: life.register(), 2, 80),
    "entered": (lambda life: life.close(0, 1), 1, 30),
    "observed": (lambda life: life.close(1, WINDOW), 0, 3 * WINDOW),
    "matured": (lambda life: life.close(WINDOW, WINDOW + 1), 2, 35),
}


def counted(count: int) -> dict[str, int]:
    life = Life(count)
    found = {}
    for name, (work, events, _) in PHASES.items():
        told = 0

        def phase(work: Callable[[Life], int] = work) -> None:
            nonlocal told
            told = work(life)

        found[name] = calls_of(phase)
        assert told == events * count
    return found


@pytest.fixture(scope="module")
def per_signal() -> dict[str, float]:
    # What is worked out once is worked out here.
    counted(FEW)
    few, many = counted(FEW), counted(MANY)
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in PHASES}


@pytest.mark.parametrize("name", PHASES)
def test_a_signal_costs_a_bounded_number_of_calls(name: str, per_signal: dict[str, float]) -> None:
    assert per_signal[name] <= PHASES[name][2], per_signal
