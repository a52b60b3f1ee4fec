"""`python -m benchmarks.simulate`: what loads need, and a large market that checks the model.

The constants are those of `build/bench.json` where it has them, of the simulation
where that measures them, else the documented ones.
"""

from pathlib import Path

import click

from benchmarks import results
from benchmarks.simulate_checks import (
    REGISTRATION,
    SESSION,
    Checked,
    alone,
    calibrated,
    checked,
)
from benchmarks.simulate_model import SIMULATED, Model, from_bench, loads
from benchmarks.simulate_text import filled, page

BENCH = Path("build") / "bench.json"
PAGE = Path(__file__).parents[1] / "docs" / "scale.md"


@click.command("simulate")
@click.option("--tickers", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--signals-per-ticker", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--bench", type=click.Path(path_type=Path), default=BENCH, show_default=True)
@click.option("--no-market", is_flag=True, help="Only the model, without playing a market.")
@click.option("--write-docs", is_flag=True, help="Write the tables into docs/scale.md.")
def simulate(
    *, tickers: int, signals_per_ticker: int, bench: Path, no_market: bool, write_docs: bool
) -> None:
    """Print what loads need, and predicted beside measured of a synthetic market."""
    model = read_model(bench)
    found = None
    if not no_market:
        found = alone(checked, calibrated(), tickers, signals_per_ticker)
        take(model, found)
    tables = page(model, [(load, model.need(load)) for load in loads(model)], found)
    click.echo(tables)
    if write_docs:
        PAGE.write_text(filled(PAGE.read_text(), tables))


def read_model(bench: Path) -> Model:
    """Return the model with what the benchmarks have measured."""
    full = [name for name, run in results.read_runs(bench).items() if not run.get("quick", True)]
    return from_bench(results.read_lines(bench), full)


def take(model: Model, found: Checked) -> None:
    """Put what only the simulation measures into the model."""
    core = found.core
    shares = core.shares
    model.take("close_us", shares[SESSION].ticker, SIMULATED)
    model.take("register_us", shares[REGISTRATION].signal, SIMULATED)
    for name, value in found.bytes_each.items():
        model.take(name, value, SIMULATED)


if __name__ == "__main__":
    simulate()
