"""The whole life of one signal, from one consistent look at signals.db."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from schemas.policy import Policy
from signal_tracker.stored import known_signal, look
from sinks import sqlite_queries as queries
from sinks.cohort_members import cohort_key
from sinks.evidence.cohort import Cohort
from sinks.paper.records import PaperPosition, PaperTrade
from sinks.readiness import Readiness
from sinks.rows import ObservationRow, SignalRow

Rows: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A signal and everything that the rows tell of it; `screen` has every layer."""

    signal: SignalRow
    policy: Policy | None
    screen: Mapping[str, Any]
    readiness: Readiness
    cohort: Cohort | None
    observations: Sequence[ObservationRow]
    transitions: Rows
    events: Rows
    decisions: Rows
    position: PaperPosition | None
    trade: PaperTrade | None
    quarantined: Rows
    as_of_ms: int | None


def read_story(path: Path, signal_id: str) -> Story:
    """Return the life of a signal; an error that names it where there is none."""
    with queries.reading(path) as connection:
        signal = known_signal(connection, signal_id, path)
        stored = look(connection, path)
        report, key = stored.report, cohort_key(signal)
        return Story(
            signal=signal,
            policy=stored.policies.get(signal.policy_hash),
            screen=report.screens[signal_id],
            readiness=report.readiness[signal_id],
            cohort=next((each for each in report.cohorts if each.key == key), None),
            observations=queries.read_observations(connection, signal_id),
            transitions=queries.read_related(connection, "transitions", signal_id),
            events=queries.read_events(connection, signal_id),
            decisions=stored.decisions.get(signal_id, ()),
            position=_of(signal_id, report.paper.positions),
            trade=_of(signal_id, report.paper.trades),
            quarantined=queries.read_related(connection, "quarantined", signal_id),
            as_of_ms=report.as_of.as_of_ms,
        )


def _of(signal_id: str, found: Sequence[Any]) -> Any:
    return next((each for each in found if each.signal_id == signal_id), None)
