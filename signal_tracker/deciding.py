"""One decision of a person: what it is about, what it says, and whether it is possible now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.records import Decision
from schemas.rules import check_decision
from signal_tracker.decisions import accepted_sessions, decided_at, decision_id, weigh
from signal_tracker.stored import known_signal
from signal_tracker.ticker_bars import Market
from sinks.rows import AsOf, SignalRow
from sinks.sqlite_queries import read_as_of, read_bar_columns, read_related, reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The signal of a decision, and the rows that it is weighed with."""

    signal: SignalRow
    transitions: Sequence[Mapping[str, Any]]
    decisions: Sequence[Mapping[str, Any]]
    market: Market
    as_of: AsOf

    @property
    def suspect_sessions(self) -> list[str]:
        """Return the sessions whose price may be accepted, or was."""
        return sorted({*self.signal.suspect_sessions, *accepted_sessions(self.decisions)})


def read_subject(path: Path, signal_id: str) -> Subject:
    """Return what a decision is about; an error that names the signal where there is none."""
    with reading(path) as connection:
        signal = known_signal(connection, signal_id, path)
        return Subject(
            signal=signal,
            transitions=read_related(connection, "transitions", signal_id),
            decisions=read_related(connection, "decisions", signal_id),
            market=Market(read_bar_columns(connection, [signal.ticker])),
            as_of=read_as_of(connection),
        )


def decision_of(
    subject: Subject,
    kind: str,
    *,
    reason: str,
    by: str,
    session: str | None = None,
    decided_at_ms: int | None = None,
) -> Decision:
    """Return the decision, its id a hash of the rest; raise DecodeError where a rule is broken."""
    signal = subject.signal
    if decided_at_ms is None:
        decided_at_ms = decided_at(kind, signal, subject.decisions, subject.as_of.as_of_ms or 0)
    if kind == "stage" and session is None:
        session = subject.market.last_session(signal.ticker, decided_at_ms)
    content = [signal.signal_id, signal.ticker, kind, decided_at_ms, session, by, reason]
    decision: Decision = check_decision(
        Decision(
            decision_id=decision_id("d", *content),
            signal_id=signal.signal_id,
            ticker=signal.ticker,
            kind=kind,
            decided_at_ms=decided_at_ms,
            session=session,
            by=by,
            reason=reason,
        )
    )
    return decision


def refusal_of(subject: Subject, decision: Decision) -> str | None:
    """Return why the worker will refuse a decision; None where it will apply it."""
    weighed = weigh(decision, subject.signal, subject.transitions, subject.decisions)
    return weighed.refusal
