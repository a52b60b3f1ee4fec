"""`signal-tracker publish ...` as it is, with a clock around the file: from opening to all sent."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.sampler import profile_if_asked
from producers import files
from signal_tracker import cli


def run(answer: Path, argv: list[str]) -> int:
    """Run the command; write what the file took."""
    profile_if_asked("publishing a Parquet file")
    publish = files.publish_ticks_file

    def timed(publisher: Any, *args: Any, **kwargs: Any) -> Any:
        began, cpu = time.perf_counter(), time.process_time()
        result = publish(publisher, *args, **kwargs)
        # what is counted as sent is acknowledged when the function returns
        took = {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "ticks": result.records,
            "refused": result.refused,
        }
        answer.write_text(json.dumps(took))
        return result

    files.publish_ticks_file = timed
    return cli.run(argv)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
