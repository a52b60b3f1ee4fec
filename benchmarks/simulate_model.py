"""PURE: what a load needs, from what one tick, one signal and one session cost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

# What a broker takes from producers with three copies of everything, on ordinary machines.
BROKER_BYTES = 50_000_000.0
COPIES = 3
# A core is not planned fuller than this, and a session's rows are told this soon after its close.
FULLNESS = 0.6
CLOSE_SECONDS = 60.0
KEPT_BARS = 400
WINDOW = 30
BASE_BYTES = 150e6
SQLITE_SECONDS = 900.0
SQLITE_BYTES = 200e9
REPORT_BYTES = 32e9

MEASURED = "make bench"
SIMULATED = "simulation"
STATED = "docs/performance.md"
NOTED = "decision 14"
FLOOR = "floor of make bench"
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One measured number, and where it is from."""

    value: float
    unit: str
    what: str
    source: str = STATED


# Replaced by `build/bench.json` and by the simulation where they say otherwise.
DEFAULTS: Mapping[str, Constant] = {
    "publish_us": Constant(
        value=0.24, unit="us", what="publishing a tick from Parquet", source=NOTED
    ),
    "tick_us": Constant(value=0.29, unit="us", what="a columnar tick, whole worker"),
    "json_us": Constant(value=3.2, unit="us", what="a JSON tick, whole worker"),
    "session_us": Constant(
        value=4.0, unit="us", what="a signal's session, with its share of transitions", source=FLOOR
    ),
    "register_us": Constant(value=220.0, unit="us", what="registering a signal", source=ASSUMED),
    "close_us": Constant(value=60.0, unit="us", what="closing a bar", source=ASSUMED),
    "tick_bytes": Constant(
        value=11.0, unit="bytes", what="a columnar tick on the wire, lz4", source=NOTED
    ),
    "json_bytes": Constant(
        value=70.0, unit="bytes", what="a JSON tick on the wire", source=ASSUMED
    ),
    "signal_bytes": Constant(
        value=600.0, unit="bytes", what="a signal in a worker's memory", source=FLOOR
    ),
    "bar_bytes": Constant(
        value=250.0, unit="bytes", what="a closed bar in a worker's memory", source=ASSUMED
    ),
    "observation_bytes": Constant(
        value=155.0, unit="bytes", what="an observation on the wire", source=ASSUMED
    ),
    "transition_bytes": Constant(
        value=1_300.0,
        unit="bytes",
        what="a change of status on the wire, state and events",
        source=ASSUMED,
    ),
    "row_bytes": Constant(
        value=322.0, unit="bytes", what="a signal's changelog record", source=ASSUMED
    ),
    "bar_row_bytes": Constant(
        value=107.0, unit="bytes", what="a closed bar's changelog record", source=ASSUMED
    ),
    "open_row_bytes": Constant(
        value=140.0, unit="bytes", what="an open bar's changelog record", source=ASSUMED
    ),
    "changelog_signal_bytes": Constant(
        value=1_300.0,
        unit="bytes",
        what="a signal's changelog to read at recovery, uncompacted",
        source=ASSUMED,
    ),
    "recovery_us": Constant(value=25.0, unit="us", what="taking a signal back", source=ASSUMED),
    "sink_rows": Constant(
        value=100_000.0, unit="rows/s", what="rows into SQLite, one process", source=FLOOR
    ),
    "database_bytes": Constant(value=110.0, unit="bytes", what="a row in SQLite", source=ASSUMED),
    "report_bytes": Constant(
        value=3_000.0, unit="bytes", what="a signal in a full report's memory", source=ASSUMED
    ),
    "report_us": Constant(value=20.0, unit="us", what="a signal in a full report", source=FLOOR),
}
TRANSITIONS = 4

_BENCH = {
    "publish_us": ("publish_parquet", "cpu_per_tick"),
    "tick_us": ("columnar_ticks", "worker_cpu_per_tick"),
    "json_us": ("single_ticks", "worker_cpu_per_tick"),
    "session_us": ("million_signals", "worker_cpu_per_signal_session"),
    "signal_bytes": ("million_signals", "worker_bytes_per_signal"),
    "sink_rows": ("million_signals", "sink_rows_per_second"),
    "database_bytes": ("million_signals", "database_bytes_per_row"),
    "changelog_signal_bytes": ("recovery", "changelog_bytes_per_signal"),
    # seconds for a million are microseconds for one
    "recovery_us": ("recovery", "seconds_after_assignment"),
    "report_us": ("report", "full_seconds"),
    "report_bytes": ("report", "full_peak_bytes_per_signal"),
}
_MANY = ("million_signals", "recovery", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What comes in: ticks a second, what they are of, and how many signals are active."""

    name: str
    ticks: float
    tickers: float
    signals: float
    columnar: bool = True

    @property
    def per_ticker(self) -> float:
        """Return the ticks a second of one ticker."""
        return self.ticks / self.tickers


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a load needs; bytes a second, a session or in all, as the names say."""

    brokers: int
    tick_cores: float
    close_cores: float
    workers: int
    partitions: int
    worker_bytes: float
    tick_bytes_a_second: float
    open_rows_a_second: float
    session_bytes: float
    changelog_bytes: float
    recovery_seconds: float
    publishers: float
    rows_a_session: float
    sqlite_seconds: float
    sqlite_bytes: float
    report_seconds: float
    report_bytes: float

    @property
    def sqlite_holds(self) -> bool:
        """Say whether one SQLite file, and one process that reports it, are enough."""
        bounds = (
            (self.sqlite_seconds, SQLITE_SECONDS),
            (self.sqlite_bytes, SQLITE_BYTES),
            (self.report_bytes, REPORT_BYTES),
        )
        return all(value <= most for value, most in bounds)


@dataclass(slots=True, kw_only=True)
class Model:
    """The constants, and the arithmetic on them."""

    constants: dict[str, Constant] = field(default_factory=lambda: dict(DEFAULTS))

    def __getitem__(self, name: str) -> float:
        """Return the value of a constant."""
        return self.constants[name].value

    def take(self, name: str, value: float, source: str) -> None:
        """Replace a constant by what was measured."""
        known = DEFAULTS[name]
        self.constants[name] = Constant(
            value=value, unit=known.unit, what=known.what, source=source
        )

    def need(self, load: Load) -> Need:
        """Return what a load needs."""
        tick_us, tick_bytes = self._tick(load)
        tick_cores = load.ticks * tick_us / 1e6
        close_us = load.signals * self["session_us"] + load.tickers * self["close_us"]
        close_cores = close_us / 1e6 / CLOSE_SECONDS
        workers = max(ceil(max(tick_cores, close_cores) / FULLNESS), 1)
        partitions = max(8, 2 * workers)
        fresh = load.signals / WINDOW
        wire = load.ticks * tick_bytes
        held = self.held(load.signals, load.tickers * KEPT_BARS)
        rows = load.signals + load.tickers + fresh * TRANSITIONS * 2
        kept = load.signals * (WINDOW + TRANSITIONS) + load.tickers * KEPT_BARS
        return Need(
            brokers=max(ceil(round(wire / BROKER_BYTES, 6)), 1),
            tick_cores=tick_cores,
            close_cores=close_cores,
            workers=workers,
            partitions=partitions,
            worker_bytes=BASE_BYTES + held / workers,
            tick_bytes_a_second=wire,
            # a chunk a second of each partition; at full speed chunks are 16 MB, and fewer
            open_rows_a_second=min(load.tickers, load.ticks) * self["open_row_bytes"],
            session_bytes=load.signals * self["observation_bytes"]
            + fresh * TRANSITIONS * (self["transition_bytes"] + self["row_bytes"])
            + load.tickers * 2 * self["bar_row_bytes"],
            changelog_bytes=load.signals * self["changelog_signal_bytes"]
            + load.tickers * KEPT_BARS * self["bar_row_bytes"],
            recovery_seconds=load.signals / workers * self["recovery_us"] / 1e6,
            publishers=load.ticks * self["publish_us"] / 1e6 / FULLNESS,
            rows_a_session=rows,
            sqlite_seconds=rows / self["sink_rows"],
            sqlite_bytes=kept * self["database_bytes"],
            report_seconds=load.signals * self["report_us"] / 1e6,
            report_bytes=load.signals * self["report_bytes"],
        )

    def held(self, signals: float, bars: float) -> float:
        """Return the memory of signals and closed bars in workers."""
        return signals * self["signal_bytes"] + bars * self["bar_bytes"]

    def hottest(self, *, columnar: bool) -> float:
        """Return the ticks a second that one ticker may have: it is never split."""
        return FULLNESS * 1e6 / self["tick_us" if columnar else "json_us"]

    def sqlite_ends(self) -> Mapping[str, float]:
        """Return the active signals at which SQLite is over, by what it is over for."""
        a_signal = 1 + TRANSITIONS * 2 / WINDOW
        return {
            "the time that a session's rows take": SQLITE_SECONDS * self["sink_rows"] / a_signal,
            "the size of the file": SQLITE_BYTES
            / ((WINDOW + TRANSITIONS) * self["database_bytes"]),
            "the memory of a full report": REPORT_BYTES / self["report_bytes"],
        }

    def _tick(self, load: Load) -> tuple[float, float]:
        if load.columnar:
            return self["tick_us"], self["tick_bytes"]
        return self["json_us"], self["json_bytes"]


def from_bench(lines: Sequence[Mapping[str, Any]], full: Collection[str]) -> Model:
    """Return the model with what `make bench` has measured; `full` names what ran in full."""
    model = Model()
    found = {(each["scenario"], each["metric"]): each["value"] for each in lines}
    for name, (scenario, metric) in _BENCH.items():
        # a few signals say little of a million
        if (scenario, metric) in found and (scenario in full or scenario not in _MANY):
            model.take(name, found[scenario, metric], MEASURED)
    return model


def loads(model: Model) -> list[Load]:
    """Return a desk, and so many brokers' worth of columnar ticks; and of JSON ones."""
    broker = BROKER_BYTES / model["tick_bytes"]
    json_broker = BROKER_BYTES / model["json_bytes"]
    return [
        Load(name="a desk", ticks=1_000, tickers=500, signals=10_000, columnar=False),
        Load(name="1 broker", ticks=broker, tickers=10_000, signals=1e6),
        Load(name="10", ticks=10 * broker, tickers=20_000, signals=5e6),
        Load(name="100", ticks=100 * broker, tickers=50_000, signals=20e6),
        Load(name="1,000", ticks=1_000 * broker, tickers=100_000, signals=100e6),
        Load(
            name="1,000, JSON",
            ticks=1_000 * json_broker,
            tickers=100_000,
            signals=100e6,
            columnar=False,
        ),
    ]
