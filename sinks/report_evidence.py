"""PURE: the cohorts of a report's book."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from schemas.policy import Policy
from sinks.bar_columns import BarColumns
from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import Cohort
from sinks.prices import PriceHistory, price_history
from sinks.report_entries import Entry
from sinks.report_marks import entries_of_books
from sinks.report_parts import TickerBars


class WholeEvidence:
    """The evidence of all signals, worked out anew whenever it is asked for."""

    def __init__(self, policy: Policy | None, *, replay_counts: bool) -> None:
        self._policy = policy
        self._replay_counts = replay_counts
        self._signals: dict[str, list[Entry]] = {}
        self._prices: dict[str, PriceHistory] = {}

    def replace(
        self,
        tickers: Collection[str],
        signals: Sequence[Entry],
        prices: Mapping[str, PriceHistory],
    ) -> None:
        """Take these as all that is known of the tickers."""
        for ticker in tickers:
            self._signals[ticker] = []
            self._prices.pop(ticker, None)
        for each in signals:
            self._signals[each.ticker].append(each)
        self._prices |= prices

    def cohorts(self, as_of_ms: int | None) -> Sequence[Cohort]:
        """Return the evidence of everything, sorted by key."""
        if self._policy is None:
            return []
        return build_cohorts(
            entries_of_books([each for found in self._signals.values() for each in found]),
            self._prices,
            self._policy,
            as_of_ms,
            replay_counts=self._replay_counts,
        )


def bars_of(columns: BarColumns, conflicting_closes: int = 0) -> TickerBars:
    """Return what a report needs of a ticker's bars."""
    history = price_history(
        columns.session, columns.close_ms, columns.close, columns.split_ratio, columns.dividend
    )
    close = np.array(columns.close, dtype=np.float64)
    return TickerBars(history=history, close=close, conflicting_closes=conflicting_closes)
