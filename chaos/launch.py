"""`python -m chaos.launch HOW worker ...`: a command of ours under the harness.

HOW is `plain`, `clocked` (under libfaketime) or `reversed` (see `chaos.reversal`), several
with commas.
"""

import select
import sys
import time
from typing import SupportsIndex

from chaos.reversal import reverse
from signal_tracker.cli import main


def sleep_by_select() -> None:
    """Let time.sleep wait in another way: libfaketime 0.9.10 breaks clock_nanosleep."""

    def sleep(seconds: SupportsIndex | float, /) -> None:
        select.select([], [], [], float(seconds))

    time.sleep = sleep


if __name__ == "__main__":
    how = sys.argv[1].split(",")
    if "clocked" in how:
        sleep_by_select()
    if "reversed" in how:
        reverse()
    main(sys.argv[2:])
