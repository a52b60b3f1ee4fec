"""Fuzz what reads bytes of others: `python -m tests.fuzz --target wire --inputs 1000000`.

Prints a line a target and ends with status 1 where an input did what none should.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from math import inf
from pathlib import Path

from tests.fuzz.running import save
from tests.fuzz.targets import TARGETS, fuzz


def main() -> int:
    """Fuzz the targets; return 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: all")
    parser.add_argument("--inputs", type=int, default=20_000, help="of each target")
    parser.add_argument("--seconds", type=float, default=inf, help="of CPU time, of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), help="inputs that fail")
    asked = parser.parse_args()
    found = 0
    # a target a process, each of its own: what one allocates is not another's
    with ProcessPoolExecutor(asked.jobs, max_tasks_per_child=1) as pool:
        names = asked.target or list(TARGETS)
        jobs = [pool.submit(fuzz, name, asked.inputs, asked.seed, asked.seconds) for name in names]
        for job in as_completed(jobs):
            report = job.result()
            found += len(report.found)
            print(report.line(), flush=True)
            for line in save(report, asked.save):
                print(line, flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
