"""PURE: which decisions on staging follow from the rows, and why others do not.

ready -> stage; filled on paper -> start-paper; the policy's checks over a window of
sessions after the staged one -> promote or reject. A decision that follows from
the same rows has the same id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from schemas.policy import PASS
from schemas.records import Decision
from schemas.rules import MAX_REASON
from signal_tracker.decisions import accepted_sessions, decided_at, decision_id
from signal_tracker.judging import Judgement
from sinks.paper.records import CLOSED, OPEN, REJECTED, PaperPosition
from sinks.readiness import Readiness, unmet
from sinks.rows import SignalRow

BY = "review"
STAGE, START_PAPER, PROMOTE, REJECT = "stage", "start-paper", "promote", "reject"
KINDS = (STAGE, START_PAPER, PROMOTE, REJECT)

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What follows for a signal, with the reason; no decision where it has to wait."""

    signal_id: str
    decision: Decision | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the proposals rest on besides the signals.

    `last_session` gives a ticker's last session at a time; `judge` what the signal's own
    policy says of the sessions after one, None while that policy is not known.
    """

    as_of_ms: int
    readiness: Mapping[str, Readiness]
    decisions: Mapping[str, Sequence[Row]]
    positions: Mapping[str, PaperPosition]
    last_session: Callable[[str, int], str | None]
    judge: Callable[[SignalRow, str, frozenset[str]], Judgement | None]


def proposals(signals: Iterable[SignalRow], desk: Desk) -> list[Proposal]:
    """Return what follows for every signal that is ready, staged or on paper, by its id."""
    found = (_proposal(each, desk) for each in sorted(signals, key=lambda each: each.signal_id))
    return [each for each in found if each is not None]


def _proposal(signal: SignalRow, desk: Desk) -> Proposal | None:
    match signal.status:
        case "passed" if desk.readiness[signal.signal_id].ready:
            return _stage(signal, desk)
        case "staged":
            return _start_paper(signal, desk)
        case "paper":
            return _end_paper(signal, desk)
    return None


def _stage(signal: SignalRow, desk: Desk) -> Proposal:
    readiness = desk.readiness[signal.signal_id]
    verdict_session = None if signal.verdict is None else signal.verdict["session"]
    session = desk.last_session(signal.ticker, desk.as_of_ms)
    reason = f"ready: {'; '.join(readiness.for_)}"
    return _decided(STAGE, signal, desk, rests_on=verdict_session, session=session, reason=reason)


def _start_paper(signal: SignalRow, desk: Desk) -> Proposal:
    position = desk.positions.get(signal.signal_id)
    if position is None:
        no_trade = signal.action == "HOLD"
        return _waits(signal, "HOLD is no trade on paper" if no_trade else "no paper order yet")
    if position.status == REJECTED:
        return _waits(signal, f"the paper order was rejected: {position.reason}")
    if position.status not in (OPEN, CLOSED):
        return _waits(signal, f"the paper order waits: {position.reason}")
    return _decided(
        START_PAPER,
        signal,
        desk,
        rests_on=_staged_session(signal, desk),
        session=position.entry_session,
        reason=f"filled on paper at {position.entry_session}",
    )


def _end_paper(signal: SignalRow, desk: Desk) -> Proposal:
    session = _staged_session(signal, desk)
    if session is None:
        return _waits(signal, f"no session of {signal.ticker} had closed when it was staged")
    accepted = accepted_sessions(desk.decisions.get(signal.signal_id, ()))
    judged = desk.judge(signal, session, accepted)
    if judged is None:
        return _waits(signal, "its policy is not known: the row of it has not come")
    if not judged.matured:
        seen = f"{judged.observations} of {judged.window} sessions since {session}"
        return _waits(signal, f"on paper: {seen}")
    if judged.facts.suspect_sessions:
        sessions = ", ".join(judged.facts.suspect_sessions)
        return _waits(signal, f"suspect price on paper: a jump that nothing explains in {sessions}")
    failing = "; ".join(unmet(asdict(each)) for each in judged.checks if each.status != PASS)
    if judged.verdict == "insufficient":
        return _waits(signal, f"insufficient on paper: {failing}")
    passed = judged.verdict == "passed"
    return _decided(
        PROMOTE if passed else REJECT,
        signal,
        desk,
        rests_on=session,
        session=judged.facts.last_session,
        reason=f"every check passed again over {judged.window} sessions since {session}"
        if passed
        else f"failed over {judged.window} sessions since {session}: {failing}",
    )


def _staged_session(signal: SignalRow, desk: Desk) -> str | None:
    """Return the session from whose close on a staged signal is tried, as the paper account says.

    Never one before the last that the decision could know of: what is tried has to be unseen.
    """
    position = desk.positions.get(signal.signal_id)
    if position is not None:
        return position.staged_session
    held = desk.decisions.get(signal.signal_id, ())
    staged = [each for each in held if each["kind"] == STAGE and each["applied"]]
    if not staged:
        return None
    first = min(staged, key=lambda each: (each["decided_at_ms"], each["decision_id"]))
    last = desk.last_session(signal.ticker, first["decided_at_ms"])
    return max(first["session"] or "", last or "") or None


def _decided(
    kind: str,
    signal: SignalRow,
    desk: Desk,
    *,
    rests_on: str | None,
    session: str | None,
    reason: str,
) -> Proposal:
    held = desk.decisions.get(signal.signal_id, ())
    name = decision_id("r", kind, signal.signal_id, signal.payload_hash, rests_on)
    refusal = next((each["refusal"] for each in held if each["decision_id"] == name), None)
    if refusal is not None:
        return _waits(signal, f"`{kind}` was decided and refused: {refusal}")
    decision = Decision(
        decision_id=name,
        signal_id=signal.signal_id,
        ticker=signal.ticker,
        kind=kind,
        decided_at_ms=decided_at(kind, signal, held, desk.as_of_ms),
        session=session,
        by=BY,
        reason=reason[:MAX_REASON],
    )
    return Proposal(signal_id=signal.signal_id, decision=decision, reason=reason)


def _waits(signal: SignalRow, reason: str) -> Proposal:
    return Proposal(signal_id=signal.signal_id, decision=None, reason=reason)
