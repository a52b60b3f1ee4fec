"""Status as the fold of a signal's facts through one explicit transition table."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from schemas.records import AppliedDecision

REGISTERED = "registered"
AWAITING_ENTRY = "awaiting_entry"
TRACKING = "tracking"
MATURED = "matured"
CANCELLED = "cancelled"
QUARANTINED = "quarantined"
ARCHIVED = "archived"

# (status now, fact) -> status then; what is not here is illegal at its place.
TRANSITIONS: dict[tuple[str | None, str], str] = {
    (None, "register"): REGISTERED,
    (REGISTERED, "await-entry"): AWAITING_ENTRY,
    (AWAITING_ENTRY, "enter"): TRACKING,
    (TRACKING, "mature"): MATURED,
    (MATURED, "passed"): "passed",
    (MATURED, "failed"): "failed",
    (MATURED, "insufficient"): "insufficient",
    (AWAITING_ENTRY, "cancel"): CANCELLED,
    ("passed", "stage"): "staged",
    ("staged", "start-paper"): "paper",
    ("staged", "reject"): "rejected",
    ("paper", "promote"): "promoted",
    ("paper", "reject"): "rejected",
    ("passed", "archive"): ARCHIVED,
    ("failed", "archive"): ARCHIVED,
    ("insufficient", "archive"): ARCHIVED,
    ("staged", "archive"): ARCHIVED,
    ("promoted", "archive"): ARCHIVED,
    ("rejected", "archive"): ARCHIVED,
}

# The order of facts of one moment: what the market said goes before what a person decided.
RANKS = {
    "register": 0,
    "await-entry": 1,
    "enter": 2,
    "mature": 3,
    "passed": 4,
    "failed": 4,
    "insufficient": 4,
}
DECISION_RANK = 5

VALIDATION_STATUS = {
    REGISTERED: "pending",
    AWAITING_ENTRY: "pending",
    TRACKING: "pending",
    MATURED: "pending",
    "insufficient": "pending",
    "passed": "validated",
    "staged": "validated",
    "failed": "failed",
    "rejected": "failed",
    "paper": "executed",
    "promoted": "executed",
    ARCHIVED: "archived",
    CANCELLED: "archived",
}

# A revised verdict replaces the former one, also where it is another: they are revised as one.
VERDICTS = ("passed", "failed", "insufficient")

# Not a step of the status: it says of one session that its price was right.
ACCEPT_PRICE = "accept-price"

# Why the first two steps of every signal are.
PUBLISHED = "published"
NOT_YET_ENTERED = "no session has closed since"

_NO_SUSPECT = "no suspect price at session {session}"
_ILLEGAL = "`{kind}` is not possible for a signal that is {status}"


class Fact(NamedTuple):
    """Something that happened to a signal, at a moment of event time.

    The first four fields are the order of facts.
    """

    as_of_ms: int
    rank: int
    decision_id: str
    kind: str
    session: str | None
    reason: str
    by: str = ""


class Step(NamedTuple):
    """A fact that changed the status."""

    from_status: str | None
    to_status: str
    fact: Fact


class Folded(NamedTuple):
    """The status of a signal, how it came there, and what became of each decision."""

    status: str
    steps: list[Step]
    decisions: list[AppliedDecision]


def fold_facts(facts: Iterable[Fact], suspect_sessions: Collection[str] = ()) -> Folded:
    """Return the status after all facts, in the order of their event time.

    An accept-price counts for one of the suspect sessions, whenever it was decided.
    """
    status: str | None = None
    steps: list[Step] = []
    decisions: list[AppliedDecision] = []
    for fact in sorted(facts, key=lambda each: each[:4]):
        then = TRANSITIONS.get((status, fact.kind))
        if fact.decision_id:
            accepted = fact.kind == ACCEPT_PRICE and fact.session in suspect_sessions
            decisions.append(_weighed(fact, status, applied=accepted or then is not None))
        if then is not None:
            steps.append(Step(status, then, fact))
            status = then
    return Folded(status or REGISTERED, steps, decisions)


def revised_as(status: str) -> str:
    """Return the name under which a transition to a status is told again.

    >>> revised_as("failed"), revised_as("passed"), revised_as("staged")
    ('verdict', 'verdict', 'staged')
    """
    return "verdict" if status in VERDICTS else status


def _weighed(fact: Fact, status: str | None, *, applied: bool) -> AppliedDecision:
    refusal = None
    if not applied:
        text = _NO_SUSPECT if fact.kind == ACCEPT_PRICE else _ILLEGAL
        status = status or "not yet published"
        refusal = text.format(kind=fact.kind, status=status, session=fact.session)
    return AppliedDecision(
        decision_id=fact.decision_id,
        kind=fact.kind,
        session=fact.session,
        decided_at_ms=fact.as_of_ms,
        by=fact.by,
        reason=fact.reason,
        applied=applied,
        refusal=refusal,
    )
