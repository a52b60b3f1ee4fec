"""The model of scale: its arithmetic, its sources, its page; and the market that checks it."""

from pathlib import Path

import pytest

from benchmarks.simulate_model import DEFAULTS, FULLNESS, MEASURED, Load, Model, from_bench, loads
from benchmarks.simulate_text import BEGIN, END, filled, page
from benchmarks.simulate_world import World
from schemas import topics

SCALE = Path(__file__).parents[3] / "docs" / "scale.md"


def model_of(**values: float) -> Model:
    model = Model()
    for name, value in values.items():
        model.take(name, value, "here")
    return model


def test_workers_follow_from_ticks() -> None:
    need = model_of(tick_us=0.3).need(Load(name="x", ticks=20e6, tickers=1_000, signals=0))

    assert need.tick_cores == pytest.approx(6.0)
    assert (need.workers, need.partitions) == (10, 20)


def test_workers_follow_from_signals_where_those_need_more() -> None:
    model = model_of(session_us=6.0, close_us=0.0)

    need = model.need(Load(name="x", ticks=1, tickers=1, signals=60e6))

    assert need.close_cores == pytest.approx(6.0)
    assert need.workers == 10


def test_the_smallest_load_is_one_worker_and_one_file() -> None:
    need = Model().need(Load(name="x", ticks=1, tickers=1, signals=1))

    assert (need.brokers, need.workers, need.partitions) == (1, 1, 8)
    assert need.sqlite_holds


def test_json_ticks_cost_what_they_cost() -> None:
    model = model_of(tick_us=0.5, json_us=3.0)

    assert model.hottest(columnar=True) == pytest.approx(FULLNESS * 2e6)
    assert model.hottest(columnar=False) == pytest.approx(FULLNESS * 1e6 / 3)


def test_constants_come_from_full_benchmarks() -> None:
    lines = [
        {"scenario": "columnar_ticks", "metric": "worker_cpu_per_tick", "value": 0.125},
        {"scenario": "report", "metric": "full_seconds", "value": 7.0},
        {"scenario": "report", "metric": "of another kind", "value": 1.0},
    ]

    quick, full = from_bench(lines, []), from_bench(lines, ["report"])

    assert (quick["tick_us"], quick.constants["tick_us"].source) == (0.125, MEASURED)
    assert quick.constants["report_us"] == DEFAULTS["report_us"]
    assert full["report_us"] == 7.0


def test_a_thousand_brokers_worth_is_a_thousand_brokers() -> None:
    model = Model()

    found = {load.name: model.need(load).brokers for load in loads(model)}

    assert found == {
        "a desk": 1,
        "1 broker": 1,
        "10": 10,
        "100": 100,
        "1,000": 1_000,
        "1,000, JSON": 1_000,
    }


def test_the_page_takes_the_tables() -> None:
    model = Model()
    tables = page(model, [(load, model.need(load)) for load in loads(model)], None)

    written = filled(SCALE.read_text(), tables)

    assert written.count(BEGIN) == written.count(END) == 1
    assert tables in written
    assert filled(written, tables) == written
    with pytest.raises(ValueError, match="expected the markers"):
        filled("no page", tables)


def test_a_market_tells_each_bar_and_each_signal() -> None:
    world = World(tickers=6, signals_per_ticker=2, partitions=2)

    registered, traded = world.register(), world.trade(0, 10)
    entry, second = world.close(0), world.close(1)

    assert registered.records[topics.SIGNAL_STATES.name] == 12
    assert (traded.ticks, traded.touched) == (60, 6)
    assert entry.records[topics.SIGNAL_STATES.name] == 12
    assert [each.records[topics.BARS.name] for each in (entry, second)] == [6, 6]
    assert second.records[topics.OBSERVATIONS.name] == 6
    assert second.records[topics.SIGNAL_STATES.name] == 0
