"""`signal-tracker replay`: judge the user's own signals on the user's own prices."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from schemas.cluster import Cluster
from signal_tracker.options import (
    ManyOption,
    checked_broker,
    option,
    partitions_option,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("replay")
@option("--signals", metavar="FILE", type=_FILE, required=True, help="CSV, Parquet, JSON lines.")
@option(
    "--ticks",
    cls=ManyOption,
    metavar="FILE...",
    type=_FILE,
    required=True,
    help="Prices: CSV, Parquet, JSON lines.",
)
@option("--actions", metavar="FILE", type=_FILE, help="Splits and dividends.")
@option("--policy", metavar="NAME|FILE", default="tracker", help="What a signal has to show.")
@option(
    "--calendars",
    cls=ManyOption,
    metavar="SUFFIX=NAME",
    help="The exchange calendar of tickers that end so, as .L=XLON.",
)
@option("--workers", metavar="N", type=click.IntRange(1, 64), default=1, help="Worker processes.")
@option(
    "--broker",
    metavar="HOST:PORT",
    callback=checked_broker,
    help="A broker to use; without it an embedded one is started.",
)
@partitions_option
@option("--ticker", metavar="TEXT", help="The ticker of price files without such a column.")
@option("--tz", metavar="ZONE", help="The time zone of timestamps without an offset.")
@option("--adjusted", is_flag=True, help="Take the column 'Adj Close' as the close.")
@option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder of the result.",
)
@option("--force", is_flag=True, help="Replace an existing --out.")
def command(  # noqa: PLR0917 click passes options by name
    signals: Path,
    ticks: tuple[Path, ...],
    actions: Path | None,
    policy: str,
    calendars: tuple[str, ...],
    workers: int,
    broker: Cluster | None,
    partitions: int,
    ticker: str | None,
    tz: str | None,
    adjusted: bool,
    out: Path,
    force: bool,
) -> None:
    """Judge signals on prices, through a broker and real workers, into --out.

    Publishing times of a replay say nothing: backdated is not judged.
    """
    from producers.record_columns import RowOptions
    from producers.tick_cells import TickOptions
    from signal_tracker.checks import check_judging
    from signal_tracker.columns import counted
    from signal_tracker.out_folder import built_in_place
    from signal_tracker.pipeline import Run, run_pipeline
    from signal_tracker.progress import say

    check_judging(policy, calendars)
    zone = _zone(tz)
    run = Run(
        signals=signals,
        ticks=ticks,
        actions=actions,
        policy=policy,
        calendars=calendars,
        workers=workers,
        broker=broker,
        partitions=partitions,
        tick_options=TickOptions(ticker=ticker, tz=zone, adjusted=adjusted),
        row_options=RowOptions(tz=zone),
    )
    say("publishing times of a replay say nothing: backdated is not judged")
    with built_in_place(out, kind="replay", force=force) as folder:
        refused = run_pipeline(run, folder)
    click.echo(out)
    if refused:
        verb = "was" if refused == 1 else "were"
        say(f"{counted(refused, 'line')} {verb} refused; the rest is judged")
        raise click.exceptions.Exit(1)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = f"--tz: expected a time zone as Europe/London, was {name!r}"
        raise click.UsageError(msg) from None
