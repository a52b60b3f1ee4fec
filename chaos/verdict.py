"""What is there afterwards, beside what was acknowledged: lost, doubled, different."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.system import System
from sinks.sqlite_queries import reading
from tests.oracle.identity import holding_payloads
from tests.topology.events import Events, differing, rows_of

_AUDIT_SECONDS = 300.0
_SHOWN = 10
_DEAD = "SELECT count(*) FROM dead_letters WHERE index_ = -1"
_IDS = "SELECT signal_id FROM llm_signals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run came to; all of it is to be 0, but for `rows` and `compared`."""

    rows: int
    compared: int
    lost: int
    doubled: int
    audit: int
    judged_otherwise: int
    unsettled: int

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was lost, doubled or changed."""
        wrong = (self.lost, self.doubled, self.audit, self.judged_otherwise, self.unsettled)
        return not any(wrong)


def judge(system: System, events: Events, poison: int, say: Callable[[str], None]) -> Verdict:
    """Compare what is stored with what was published and acknowledged."""
    differences, summary = audited(system)
    for each in differences[:_SHOWN]:
        say(f"audit: {json.dumps(each)[:400]}")
    with reading(system.data / "signals.db") as connection:
        ids = {signal_id for (signal_id,) in connection.execute(_IDS)}
        refused = connection.execute(_DEAD).fetchone()[0]
    rows = rows_of(system.data)
    otherwise = differing(rows, events.judged())
    for line in otherwise[:_SHOWN]:
        say(f"second implementation: {line}")
    return Verdict(
        rows=len(rows),
        compared=summary["rows"],
        lost=lost(events, ids) + max(poison - refused, 0),
        doubled=doubled(differences),
        audit=summary["audit"],
        judged_otherwise=len(otherwise),
        unsettled=len(summary["unsettled"]),
    )


def lost(events: Events, stored: set[str]) -> int:
    """Return how many signals that were acknowledged have no row."""
    return len(holding_payloads(events.signals).keys() - stored)


def doubled(differences: Iterable[Mapping[str, Any]]) -> int:
    """Return how many rows are there that should not be."""
    return sum(each["column"] is None and each["expected"] is None for each in differences)


def audited(system: System) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what `signal-tracker audit` finds, and its summary."""
    words = ["audit", *system.places, "--data", str(system.data), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "signal_tracker", *words, "--wait", "30"],
        check=False,
        capture_output=True,
        timeout=_AUDIT_SECONDS,
    )
    lines = done.stdout.splitlines()
    if not lines:
        told = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        summary = {"audit": -1, "rows": 0, "unsettled": [told[-1]]}
        return [], summary
    *differences, summary = map(json.loads, lines)
    return differences, summary
