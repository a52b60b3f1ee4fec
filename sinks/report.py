"""PURE: rows -> Report, the figures that every format shows. No I/O of any kind.

Counts are derived from rows and sums are order-free, so the same rows give the
same report whatever order they came in.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.policy import Policy
from sinks.evidence.cohort import Cohort
from sinks.evidence.rates import Rate, mean, rate
from sinks.judgement import judge_rows
from sinks.paper.records import PaperAccount
from sinks.paper.rows import account_of
from sinks.paper.summary import PaperSummary, summarise
from sinks.readiness import Readiness
from sinks.rows import DATA_CLASSES, AsOf, Rows, SignalRow

STATUSES = (
    "registered", "awaiting_entry", "tracking", "matured", "passed", "failed", "insufficient",
    "staged", "paper", "promoted", "rejected", "cancelled", "archived",
)  # fmt: skip
VERDICTS = ("passed", "failed", "insufficient", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of some signals; outcomes and returns are those of matured signals."""

    name: str
    total: int
    validated: int
    matured: int
    hits: int
    misses: int
    open: int
    avg_return: float | None
    validation_rate: Rate
    hit_rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report: every figure, and the rows behind it sorted by signal id."""

    as_of: AsOf
    signals: list[SignalRow]
    everything: Group
    by_ticker: list[Group]
    by_action: list[Group]
    by_model: list[Group]
    by_data_class: list[Group]
    by_status: Mapping[str, int]
    by_verdict: Mapping[str, int]
    ready: list[str]
    stale: list[str]
    suspect: list[str]
    unpriced_tickers: list[str]
    conflicting_closes: int
    policy: Policy | None
    replay_counts: bool
    cohorts: Sequence[Cohort]
    screens: Mapping[str, Mapping[str, Any]]
    readiness: Mapping[str, Readiness]
    paper: PaperAccount
    paper_summary: PaperSummary | None

    def not_ready_reasons(self) -> dict[str, int]:
        """Return how many signals each kind of reason keeps from being ready."""
        kinds = (
            kind
            for each in self.readiness.values()
            for kind in {reason.partition(":")[0] for reason in each.against}
        )
        return dict(sorted(Counter(kinds).items()))


def build_report(rows: Rows) -> Report:
    """Return the figures of these rows."""
    signals = sorted(rows.signals, key=lambda each: each.signal_id)
    tickers = {each.ticker for each in signals}
    as_of_ms = rows.as_of.as_of_ms
    judged = judge_rows(rows)
    account = account_of(rows.paper)
    return Report(
        as_of=rows.as_of,
        signals=signals,
        everything=_group("all", signals),
        by_ticker=_groups(signals, lambda each: each.ticker),
        by_action=_groups(signals, lambda each: each.action),
        by_model=_groups(signals, _model),
        by_data_class=_groups(signals, lambda each: each.data_class, DATA_CLASSES),
        by_status=_counts(STATUSES, (each.status for each in signals)),
        by_verdict=_counts(VERDICTS, (each.verdict_status or "none" for each in signals)),
        ready=[each.signal_id for each in signals if judged.readiness[each.signal_id].ready],
        stale=[each.signal_id for each in signals if each.stale(as_of_ms)],
        suspect=[each.signal_id for each in signals if each.suspect_price],
        unpriced_tickers=sorted(tickers - rows.bars.keys()),
        conflicting_closes=rows.conflicting_closes,
        policy=judged.policy,
        replay_counts=judged.replay_counts,
        cohorts=judged.cohorts,
        screens=judged.screens,
        readiness=judged.readiness,
        paper=account,
        paper_summary=None if judged.policy is None else summarise(account, judged.policy.paper),
    )


def _model(signal: SignalRow) -> str:
    name, version = signal.model_name, signal.model_version
    return f"{name} {version}" if version else name


def _groups(
    signals: Iterable[SignalRow], key: Callable[[SignalRow], str], fixed: Iterable[str] = ()
) -> list[Group]:
    members: dict[str, list[SignalRow]] = {name: [] for name in fixed}
    for each in signals:
        members.setdefault(key(each), []).append(each)
    names = list(fixed) or sorted(members)
    return [_group(name, members[name]) for name in names]


def _group(name: str, signals: list[SignalRow]) -> Group:
    matured = [each for each in signals if each.matured]
    hits = sum(each.hit == "hit" for each in matured)
    misses = sum(each.hit == "miss" for each in matured)
    validated = sum(each.validated for each in signals)
    return Group(
        name=name,
        total=len(signals),
        validated=validated,
        matured=len(matured),
        hits=hits,
        misses=misses,
        open=len(signals) - hits - misses,
        avg_return=mean(each.net_return for each in matured if each.net_return is not None),
        validation_rate=rate(validated, len(signals)),
        hit_rate=rate(hits, hits + misses),
    )


def _counts(known: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    # A status of a later version still shows, after the known ones.
    counter = Counter(found)
    names = [*known, *sorted(set(counter) - set(known))]
    return {name: counter[name] for name in names}
