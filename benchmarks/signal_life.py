"""CPU time of what a signal costs when it is registered, entered and matured; no broker.

    python -m benchmarks.signal_life [SIGNALS] [TICKERS]

Decoding, the fold and the encoding of outputs are timed, rows and the wire are not. A session
that tells nothing of any signal stands beside those that do.
"""

import gc
import random
import sys
from collections.abc import Iterator
from hashlib import sha256
from time import process_time
from types import SimpleNamespace

import numpy as np
import orjson

from benchmarks.sampler import profile_if_asked
from schemas import topics
from schemas.records import FLAG_FINAL
from streams.domain.effects import Effects
from streams.domain.ticks import NO_DAY, TickColumns
from streams.domain.tracker import PartitionTracker, Rules
from streams.inbound import Chunk
from streams.inbound_signals import sort_signals
from streams.outbox import Outbox
from streams.policy_files import load_policy
from streams.sessions import CalendarBook

HISTORY, WINDOW = 80, 30
CHUNK = 2_000
FIRST = 11_000  # a session of XNYS in 2023


def signal_records(count: int, tickers: int) -> Iterator[bytes]:
    """Yield JSON signals of all kinds, generated between the same two closes."""
    rng = random.Random(7)
    closes = CalendarBook()("T0").closes
    start = closes[FIRST + HISTORY - 1]
    for n in range(count):
        kind = rng.choice(("llm", "rule", "human"))
        content = {
            "signal_id": f"sig-{n:08}",
            "ticker": f"T{n % tickers}",
            "action": rng.choice(("BUY", "SELL", "HOLD")),
            "confidence": round(rng.random(), 3),
            "generated_at_ms": start + rng.randrange(0, 3_600_000, 1000),
            "source": "bench",
            "source_kind": kind,
            "model": f"model-{rng.randrange(8)}",
            "horizon_sessions": rng.choice((5, 10, 20, 30)),
            "model_version": "2",
        }
        if kind == "llm":
            content["reasoning"] = "The trend is up. " * rng.randint(1, 12)
            content["expected_return"] = round(rng.gauss(0, 0.05), 4)
        yield orjson.dumps(content)


def session_ticks(index: int, tickers: int) -> TickColumns:
    """Return the final ticks of all tickers at the close of a session."""
    rng = random.Random(index)
    close_ms = CalendarBook()("T0").closes[index]
    return TickColumns(
        tickers=tuple(f"T{n}" for n in range(tickers)),
        code=np.arange(tickers),
        ts_ms=np.full(tickers, close_ms),
        day=np.full(tickers, NO_DAY),
        price=np.array([100.0 + rng.random() for _ in range(tickers)]),
        flags=np.full(tickers, FLAG_FINAL, dtype=np.uint8),
        revision=np.zeros(tickers, dtype=np.uint8),
    )


class Bench:
    """A tracker and an outbox, and the CPU seconds they took."""

    def __init__(self) -> None:
        rules = Rules(
            calendar_of=CalendarBook(), policies=load_policy("tracker"), lateness_ms=900_000
        )
        self.tracker = PartitionTracker(rules)
        self.outbox = Outbox(SimpleNamespace(), {}, "")  # type: ignore[arg-type]
        self.values: list[bytes] = []

    def out(self, effects: Effects) -> None:
        """Encode what a chunk changed."""
        outputs = self.outbox._outputs(effects)  # noqa: SLF001 - the step that is measured
        for name, records in outputs.items():
            if name != topics.OBSERVATIONS.name:
                self.values += [value for _, value, _ in records]

    def session(self, index: int, tickers: int) -> float:
        """Close a session of every ticker; return the CPU seconds."""
        ticks = session_ticks(index, tickers)
        start = process_time()
        self.out(self.tracker.apply_ticks(ticks))
        return process_time() - start


def main() -> None:
    """Print CPU microseconds a signal and phase."""
    gc.set_threshold(200_000, 20, 100)  # as the worker does
    profile_if_asked("signal_life")
    count, tickers = (*map(int, sys.argv[1:]), 20_000, 100)[:2]
    bench = Bench()
    for index in range(FIRST, FIRST + HISTORY):
        bench.session(index, tickers)
    records = list(signal_records(count, tickers))
    consumed = [
        SimpleNamespace(offset=n, timestamp=1, key=None, value=value)
        for n, value in enumerate(records)
    ]
    decoded = told = 0.0
    for at in range(0, count, CHUNK):
        start = process_time()
        chunk = Chunk(topics.SIGNALS.name, 0, consumed[at : at + CHUNK])
        found = sort_signals(chunk, 1)
        effects = bench.tracker.apply_signals(found.good, found.times_ms)
        between = process_time()
        bench.out(effects)
        decoded += between - start
        told += process_time() - between
    entry = FIRST + HISTORY
    seconds = {"registered": decoded + told, "  of it in outputs": told}
    seconds["entered"] = bench.session(entry, tickers)
    for index in range(entry + 1, entry + WINDOW):
        seconds["a session that tells nothing"] = bench.session(index, tickers)
    seconds["matured"] = bench.session(entry + WINDOW, tickers)
    for name, each in seconds.items():
        print(f"{name:30} {each / count * 1e6:8.1f} us of CPU a signal")
    said = sha256(b"".join(sorted(bench.values))).hexdigest()
    print(f"{len(bench.values)} records besides observations, SHA-256 of them sorted {said}")


if __name__ == "__main__":
    main()
