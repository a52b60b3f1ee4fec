"""PURE: signals and bars -> the evidence of every cohort and roll-up."""

from collections.abc import Mapping, Sequence

from schemas.policy import Policy
from sinks.cohort_book import EvidenceBook
from sinks.cohort_columns import SignalColumns, columns_of
from sinks.evidence.cohort import Cohort
from sinks.prices import PriceHistory
from sinks.rows import SignalRow


def build_cohorts(
    signals: Sequence[SignalRow] | SignalColumns,
    prices: Mapping[str, PriceHistory],
    policy: Policy,
    as_of_ms: int | None,
    *,
    replay_counts: bool = False,
) -> list[Cohort]:
    """Return the evidence of these signals by cohort and roll-up, sorted by key.

    `prices` are of every ticker and of the benchmark, up to `as_of_ms`, by which a
    signal without prices is called stale. Only in `replay` does replayed evidence
    count towards readiness. It is what an `EvidenceBook` of all of them says.
    """
    columns = signals if isinstance(signals, SignalColumns) else columns_of(signals)
    book = EvidenceBook(policy, replay_counts=replay_counts)
    book.replace({*columns.ticker, policy.benchmark}, columns, prices)
    return book.cohorts(as_of_ms)
