"""The status of a signal as the fold of its facts, by the letter of the specification.

Facts are dictionaries with as_of_ms, rank, decision_id, kind and session.
"""

from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

Row = dict[str, Any]

# From which statuses a fact may lead to which.
_LEADS: dict[str, tuple[set[str | None], str]] = {
    "register": ({None}, "registered"),
    "await-entry": ({"registered"}, "awaiting_entry"),
    "enter": ({"awaiting_entry"}, "tracking"),
    "mature": ({"tracking"}, "matured"),
    "passed": ({"matured"}, "passed"),
    "failed": ({"matured"}, "failed"),
    "insufficient": ({"matured"}, "insufficient"),
    "cancel": ({"awaiting_entry"}, "cancelled"),
    "stage": ({"passed"}, "staged"),
    "start-paper": ({"staged"}, "paper"),
    "promote": ({"paper"}, "promoted"),
    "reject": ({"staged", "paper"}, "rejected"),
    "archive": (
        {"passed", "failed", "insufficient", "staged", "promoted", "rejected"},
        "archived",
    ),
}
_LIFE = ["register", "await-entry", "enter", "mature", "passed", "failed", "insufficient"]
_OLD_NAMES = {
    "pending": {"registered", "awaiting_entry", "tracking", "matured", "insufficient"},
    "validated": {"passed", "staged"},
    "failed": {"failed", "rejected"},
    "executed": {"paper", "promoted"},
    "archived": {"archived", "cancelled"},
}
_COLUMNS = ["as_of_ms", "rank", "decision_id", "kind", "session"]


def market_fact(kind: str, as_of_ms: int, session: str | None) -> Row:
    """Return a fact that the market or the publisher made."""
    rank = min(_LIFE.index(kind), 4)
    return dict(zip(_COLUMNS, (as_of_ms, rank, "", kind, session), strict=True))


def decided_fact(decision: Row) -> Row:
    """Return the fact that a decision was taken; of one moment it comes last."""
    values = decision["decided_at_ms"], 9, decision["decision_id"], decision["kind"]
    return dict(zip(_COLUMNS, (*values, decision["session"]), strict=True))


def fold(facts: Iterable[Row], suspects: Collection[str]) -> tuple[list[Row], dict[str, bool]]:
    """Return the transitions that hold, and of every decision whether it was applied."""
    status: str | None = None
    steps, applied = list[Row](), dict[str, bool]()
    for fact in sorted(facts, key=itemgetter(*_COLUMNS[:4])):
        legal = fact["kind"] in _LEADS and status in _LEADS[fact["kind"]][0]
        if fact["decision_id"]:
            accepted = fact["kind"] == "accept-price" and fact["session"] in suspects
            applied[fact["decision_id"]] = legal or accepted
        if legal:
            then = _LEADS[fact["kind"]][1]
            steps.append({**fact, "from_status": status, "to_status": then})
            status = then
    return steps, applied


def validation_status(status: str) -> str:
    """Return the status as old readers know it."""
    return next(old for old, statuses in _OLD_NAMES.items() if status in statuses)
