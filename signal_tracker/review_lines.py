"""A review as lines for people: what is ready comes first, what is not is counted by reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.records import Decision
from signal_tracker.columns import aligned, counted, percent
from signal_tracker.evidence_words import key_words, rate_words, speaks_for
from signal_tracker.review import Review, Reviewed, counts_by_kind
from sinks.evidence.cohort import Cohort
from sinks.times import iso_utc

_STAGED = ("staged", "paper")


def review_lines(review: Review, *, everything: bool = False) -> Iterator[str]:
    """Yield the review; with `everything` each signal and cohort that is not ready, too."""
    yield _head(review)
    yield from _ready_lines([each for each in review.signals if each.readiness.ready])
    others = [each for each in review.signals if not each.readiness.ready]
    yield from _staged_lines([each for each in others if each.signal.status in _STAGED])
    rest = [each for each in others if each.signal.status not in _STAGED]
    yield from _rest_lines(rest, everything=everything)
    yield from _cohort_lines(review.cohorts, everything=everything)
    yield from ("", proposed_words(review.decisions))


def signal_lines(reviewed: Reviewed) -> Iterator[str]:
    """Yield one signal with every reason for and against, and what follows."""
    signal = reviewed.signal
    ready = "ready" if reviewed.readiness.ready else "not ready"
    yield f"{signal.signal_id}  {signal.ticker} {signal.action}  {signal.status}  {ready}"
    yield from (f"  for: {each}" for each in reviewed.readiness.for_)
    yield from (f"  against: {each}" for each in reviewed.readiness.against)
    if reviewed.proposal is not None:
        yield f"  next: {_next(reviewed)}"


def proposed_words(decisions: Sequence[Decision], verb: str = "proposed") -> str:
    """Return how many decisions there are, by kind."""
    counts = ", ".join(f"{count} {kind}" for kind, count in counts_by_kind(decisions).items())
    return f"{counted(len(decisions), 'decision')} {verb}: {counts}"


def _head(review: Review) -> str:
    as_of_ms, policy = review.as_of.as_of_ms, review.policy
    moment = "n/a" if as_of_ms is None else iso_utc(as_of_ms)
    name = "not known yet" if policy is None else f"{policy.name} {policy.hash[:12]}"
    return f"As of {moment}, policy {name}"


def _ready_lines(ready: Sequence[Reviewed]) -> Iterator[str]:
    yield from ("", f"READY FOR PAPER TRADING: {counted(len(ready), 'signal')}")
    if ready:
        header = ("  signal", "ticker", "action", "model", "class", "net", "sessions", "next")
        yield from aligned(
            header,
            [
                (
                    f"  {each.signal.signal_id}",
                    each.signal.ticker,
                    each.signal.action,
                    f"{each.signal.model_name} {each.signal.model_version}".rstrip(),
                    each.signal.data_class,
                    percent(each.signal.net_return),
                    each.signal.horizon_sessions,
                    _next(each, brief=True),
                )
                for each in ready
            ],
        )


def _staged_lines(staged: Sequence[Reviewed]) -> Iterator[str]:
    if staged:
        yield from ("", f"ON PAPER: {counted(len(staged), 'signal')}")
        rows = [
            (f"  {each.signal.signal_id}", each.signal.ticker, each.signal.status, _next(each))
            for each in sorted(staged, key=_waits)
        ]
        yield from aligned(("  signal", "ticker", "status", "next"), rows)


def _rest_lines(rest: Sequence[Reviewed], *, everything: bool) -> Iterator[str]:
    if not rest:
        return
    yield from ("", f"NOT READY: {counted(len(rest), 'signal')}")
    if everything:
        for each in rest:
            yield from (f"  {line}" for line in signal_lines(each))
    else:
        kinds = _by_reason({each.signal.signal_id: each.readiness.against for each in rest})
        yield from aligned(("  reason", "signals"), kinds)


def _cohort_lines(cohorts: Sequence[Cohort], *, everything: bool) -> Iterator[str]:
    ready = [each for each in cohorts if each.ready]
    rest = [each for each in cohorts if not each.ready]
    yield from ("", f"COHORTS READY: {len(ready)} of {len(cohorts)}")
    for each in ready:
        yield from _one_cohort(each)
    if not rest:
        return
    yield from ("", f"COHORTS NOT READY: {len(rest)}")
    if everything:
        for each in rest:
            yield from _one_cohort(each)
    else:
        kinds = _by_reason({key_words(each.key): each.reasons for each in rest})
        yield from aligned(("  reason", "cohorts"), kinds)


def _one_cohort(cohort: Cohort) -> Iterator[str]:
    yield (
        f"  {key_words(cohort.key)} sessions: {counted(cohort.signals, 'signal')}, "
        f"hit rate {rate_words(cohort.hit_rate)}"
    )
    yield from (f"    for: {each}" for each in speaks_for(cohort))
    yield from (f"    against: {each}" for each in list(cohort.reasons))


def _by_reason(reasons: Mapping[str, Iterable[str]]) -> list[tuple[str, int]]:
    """Return how many have each kind of reason, the most frequent first."""
    kinds = (kind for each in reasons.values() for kind in {_kind(reason) for reason in each})
    counts = Counter(kinds)
    return sorted(((f"  {kind}", n) for kind, n in counts.items()), key=lambda e: (-e[1], e[0]))


def _kind(reason: str) -> str:
    """Return a reason without its figures.

    >>> _kind("screen failed: confidence: expected >= 0.55, was 0.5"), _kind("trades 12 of 30")
    ('screen failed', 'trades')
    """
    head = reason.partition(":")[0]
    word, _, figures = head.partition(" ")
    return word if figures[:1].isdigit() or figures[:1] == "-" else head


def _waits(reviewed: Reviewed) -> bool:
    return reviewed.proposal is None or reviewed.proposal.decision is None


def _next(reviewed: Reviewed, *, brief: bool = False) -> str:
    proposal = reviewed.proposal
    if proposal is None:
        return "nothing"
    if proposal.decision is None:
        return f"nothing: {proposal.reason}"
    kind = proposal.decision.kind
    return kind if brief else f"{kind}: {proposal.reason}"
