"""`python -m chaos.run --seed N`: faults on a three-broker cluster, and what is left afterwards.

The last line is `faults=N lost=0 doubled=0 audit=0`; exit status 1 where anything is not 0.
Logs of all processes stay in `build/chaos`.
"""

import logging
import shutil
import sys
import time
from pathlib import Path

import click

from chaos.errors import ChaosError
from chaos.plan import FULL, SHORT
from chaos.report import last_line, lines_of
from chaos.scenarios import broker_loss, outage
from chaos.storm import storm
from signal_tracker.errors import TrackerError

OUT = Path("build/chaos")
STORM = "storm"
SCENARIOS = {"broker-loss": broker_loss, "outage": outage}
_REVERSED = "Run the test of the test: workers that commit first, and lose."


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="What happens, and when.")
@click.option("--short", is_flag=True, envvar="SHORT", help="Fewer faults, in three minutes.")
@click.option("--reversed", "is_reversed", is_flag=True, envvar="REVERSED", help=_REVERSED)
@click.option(
    "--scenario", type=click.Choice([STORM, *SCENARIOS]), default=STORM, show_default=True
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=OUT)
def main(*, seed: int, short: bool, is_reversed: bool, scenario: str, out: Path) -> None:
    """Hurt a whole system for some minutes, let it run to its end, and compare every row.

    `storm` has every kind of fault; `broker-loss` kills one broker under 5,000 records a
    second, `outage` takes all brokers away for two minutes.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    begun = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - begun:5.0f} s] {text}", err=True)

    name = "reversed" if is_reversed else scenario
    folder = (out / f"{name}-{seed}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        if scenario != STORM:
            is_clean = SCENARIOS[scenario](seed, folder, say)
        else:
            survived = storm(seed, SHORT if short else FULL, folder, say, is_reversed=is_reversed)
            for line in [*lines_of(seed, survived), last_line(survived)]:
                click.echo(line)
            is_clean = survived.verdict.is_clean
    except (ChaosError, TrackerError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    sys.exit(0 if is_clean else 1)


if __name__ == "__main__":
    main()
