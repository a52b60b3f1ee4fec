"""PURE: the cohorts of a report's book."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from schemas.policy import Policy
from sinks.bar_columns import BarColumns
from sinks.cohort_book import EvidenceBook
from sinks.cohort_columns import NAMES, SignalColumns
from sinks.evidence.cohort import Cohort
from sinks.prices import PriceHistory, price_history
from sinks.report_entries import Entry
from sinks.report_parts import TickerBars
from sinks.rows import data_class_of

# Tickers at a time: the columns of all signals at once would be as large as their rows.
_TICKERS = 250


class BookEvidence:
    """The evidence of a report's entries, kept by ticker."""

    def __init__(self, policy: Policy, *, replay_counts: bool) -> None:
        self._book = EvidenceBook(policy, replay_counts=replay_counts)
        self._benchmark = policy.benchmark

    def replace(
        self,
        tickers: Collection[str],
        signals: Mapping[str, Sequence[Entry]],
        prices: Mapping[str, PriceHistory],
    ) -> None:
        """Take these as all that is known of the tickers."""
        # The benchmark first: what rests on it is worked out again where it changes.
        ordered = sorted(tickers, key=lambda name: name != self._benchmark)
        for start in range(0, len(ordered), _TICKERS):
            some = ordered[start : start + _TICKERS]
            self._book.replace(
                some,
                columns_of_entries([each for name in some for each in signals.get(name, ())]),
                {name: prices[name] for name in some if name in prices},
            )

    def cohorts(self, as_of_ms: int | None) -> Sequence[Cohort]:
        """Return the evidence of everything, sorted by key."""
        return self._book.cohorts(as_of_ms)


def columns_of_entries(entries: Sequence[Entry]) -> SignalColumns:
    """Return what the evidence asks of signals."""
    held: Iterable[Sequence[Any]] = zip(*entries, strict=True)
    found = dict(zip(Entry._fields, held or (), strict=False))
    kinds = [data_class_of(each.data_kind, each.source_kind, each.backdated) for each in entries]
    return SignalColumns(
        **{name: found.get(name, ()) for name in NAMES if name != "data_class"}, data_class=kinds
    )


def bars_of(columns: BarColumns, conflicting_closes: int = 0) -> TickerBars:
    """Return what a report needs of a ticker's bars."""
    history = price_history(
        columns.session, columns.close_ms, columns.close, columns.split_ratio, columns.dividend
    )
    close = np.array(columns.close, dtype=np.float64)
    return TickerBars(
        history=history,
        close=close,
        last_close_ms=int(history.close_ms.max()),
        conflicting_closes=conflicting_closes,
    )
