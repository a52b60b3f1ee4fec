"""What scenarios make of their runs."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import latency, results
from benchmarks.job import Measured
from benchmarks.lines import Line
from benchmarks.parquet import write_parquet
from benchmarks.rounds import WORKER
from benchmarks.scenarios import SCENARIOS
from benchmarks.tick_scenarios import BARE_BYTES, columnar_lines


def measured(*rates: float) -> list[Measured]:
    return [Measured(ticks=int(rate), seconds=1.0, cpu_seconds=0.5) for rate in rates]


def by_metric(lines: list[Line]) -> dict[str, Line]:
    return {each.metric: each for each in lines}


def test_every_scenario_of_the_results_can_be_run() -> None:
    assert set(SCENARIOS) == set(results.ORDER)


@pytest.mark.parametrize(
    ("limit", "asked"), [(12e6, 6e6), (24e6, 6e6), (8e6, 4e6)], ids=["as told", "faster", "slower"]
)
def test_the_columnar_rate_is_asked_for_in_proportion_to_a_slower_limit(
    limit: float, asked: float
) -> None:
    found = by_metric(columnar_lines({WORKER: measured(5e6), BARE_BYTES: measured(limit)}))

    assert found["ticks_per_second"].floor == asked
    assert found["ticks_per_second"].holds is (asked <= 5e6)


def test_latency_is_bounded_in_the_middle_and_at_the_tail() -> None:
    found = by_metric(
        latency.lines(
            {
                "forwarder at 1000": [[2.0, 10.0, 20.0], [4.0, 12.0, 30.0]],
                "to event at 1000": [[8.0, 20.0, 80.0], [12.0, 24.0, 60.0]],
            },
            top=5_000.0,
        )
    )

    assert found["to_event_at_1000_p95"].value == 22.0
    middle, tail = found["event_times_forwarder_p50"], found["event_times_forwarder_p99"]
    assert (middle.value, middle.holds) == (3.5, True)
    assert (tail.value, tail.holds) == (3.0, True)


def test_the_parquet_file_holds_as_many_ticks_as_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "ticks.parquet"

    write_parquet(path, 1_000)

    table = pq.read_table(path)
    assert table.num_rows == 1_000
    assert table.column_names == ["ticker", "ts_event_ms", "price", "size"]
    assert min(table["price"].to_pylist()) > 0
