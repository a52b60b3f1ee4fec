"""PURE: rows -> Report, the figures that every format shows. No I/O of any kind.

Counts are derived from rows and sums are order-free, so the same rows give the
same report whatever order they came in.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from schemas.policy import Policy
from sinks.evidence.cohort import Cohort
from sinks.judgement import judge_signals
from sinks.paper.records import PaperAccount
from sinks.paper.rows import account_of
from sinks.paper.summary import PaperSummary, summarise
from sinks.readiness import Readiness
from sinks.report_book import Counted, ReportBook
from sinks.report_entries import EntryMaker
from sinks.report_evidence import bars_of
from sinks.rows import AsOf, Rows, SignalRow

PaperRows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report: every figure, how far the rows went and the paper account."""

    as_of: AsOf
    counted: Counted
    policy: Policy | None
    replay_counts: bool
    paper: PaperAccount
    paper_summary: PaperSummary | None

    @property
    def cohorts(self) -> Sequence[Cohort]:
        """Return the evidence of every cohort and roll-up."""
        return self.counted.cohorts


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedReport(Report):
    """A report with the rows behind it, sorted by signal id, and what is said of each."""

    signals: Sequence[SignalRow]
    screens: Mapping[str, Mapping[str, Any]]
    readiness: Mapping[str, Readiness]


def build_report(rows: Rows) -> JudgedReport:
    """Return the figures of these rows, and what is said of each signal."""
    signals = sorted(rows.signals, key=lambda each: each.signal_id)
    book = book_of(rows)
    counted = replace(book.counted(rows.as_of.as_of_ms), conflicting_closes=rows.conflicting_closes)
    report = report_of(book, counted, rows.as_of, rows.paper)
    screens, readiness = judge_signals(rows, counted.cohorts)
    return JudgedReport(
        **{each.name: getattr(report, each.name) for each in fields(Report)},
        signals=signals,
        screens=screens,
        readiness=readiness,
    )


def book_of(rows: Rows) -> ReportBook:
    """Return the book of whole rows."""
    replay_counts = rows.as_of.is_replay
    book = ReportBook(rows.policy, replay_counts=replay_counts)
    maker = EntryMaker()
    held: defaultdict[str, list[SignalRow]] = defaultdict(list)
    for each in sorted(rows.signals, key=lambda each: each.signal_id):
        held[each.ticker].append(each)
    book.replace(
        sorted(held.keys() | rows.bars.keys()),
        {ticker: list(map(maker.of_signal, found)) for ticker, found in held.items()},
        {ticker: bars_of(columns) for ticker, columns in rows.bars.items()},
    )
    return book


def report_of(book: ReportBook, counted: Counted, as_of: AsOf, paper: PaperRows) -> Report:
    """Return the report of what a book has counted."""
    account, policy = account_of(paper), book.policy
    return Report(
        as_of=as_of,
        counted=counted,
        policy=policy,
        replay_counts=book.replay_counts,
        paper=account,
        paper_summary=None if policy is None else summarise(account, policy.paper),
    )
