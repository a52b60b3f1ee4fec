"""When a run is complete: inputs committed by the workers, outputs committed by the sink."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from schemas.cluster import Broker
from schemas.topics import INBOUND, OUTBOUND, prefixed
from signal_tracker.admin import committed_offsets, end_offsets
from signal_tracker.errors import RunError

Offsets: TypeAlias = Mapping[tuple[str, int], int]

NO_PROGRESS_SECONDS = 60.0
_POLL_SECONDS = 0.2


class Lag(NamedTuple):
    """How many records are still to be read, by the workers and by the sink."""

    inputs: int
    outputs: int


class Watched(NamedTuple):
    """What to look at: the broker, the run's topics and group, the sink's offsets."""

    broker: Broker
    prefix: str
    group: str
    sink_offsets: Callable[[], Offsets]


def wait_until_complete(
    watched: Watched,
    input_ends: Offsets,
    *,
    look: Callable[[], None],
    on_lag: Callable[[Lag], None],
) -> None:
    """Return when everything published is judged and stored.

    A worker commits an input only when what follows from it is durable, so the
    output ends taken after the last commit are final. `look` is called often;
    no progress for a minute raises RunError with the lag.
    """
    inbound = [prefixed(watched.prefix, topic) for topic in INBOUND]
    outbound = [prefixed(watched.prefix, topic) for topic in OUTBOUND]
    ends = {**end_offsets(watched.broker, inbound), **input_ends}
    patience = _Patience()
    while True:
        look()
        lags = _behind(ends, committed_offsets(watched.broker, watched.group))
        on_lag(Lag(sum(lags.values()), 0))
        if not lags:
            # A worker may itself have sent an element on to its ticker's partition.
            newer = end_offsets(watched.broker, inbound)
            if all(newer.get(tp, 0) <= end for tp, end in ends.items()):
                break
            ends = newer
        patience.check(lags, "workers")
        time.sleep(_POLL_SECONDS)
    ends = end_offsets(watched.broker, outbound)
    patience = _Patience()
    while True:
        look()
        lags = _behind(ends, watched.sink_offsets())
        on_lag(Lag(0, sum(lags.values())))
        if not lags:
            return
        patience.check(lags, "SQLite sink")
        time.sleep(_POLL_SECONDS)


class _Patience:
    def __init__(self) -> None:
        self._last: Offsets = {}
        self._since = time.monotonic()

    def check(self, lags: Offsets, who: str) -> None:
        if lags != self._last:
            self._last = lags
            self._since = time.monotonic()
        elif time.monotonic() - self._since > NO_PROGRESS_SECONDS:
            told = ", ".join(f"{topic}[{n}] {lag}" for (topic, n), lag in sorted(lags.items()))
            msg = f"no progress of the {who} for {NO_PROGRESS_SECONDS:.0f} s; lag: {told}"
            raise RunError(msg)


def _behind(ends: Offsets, reached: Offsets) -> dict[tuple[str, int], int]:
    lags = {tp: end - reached.get(tp, 0) for tp, end in ends.items()}
    return {tp: lag for tp, lag in lags.items() if lag > 0}


def sink_offsets_of(database: Path) -> Callable[[], Offsets]:
    """Return a reader of what the SQLite sink has committed."""
    from sinks.sqlite_queries import committed

    def read() -> Offsets:
        return {(tp[0], tp[1]): offset for tp, offset in committed(database).items()}

    return read
