"""Every report file of a database once, in a process of its own."""

import json
import sys
import time
from pathlib import Path

from benchmarks.sampler import profile_if_asked
from benchmarks.usage import peak_bytes
from sinks.snapshot import write_reports

if __name__ == "__main__":
    database, out, answer = map(Path, sys.argv[1:4])
    profile_if_asked("all report files")
    began, cpu = time.perf_counter(), time.process_time()
    paths = write_reports(database, out)
    took = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "files": len(paths),
        "bytes": sum(each.stat().st_size for each in paths),
        "peak": peak_bytes("self"),
    }
    answer.write_text(json.dumps(took))
