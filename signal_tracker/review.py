"""What `review` finds: each signal's readiness, what follows for it, and the cohorts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemas.codec import to_fields
from schemas.policy import Policy
from schemas.records import Decision
from signal_tracker.evidence_words import speaks_for
from signal_tracker.judging import Judgement, judge_again
from signal_tracker.staging import KINDS, Desk, Proposal, proposals
from signal_tracker.stored import Stored
from sinks.cohort_members import cohort_key
from sinks.evidence.cohort import Cohort
from sinks.readiness import Readiness
from sinks.rows import AsOf, SignalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One signal: whether it is ready, and what follows, where anything may."""

    signal: SignalRow
    readiness: Readiness
    proposal: Proposal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All signals by id, or the one asked for, and their cohorts."""

    as_of: AsOf
    policy: Policy | None
    signals: Sequence[Reviewed]
    cohorts: Sequence[Cohort]

    @property
    def decisions(self) -> list[Decision]:
        """Return the decisions that are proposed."""
        found = (each.proposal.decision for each in self.signals if each.proposal is not None)
        return [each for each in found if each is not None]


def review_of(stored: Stored, signal_id: str | None = None) -> Review:
    """Return what the rows say of every signal, or of one."""
    signals, report = stored.signals(signal_id), stored.report
    keys = {cohort_key(each) for each in signals}
    proposed = {each.signal_id: each for each in proposals(signals, _desk(stored))}
    return Review(
        as_of=report.as_of,
        policy=report.policy,
        signals=[
            Reviewed(
                signal=each,
                readiness=report.readiness[each.signal_id],
                proposal=proposed.get(each.signal_id),
            )
            for each in signals
        ],
        cohorts=[each for each in report.cohorts if each.key in keys],
    )


def counts_by_kind(decisions: Sequence[Decision]) -> dict[str, int]:
    """Return how many decisions there are of each kind that `review` takes."""
    counts = Counter(each.kind for each in decisions)
    return {kind: counts[kind] for kind in KINDS}


def review_fields(review: Review) -> dict[str, Any]:
    """Return all of it for programs."""
    policy = review.policy
    return {
        "as_of_ms": review.as_of.as_of_ms,
        "policy": None if policy is None else policy.name,
        "policy_hash": None if policy is None else policy.hash,
        "signals": [_signal_fields(each) for each in review.signals],
        "cohorts": [_cohort_fields(each) for each in review.cohorts],
        "proposals": [to_fields(each) for each in review.decisions],
        "proposals_by_kind": counts_by_kind(review.decisions),
    }


def _desk(stored: Stored) -> Desk:
    market, report = stored.market(), stored.report

    def judge(signal: SignalRow, session: str, accepted: frozenset[str]) -> Judgement | None:
        policy = stored.policies.get(signal.policy_hash)
        if policy is None:
            return None
        bars = market.of(signal)
        return judge_again(signal, bars, policy, from_session=session, accepted=accepted)

    return Desk(
        as_of_ms=report.as_of.as_of_ms or 0,
        readiness=report.readiness,
        decisions=stored.decisions,
        positions={each.signal_id: each for each in report.paper.positions},
        last_session=market.last_session,
        judge=judge,
    )


def _signal_fields(reviewed: Reviewed) -> dict[str, Any]:
    signal, proposal = reviewed.signal, reviewed.proposal
    return {
        "signal_id": signal.signal_id,
        "ticker": signal.ticker,
        "action": signal.action,
        "data_class": signal.data_class,
        "status": signal.status,
        "verdict": signal.verdict_status,
        "ready": reviewed.readiness.ready,
        "for": list(reviewed.readiness.for_),
        "against": list(reviewed.readiness.against),
        "proposal": _kind(proposal),
        "proposal_reason": None if proposal is None else proposal.reason,
    }


def _kind(proposal: Proposal | None) -> str | None:
    return None if proposal is None or proposal.decision is None else proposal.decision.kind


def _cohort_fields(cohort: Cohort) -> dict[str, Any]:
    key: Mapping[str, str] = cohort.key._asdict()
    return {
        **{name: value for name, value in key.items() if name != "ticker"},
        "signals": cohort.signals,
        "matured": cohort.matured,
        "hit_rate": asdict(cohort.hit_rate),
        "mean_net": cohort.mean_net.value,
        "p_value": cohort.p_value.value,
        "q_value": cohort.q_value.value,
        "q_strict": cohort.q_strict.value,
        "ready": cohort.ready,
        "for": speaks_for(cohort),
        "against": list(cohort.reasons),
    }
