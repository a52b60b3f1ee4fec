"""Decisions on signals: when they count, what the worker will make of them, how they are sent.

Delivery: each decision is acknowledged by the broker when `send` returns; one
that was sent before has the same id and changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.identity import digest
from schemas.records import AppliedDecision, Decision
from signal_tracker.errors import TrackerError
from sinks.rows import SignalRow
from streams.domain.lifecycle import (
    ACCEPT_PRICE,
    DECISION_RANK,
    RANKS,
    TRANSITIONS,
    Fact,
    fold_facts,
)

if TYPE_CHECKING:
    from producers.publishing import Publisher

Row = Mapping[str, Any]

_KINDS = {(before, after): kind for (before, kind), after in TRANSITIONS.items()}


class DecisionError(TrackerError):
    """Say which decision was not taken."""


def decision_id(prefix: str, *content: Any) -> str:
    """Return the id that a decision with this content always has.

    >>> decision_id("r", "stage", "s-1")
    'r-ded98fbeabf63c0901e29d04'
    """
    return f"{prefix}-{digest(list(content))[:24]}"


def decided_at(kind: str, signal: SignalRow, held: Iterable[Row], as_of_ms: int) -> int:
    """Return when a decision of now counts: at the as-of time, and after what it rests on.

    That is the signal and the steps that were decided before: of decisions of one
    moment their ids would say which comes first.
    """
    steps = [] if kind == ACCEPT_PRICE else [each for each in held if _is_step(each, kind)]
    return max(
        as_of_ms, signal.generated_at_ms, *(int(each["decided_at_ms"]) + 1 for each in steps)
    )


def accepted_sessions(held: Iterable[Row]) -> frozenset[str]:
    """Return the sessions whose suspect price was accepted."""
    return frozenset(
        str(each["session"]) for each in held if each["applied"] and each["kind"] == ACCEPT_PRICE
    )


def weigh(
    decision: Decision, signal: SignalRow, transitions: Iterable[Row], held: Sequence[Row]
) -> AppliedDecision:
    """Return what the worker makes of a decision, from the rows of its signal."""
    facts = {each["decision_id"]: _decided(each) for each in held}
    facts[decision.decision_id] = Fact(
        decision.decided_at_ms,
        DECISION_RANK,
        decision.decision_id,
        decision.kind,
        decision.session,
        decision.reason,
        decision.by,
    )
    market = [_stepped(each) for each in transitions if each["decision_id"] is None]
    suspect = {*signal.suspect_sessions, *accepted_sessions(held)}
    weighed = fold_facts([*market, *facts.values()], suspect).decisions
    return next(each for each in weighed if each.decision_id == decision.decision_id)


def send(publisher: "Publisher", decisions: Sequence[Decision], prefix: str) -> int:
    """Publish decisions and return how many were taken; raise where one was not."""
    from producers.files import publish_records

    refused: list[str] = []
    result = publish_records(
        publisher, decisions, prefix=prefix, on_refused=lambda each: refused.append(str(each))
    )
    if refused:
        msg = f"{result.sent} of {len(decisions)} decisions published; {'; '.join(refused)}"
        raise DecisionError(msg)
    return result.sent


def _is_step(held: Row, kind: str) -> bool:
    return bool(held["applied"]) and held["kind"] not in (kind, ACCEPT_PRICE)


def _decided(row: Row) -> Fact:
    return Fact(
        row["decided_at_ms"],
        DECISION_RANK,
        row["decision_id"],
        row["kind"],
        row["session"],
        row["reason"],
        row["decided_by"],
    )


def _stepped(row: Row) -> Fact:
    kind = _KINDS[row["from_status"], row["to_status"]]
    return Fact(row["as_of_ms"], RANKS[kind], "", kind, row["session"], row["reason"])
