"""Runs to the lines of `bench.json`, and to a table; floors are on `value`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.job import Measured
from benchmarks.scenarios import BARE_BYTES, BARE_JSON, PLAIN_FAUST, WORKER, Runs

TIMES_PLAIN_FAUST = 15.0
COLUMNAR_PER_SECOND = 1_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result; `ratio` is the median of worker / peer within a round."""

    scenario: str
    metric: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None
    floor: float | None = None

    @property
    def holds(self) -> bool | None:
        """Say whether the floor holds; None where there is none."""
        return None if self.floor is None else self.value >= self.floor


def single_lines(runs: Runs) -> list[Line]:
    """Return the results of the single ticks scenario."""
    name = "single_ticks"
    times = _ratio(runs, PLAIN_FAUST)
    return [
        _rate(name, "ticks_per_second", runs, against=BARE_JSON),
        Line(
            scenario=name,
            metric="times_plain_faust",
            value=times,
            unit="x",
            against=PLAIN_FAUST,
            ratio=times,
            floor=TIMES_PLAIN_FAUST,
        ),
        _peer(name, "plain_faust_ticks_per_second", runs[PLAIN_FAUST]),
        _peer(name, "bare_consumer_ticks_per_second", runs[BARE_JSON]),
        _cpu(name, runs[WORKER]),
    ]


def columnar_lines(runs: Runs) -> list[Line]:
    """Return the results of the columnar ticks scenario."""
    name = "columnar_ticks"
    return [
        _rate(name, "ticks_per_second", runs, against=BARE_BYTES, floor=COLUMNAR_PER_SECOND),
        _peer(name, "bare_reader_ticks_per_second", runs[BARE_BYTES]),
        _cpu(name, runs[WORKER]),
    ]


def write(lines: Sequence[Line], runs: dict[str, Runs], broker_kind: str, path: Path) -> None:
    """Write the results as JSON, and every run beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [{**asdict(line), "holds": line.holds} for line in lines]
    path.write_text(json.dumps(content, indent=1) + "\n")
    every = {
        scenario: {name: [asdict(each) for each in measured] for name, measured in per.items()}
        for scenario, per in runs.items()
    }
    beside = path.with_name(f"{path.stem}-runs.json")
    beside.write_text(json.dumps({"broker": broker_kind, "runs": every}, indent=1) + "\n")


def table(lines: Sequence[Line], runs: dict[str, Runs]) -> str:
    """Return what was measured as text: medians and ranges, then results and floors."""
    out = [f"{'scenario':<15} {'contestant':<22} {'median':>12} {'lowest':>12} {'highest':>12}"]
    for scenario, per in runs.items():
        for name, measured in per.items():
            rates = [each.rate for each in measured]
            told = "".join(f" {each:>12,.0f}" for each in (median(rates), min(rates), max(rates)))
            out.append(f"{scenario:<15} {name:<22}{told}  ticks/s, {len(rates)} runs")
    out.append("")
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f} x {line.against}"
        verdict = {None: "", True: "holds", False: "DOES NOT HOLD"}[line.holds]
        floor = "" if line.floor is None else f"floor {line.floor:,.0f}: {verdict}"
        value = f"{line.value:,.0f}" if line.value >= 1_000 else f"{line.value:.3f}"
        out.append(
            f"{line.scenario:<15} {line.metric:<31} {value:>11} {line.unit:<8}"
            f" {ratio:<28} {floor}".rstrip()
        )
    return "\n".join(out)


def _rate(
    scenario: str, metric: str, runs: Runs, *, against: str, floor: float | None = None
) -> Line:
    return Line(
        scenario=scenario,
        metric=metric,
        value=median(each.rate for each in runs[WORKER]),
        unit="ticks/s",
        against=against,
        ratio=_ratio(runs, against),
        floor=floor,
    )


def _peer(scenario: str, metric: str, measured: Sequence[Measured]) -> Line:
    value = median(each.rate for each in measured)
    return Line(scenario=scenario, metric=metric, value=value, unit="ticks/s")


def _cpu(scenario: str, measured: Sequence[Measured]) -> Line:
    value = median(each.cpu_us for each in measured)
    return Line(scenario=scenario, metric="worker_cpu_per_tick", value=value, unit="us")


def _ratio(runs: Runs, peer: str) -> float:
    return median(
        ours.rate / theirs.rate for ours, theirs in zip(runs[WORKER], runs[peer], strict=True)
    )
