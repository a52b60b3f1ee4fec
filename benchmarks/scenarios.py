"""The scenarios by name."""

from benchmarks.bench import Scenario
from benchmarks.million import million_signals
from benchmarks.tick_scenarios import columnar_ticks, single_ticks

SCENARIOS: dict[str, Scenario] = {
    "single_ticks": single_ticks,
    "columnar_ticks": columnar_ticks,
    "million_signals": million_signals,
}
