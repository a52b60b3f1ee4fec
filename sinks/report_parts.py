"""PURE: what one ticker adds to a report."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from sinks.evidence.cohort import CohortKey
from sinks.portfolio import ticker_exposure
from sinks.prices import Floats, PriceHistory
from sinks.report_entries import Entry
from sinks.report_figures import Group
from sinks.report_marks import Mark, Marker, entries_of_books
from sinks.report_tally import Tally, group_of, tally_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerBars:
    """A ticker's bars: their history, and what a report counts of them."""

    history: PriceHistory
    close: Floats
    last_close_ms: int
    conflicting_closes: int = 0


@dataclass(slots=True, kw_only=True)
class TickerPart:
    """A ticker's signals, sorted by id, with what each counts as.

    `waiting` are those whose window is not over, by the time after which they are stale.
    """

    entries: Sequence[Entry]
    bars: TickerBars | None
    marks: Sequence[Mark]
    tally: Tally
    group: Group | None
    suspect: list[str]
    candidates: list[tuple[Entry, CohortKey]]
    generated_ms: int
    waiting: list[tuple[int, str]]
    stale: list[str] = field(default_factory=list)

    def judge_stale(self, as_of_ms: int | None) -> bool:
        """Bring the list of stale signals up to a time; return whether it has changed."""
        late = 0 if as_of_ms is None else bisect_left(self.waiting, (as_of_ms, ""))
        if late == len(self.stale):
            return False
        self.stale = sorted(signal_id for _, signal_id in self.waiting[:late])
        return True


def ticker_part(
    ticker: str, entries: Sequence[Entry], bars: TickerBars | None, marker: Marker
) -> TickerPart:
    """Return what a ticker adds; its entries are sorted by signal id."""
    prices = {} if bars is None else {ticker: bars.history}
    policy = marker.policy
    exposure = {} if policy is None else ticker_exposure(entries_of_books(entries), prices, policy)
    marks = [marker.mark(each, exposure) for each in entries]
    tally = tally_of(entries, marks)
    return TickerPart(
        entries=entries,
        bars=bars,
        marks=marks,
        tally=tally,
        group=group_of(ticker, tally.totals.items()) if entries else None,
        suspect=[each.signal_id for each in entries if each.suspect_price],
        candidates=[
            (entry, mark.kind.cohort)
            for entry, mark in zip(entries, marks, strict=True)
            if mark.kind.cohort is not None and not mark.before and not mark.kind.after
        ],
        waiting=sorted(
            (each.stale_after_ms, each.signal_id) for each in entries if each.last_session is None
        ),
        generated_ms=max((each.generated_at_ms for each in entries), default=0),
    )
