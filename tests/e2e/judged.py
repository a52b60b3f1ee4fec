"""What came out, in the form in which tests compare it: with the oracle, and run with run."""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sinks.sqlite_queries import reading

TOLERANCE = 1e-9
# epoch counts who held a partition when, and is about the run, not about the signal
_VIEWS = {
    "signal_rows": "signal_id",
    "signal_observations": "signal_id, session",
    "bars": "ticker, session",
    "transitions": "signal_id, position",
    "decisions": "signal_id, decision_id",
    "quarantined": "signal_id, payload_hash",
}

Row = Mapping[str, Any]


def csv_rows(out: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a folder's signals.csv by signal id."""
    with (out / "signals.csv").open(encoding="utf-8", newline="") as file:
        return {row["signal_id"]: row for row in csv.DictReader(file)}


def differences(found: Mapping[str, Row], wanted: Mapping[str, Row]) -> list[str]:
    """Return where rows and the oracle's differ, in any column that the oracle has."""
    missing = [f"{signal_id}: missing" for signal_id in sorted(wanted.keys() - found.keys())]
    extra = [f"{signal_id}: not expected" for signal_id in sorted(found.keys() - wanted.keys())]
    wrong = [
        f"{signal_id}.{name}: expected {value!r}, was {found[signal_id][name]!r}"
        for signal_id, row in wanted.items()
        if signal_id in found
        for name, value in row.items()
        if not _agrees(found[signal_id][name], value)
    ]
    return missing + extra + wrong


def comparable(out: Path) -> tuple[bytes, dict[str, Any]]:
    """Return what must not depend on the run: signals.csv, and summary.json without `as_of`."""
    summary = json.loads((out / "summary.json").read_bytes())
    del summary["as_of"]
    return (out / "signals.csv").read_bytes(), summary


def table_rows(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every projection in signals.db, as readers see them."""
    found = {}
    with reading(database) as connection:
        for name, order in _VIEWS.items():
            cursor = connection.execute(f"SELECT * FROM {name} ORDER BY {order}")
            columns = [each[0] for each in cursor.description]
            rows = (dict(zip(columns, row, strict=True)) for row in cursor)
            found[name] = [{k: v for k, v in row.items() if k != "epoch"} for row in rows]
    return found


def query(database: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a SELECT on signals.db."""
    with reading(database) as connection:
        return list(connection.execute(sql, values))


def json_lines(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in lines]


def _agrees(found: Any, wanted: Any) -> bool:
    if wanted is None or found in ("", None):
        return wanted is None and found in ("", None)
    if isinstance(wanted, float):
        return math.isclose(float(found), wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return str(found) == str(wanted)
