"""Constants out of small markets, and what they say of a large one beside what it took."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from typing import Any, TypeVar

import click

from benchmarks.simulate_world import HORIZON, Cost, World
from schemas import topics
from streams import tables

T = TypeVar("T")

# the policy `tracker` judges after 30 sessions
VERDICT = 30
SMALL_TICKERS, FEW_SIGNALS, MANY_SIGNALS = 500, 5, 40
SMALL_PARTITIONS = 4
MANY_TICKS, FEW_TICKS = 200, 4
BARS_OF_EACH = 40
REGISTRATION, SESSION = "registration", "a session"
_TRANSITIONS = {0: "entry", HORIZON: "horizon", VERDICT: "verdict"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Microseconds of one phase: for each ticker, and for each of its signals."""

    ticker: float
    signal: float

    def of(self, tickers: int, signals: int) -> float:
        """Return the microseconds of a market."""
        return tickers * self.ticker + signals * self.signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Microseconds of CPU in the core of a worker: without the wire, Faust and the group.

    `close` is a bar without signals; the shares of sessions hold their bar.
    """

    tick: float
    touched: float
    close: float
    shares: Mapping[str, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One phase of the large market: seconds that were predicted, and that it took."""

    name: str
    count: int
    unit: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """Return by how much of the measured the prediction is too great."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All phases, and bytes that the large market came to."""

    core: Core
    phases: list[Compared]
    bytes_each: dict[str, float]
    signals: int
    bars: int
    bytes_used: int


def alone(work: Callable[..., T], *args: Any) -> T:
    """Do work in a process of its own: what others have freed would hide what it takes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def tell(text: str) -> None:
    """Say on stderr how far it is."""
    click.echo(text, err=True)


def calibrated() -> Core:
    """Return the constants of small markets."""
    tell("calibrating on ticks")
    bare = World(tickers=SMALL_TICKERS, signals_per_ticker=0, partitions=SMALL_PARTITIONS)
    dense, sparse, closes = [], [], []
    for session in range(4):
        dense.append(bare.trade(session, MANY_TICKS))
        closes.append(bare.close(session))
    for session in range(4, 8):
        sparse.append(bare.trade(session, FEW_TICKS))
        closes.append(bare.close(session))
    more, less = _seconds(dense), _seconds(sparse)
    tick = (more - less) / (dense[0].ticks - sparse[0].ticks)
    touched = (less - tick * sparse[0].ticks) / sparse[0].touched
    close = _seconds(closes) / SMALL_TICKERS - tick - touched
    few, many = (_phases(count) for count in (FEW_SIGNALS, MANY_SIGNALS))
    return Core(
        tick=tick * 1e6,
        touched=touched * 1e6,
        close=close * 1e6,
        shares={name: _share(few[name], many[name]) for name in many},
    )


def _share(few: float, many: float) -> Share:
    signal = (many - few) / (SMALL_TICKERS * (MANY_SIGNALS - FEW_SIGNALS))
    ticker = few / SMALL_TICKERS - FEW_SIGNALS * signal
    return Share(ticker=ticker * 1e6, signal=signal * 1e6)


def bar_bytes() -> float:
    """Return the memory of a closed bar, its share of its ticker included."""
    tell("calibrating on bars")
    world = World(tickers=2 * SMALL_TICKERS, signals_per_ticker=0, partitions=SMALL_PARTITIONS)
    for session in range(BARS_OF_EACH):
        world.close(session)
    return world.bytes_used / (2 * SMALL_TICKERS * BARS_OF_EACH)


def checked(core: Core, tickers: int, signals_per_ticker: int) -> Checked:
    """Play a large market; compare each phase with what the constants say of it."""
    of_a_bar = alone(bar_bytes)
    tell(f"a market of {tickers:,} tickers and {tickers * signals_per_ticker:,} signals")
    world = World(tickers=tickers, signals_per_ticker=signals_per_ticker, partitions=16)
    signals = tickers * signals_per_ticker

    def phase(name: str, *costs: Cost) -> Compared:
        predicted = core.shares[name].of(tickers, signals)
        unit = "observations" if name == SESSION else "signals"
        return _phase(name, signals, unit, predicted, *costs)

    register = world.register()
    phases = [phase(REGISTRATION, register)]
    traded = world.trade(0, 50)
    ticking = traded.ticks * core.tick + traded.touched * core.touched
    phases.append(_phase("ticks of a session", traded.ticks, "ticks", ticking, traded))
    plain = []
    states = register
    for number in range(VERDICT + 1):
        cost = world.close(number)
        name = _TRANSITIONS.get(number)
        _expect(cost, tickers, signals, changes=name is not None)
        if name is None:
            plain.append(cost)
        else:
            states = cost
            phases.append(phase(name, cost))
            tell(f"session {number + 1}: {name} in {cost.cpu_seconds:.1f} s")
    held = world.bytes_used
    phases.insert(2, phase(SESSION, *plain))
    return Checked(
        core=core,
        phases=phases,
        bytes_each={"bar_bytes": of_a_bar, **_bytes_each(plain[0], states, traded, signals)},
        signals=signals,
        bars=tickers * (VERDICT + 1),
        bytes_used=held,
    )


def _phases(count: int) -> dict[str, float]:
    tell(f"calibrating on {count} signals a ticker")
    world = World(tickers=SMALL_TICKERS, signals_per_ticker=count, partitions=SMALL_PARTITIONS)
    found = {REGISTRATION: world.register().cpu_seconds}
    plain = []
    for number in range(VERDICT + 1):
        cost = world.close(number)
        if number in _TRANSITIONS:
            found[_TRANSITIONS[number]] = cost.cpu_seconds
        else:
            plain.append(cost)
    return {**found, SESSION: _seconds(plain)}


def _phase(name: str, count: int, unit: str, predicted_us: float, *costs: Cost) -> Compared:
    return Compared(
        name=name,
        count=count,
        unit=unit,
        predicted=predicted_us / 1e6,
        measured=_seconds(list(costs)),
    )


def _seconds(costs: list[Cost]) -> float:
    return median(each.cpu_seconds for each in costs)


def _expect(cost: Cost, bars: int, states: int, *, changes: bool) -> None:
    found = cost.records[topics.BARS.name], cost.records[topics.SIGNAL_STATES.name]
    expected = bars, states if changes else 0
    if found != expected:
        msg = f"expected {expected} bars and states in a session, was {found}"
        raise ValueError(msg)


def _bytes_each(plain: Cost, change: Cost, traded: Cost, signals: int) -> dict[str, float]:
    def each(cost: Cost, topic: str) -> float:
        name = next((known for known in cost.records if topic in known), topic)
        return cost.sent_bytes[name] / max(cost.records[name], 1)

    told = (topics.SIGNAL_STATES.name, topics.VALIDATION_EVENTS.name)
    return {
        "observation_bytes": plain.sent_bytes[topics.OBSERVATIONS.name] / signals,
        "bar_row_bytes": each(plain, tables.CLOSED_BARS),
        "open_row_bytes": each(traded, tables.OPEN_BARS),
        "row_bytes": each(change, tables.SIGNALS),
        "transition_bytes": sum(change.sent_bytes[name] for name in told) / signals,
    }
