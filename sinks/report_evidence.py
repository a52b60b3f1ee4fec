"""PURE: the cohorts of a report's book."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from schemas.policy import Policy
from sinks.bar_columns import BarColumns
from sinks.cohort_book import EvidenceBook
from sinks.cohort_columns import columns_of
from sinks.evidence.cohort import Cohort
from sinks.prices import PriceHistory, price_history
from sinks.report_entries import Entry
from sinks.report_parts import TickerBars


class KeptEvidence:
    """The evidence of all signals, of which only what has changed is worked out again."""

    def __init__(self, policy: Policy | None, *, replay_counts: bool) -> None:
        self._book = None if policy is None else EvidenceBook(policy, replay_counts=replay_counts)

    def replace(
        self,
        tickers: Collection[str],
        signals: Sequence[Entry],
        prices: Mapping[str, PriceHistory],
    ) -> None:
        """Take these as all that is known of the tickers."""
        if self._book is not None:
            self._book.replace(tickers, columns_of(signals), prices)

    def cohorts(self, as_of_ms: int | None) -> Sequence[Cohort]:
        """Return the evidence of everything, sorted by key."""
        return [] if self._book is None else self._book.cohorts(as_of_ms)


def bars_of(columns: BarColumns, conflicting_closes: int = 0) -> TickerBars:
    """Return what a report needs of a ticker's bars."""
    history = price_history(
        columns.session, columns.close_ms, columns.close, columns.split_ratio, columns.dividend
    )
    close = np.array(columns.close, dtype=np.float64)
    return TickerBars(history=history, close=close, conflicting_closes=conflicting_closes)
