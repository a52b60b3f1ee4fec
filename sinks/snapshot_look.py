"""One look at signals.db: the book of its rows, brought up to date by what has changed.

Nothing is kept on disk. The first look reads every row, a later one those of
the tickers that changed; the report is the same as that of a first look.
"""

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from operator import itemgetter

from schemas.policy import Policy
from sinks.report import Report, report_of
from sinks.report_book import Counted, ReportBook
from sinks.report_csv import signals_header, signals_lines
from sinks.report_entries import Entry, EntryMaker
from sinks.report_evidence import bars_of
from sinks.report_marks import Mark
from sinks.report_tracking import TickerText, Tracked, TrackingFile
from sinks.rows import AsOf
from sinks.sqlite_queries import current_policy, read_bar_columns, read_changes, read_paper
from sinks.sqlite_report import (
    Connection,
    ObservationReader,
    read_arrival,
    read_conflicts,
    read_entries,
    read_listed,
    read_stored,
    read_tracked,
)

_MARK = "|"
_PIECES = 500


class Look:
    """The report of one database, and what of it is known already."""

    def __init__(self) -> None:
        self._book: ReportBook | None = None
        self._counted: Counted | None = None
        self._change = 0
        self._maker = EntryMaker()

    def report(self, connection: Connection) -> Report:
        """Return the report of the database as this connection sees it."""
        held = self._book
        with _uncollected():
            arrival, paper = read_arrival(connection), read_paper(connection)
            book = self._brought_up(connection, arrival)
            as_of = arrival.at(book.as_of_ms())
            if self._counted is None:
                self._counted = book.counted(as_of.as_of_ms)
            if book is not held:
                gc.freeze()
        return report_of(book, self._counted, as_of, paper)

    def is_of(self, connection: Connection) -> bool:
        """Say whether the last report is of what this connection sees."""
        return read_changes(connection, self._change)[0] == self._change

    def _brought_up(self, connection: Connection, arrival: AsOf) -> ReportBook:
        policy = current_policy(connection)
        change, changed = read_changes(connection, self._change)
        book, tickers = self._book, [each for each in changed if not each.startswith(_MARK)]
        if book is not None and _holds(book, policy, arrival):
            if tickers:
                self._counted = None
                _fill(book, connection, self._maker, tickers)
        else:
            self._counted = None
            book = ReportBook(policy, replay_counts=arrival.is_replay)
            _fill(book, connection, self._maker, None)
        self._book, self._change = book, change
        return book

    def signals_csv(self, connection: Connection, report: Report) -> Iterator[bytes]:
        """Yield signals.csv, of the look that made the report."""
        book, known = self._held, _Known(self._held)
        yield signals_header().encode()
        for rows in read_stored(connection):
            found = [known.of(row[1], row[0]) for row in rows]
            yield signals_lines(rows, found, book, report.as_of.as_of_ms)

    def tracking_json(self, connection: Connection, report: Report) -> Iterator[bytes]:
        """Yield llm_signal_tracking.json, of the look that made the report."""
        book, known = self._held, _Known(self._held)
        all_, reader = report.counted.everything, ObservationReader(connection)
        file = TrackingFile(book.is_ready)
        texts: dict[str, TickerText] = {}
        yield file.head(report.as_of.as_of_ms, all_.total, all_.validated)
        pieces = []
        for row in map(Tracked._make, read_tracked(connection)):
            if row.ticker not in texts:
                texts[row.ticker] = book.text(row.ticker)
            text, found = texts[row.ticker], known.of(row.ticker, row.signal_id)
            pieces.append(file.signal(row, found, text, _observed(reader, row, text, found[0])))
            if len(pieces) == _PIECES:
                yield b"".join(pieces)
                pieces = []
        yield b"".join(pieces)
        yield from file.tail()

    def html(self, connection: Connection, report: Report) -> Iterator[bytes]:
        """Yield report.html, of the look that made the report."""
        # Imported here: the other formats are made in a fraction of the time that these take.
        from sinks.report_html import report_html
        from sinks.report_html_page import html_page
        from sinks.report_html_signals import newest_first

        newest = newest_first(self._held.entries())
        rows = read_listed(connection, (each.signal_id for each in newest))
        yield report_html(html_page(report, rows)).encode()

    @property
    def _held(self) -> ReportBook:
        if self._book is None:
            msg = "expected a look at the database first, was none"
            raise RuntimeError(msg)
        return self._book


class _Known:
    def __init__(self, book: ReportBook) -> None:
        self._book = book
        self._known: dict[str, dict[str, tuple[Entry, Mark]]] = {}

    def of(self, ticker: str, signal_id: str) -> tuple[Entry, Mark]:
        if ticker not in self._known:
            self._known[ticker] = self._book.known(ticker)
        return self._known[ticker][signal_id]


@contextmanager
def _uncollected() -> Iterator[None]:
    # Millions of rows that stay, and no cycle among them: the collector would look at all of
    # them again and again, now and, where they are not frozen, at every change.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _holds(book: ReportBook, policy: Policy | None, arrival: AsOf) -> bool:
    return book.policy == policy and book.replay_counts == arrival.is_replay


def _fill(
    book: ReportBook,
    connection: Connection,
    maker: EntryMaker,
    tickers: Collection[str] | None,
) -> None:
    bars = read_bar_columns(connection, tickers)
    conflicts = read_conflicts(connection, tickers)
    held: dict[str, list[Entry]] = {}
    for row in read_entries(connection, tickers):
        held.setdefault(row[1], []).append(maker.of_values(row))
    for entries in held.values():
        entries.sort(key=itemgetter(0))
    book.replace(
        sorted(held.keys() | bars.keys()) if tickers is None else tickers,
        held,
        {name: bars_of(each, conflicts.get(name, 0)) for name, each in bars.items()},
    )


def _observed(reader: ObservationReader, row: Tracked, text: TickerText, entry: Entry) -> bytes:
    if entry.last_seen is None or row.entry_session is None:
        return b""
    found = text.stretch(entry)
    if found is not None:
        return found
    # Rows on their way: a bar that was restated, or has not come yet.
    return text.of(reader.closes(row.signal_id))
