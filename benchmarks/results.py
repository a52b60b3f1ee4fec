"""Results on disk: `bench.json`, a list of lines, and every run beside it.

Scenarios may be run one at a time: a scenario replaces its own results and
leaves the others.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.lines import Line, Outcome

Content = dict[str, Any]

ORDER = (
    "single_ticks",
    "columnar_ticks",
    "publish_parquet",
    "two_workers",
    "latency",
    "million_signals",
    "recovery",
    "report",
)


def runs_path(path: Path) -> Path:
    """Return where every run stands, beside the results."""
    return path.with_name(f"{path.stem}-runs.json")


def read_lines(path: Path) -> list[Content]:
    """Return the results of a file; none where there is no file."""
    return json.loads(path.read_text()) if path.exists() else []


def read_runs(path: Path) -> dict[str, Content]:
    """Return the runs by scenario; none where there is no file."""
    beside = runs_path(path)
    return json.loads(beside.read_text())["scenarios"] if beside.exists() else {}


def merged(held: Sequence[Content], scenario: str, lines: Sequence[Line]) -> list[Content]:
    """Return the held results with one scenario's replaced, in the order of the scenarios."""
    kept = [each for each in held if each["scenario"] != scenario]
    new = [{**asdict(line), "holds": line.holds} for line in lines]
    return sorted([*kept, *new], key=lambda each: ORDER.index(each["scenario"]))


def write(path: Path, scenario: str, outcome: Outcome, told: Content) -> None:
    """Put a scenario's results in the file; `told` says how it was run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = read_runs(path)
    runs[scenario] = {
        **told,
        "notes": outcome.notes,
        "series": [asdict(each) for each in outcome.series],
    }
    ordered = {name: runs[name] for name in ORDER if name in runs}
    _replace(path, merged(read_lines(path), scenario, outcome.lines))
    _replace(runs_path(path), {"scenarios": ordered})


def clear(path: Path) -> None:
    """Forget what an earlier benchmark has written."""
    path.unlink(missing_ok=True)
    runs_path(path).unlink(missing_ok=True)


def failing(held: Sequence[Content]) -> list[Content]:
    """Return the results whose bound does not hold."""
    return [each for each in held if each["holds"] is False]


def _replace(path: Path, content: object) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content, indent=1) + "\n")
    draft.replace(path)
