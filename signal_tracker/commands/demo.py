"""`signal-tracker demo`: the whole pipeline on the bundled real prices."""

import csv
from importlib.resources import as_file, files
from pathlib import Path

import click

from signal_tracker.options import option

PRICES = "daily_closes_2015_2022.csv"


@click.command("demo")
@option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("data"),
    envvar="SIGNAL_TRACKER_DATA",
    help="The folder of the result.",
)
@option("--workers", metavar="N", type=click.IntRange(1, 64), default=1, help="Worker processes.")
@option("--force", is_flag=True, help="Replace an --out that is no demo's.")
@click.option("--serve", is_flag=True, hidden=True)
def command(out: Path, workers: int, force: bool, serve: bool) -> None:
    """Judge signals of the fallback generator and two rules on real closes of 2015 to 2022.

    It starts an embedded broker, a worker and a sink, needs no network, stops
    what it started, prints the report and leaves its files in --out.
    """
    if serve:
        click.echo("`--serve` is not in this version: the live page comes later.", err=True)
        raise click.exceptions.Exit(2)
    from signal_tracker.out_folder import built_in_place
    from signal_tracker.pipeline import Run, run_pipeline
    from signal_tracker.progress import say

    with (
        built_in_place(out, kind="demo", force=force) as folder,
        as_file(files("signal_tracker") / "data" / PRICES) as prices,
    ):
        signals = folder / "signals.jsonl"
        count = _write_signals(prices, signals)
        say(f"{count} signals of three models on the closes of {prices.name}")
        run_pipeline(Run(signals=signals, ticks=[prices], workers=workers), folder)
    click.echo((out / "llm_performance.txt").read_text(encoding="utf-8"))
    say(f"the files are in {out}; `signal-tracker explain SIGNAL_ID --data {out}` shows a signal")


def _write_signals(prices: Path, path: Path) -> int:
    import orjson

    from producers.demo_signals import demo_signals
    from schemas.codec import to_fields

    closes: dict[str, list[tuple[str, float]]] = {}
    with prices.open(newline="") as file:
        for row in csv.DictReader(file):
            closes.setdefault(row["ticker"], []).append((row["date"], float(row["close"])))
    signals = demo_signals(closes)
    lines = [
        orjson.dumps({name: value for name, value in to_fields(each).items() if value is not None})
        for each in signals
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return len(signals)
