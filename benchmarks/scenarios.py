"""The scenarios by name."""

from benchmarks.bench import Scenario
from benchmarks.latency import latency
from benchmarks.million import million_signals
from benchmarks.parquet import publish_parquet
from benchmarks.recovery import recovery
from benchmarks.report import report
from benchmarks.tick_scenarios import columnar_ticks, single_ticks
from benchmarks.two_workers import two_workers

SCENARIOS: dict[str, Scenario] = {
    "single_ticks": single_ticks,
    "columnar_ticks": columnar_ticks,
    "publish_parquet": publish_parquet,
    "two_workers": two_workers,
    "latency": latency,
    "million_signals": million_signals,
    "recovery": recovery,
    "report": report,
}
