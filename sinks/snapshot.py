"""The report files of one data folder, each replaced whole: a reader never sees half of one.

Reads signals.db only and keeps no state on disk; `replacing` says how a file is put in place.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sinks.replacing import replace_pieces, sweep
from sinks.report import Report
from sinks.report_csv import cohort_lines, cohorts_csv
from sinks.report_json import SummaryTexts, summary_json
from sinks.report_text import report_text, ticker_lines
from sinks.snapshot_beside import Tell, beside
from sinks.snapshot_look import Look
from sinks.sqlite_queries import reading
from sinks.sqlite_report import Connection

DATABASE = "signals.db"
QUICK = ("llm_performance.txt", "summary.json", "cohorts.csv")
LARGE = ("report.html", "signals.csv", "llm_signal_tracking.json")
# What a copy of this process writes while this one writes the rest, and from how many signals
# on that is quicker.
_BESIDE = LARGE[:2]
_MANY = 20_000
_LOOK_S = 0.05


def load_report(db_path: Path) -> Report:
    """Return the report of the database as it is now, without what is said of each signal."""
    with reading(db_path) as connection:
        return Look().report(connection)


def rendered(db_path: Path, format_: str) -> Iterator[bytes]:
    """Yield the report of the database as text, json, csv or html."""
    look = Look()
    with reading(db_path) as connection:
        report = look.report(connection)
        match format_:
            case "json":
                yield summary_json(report)
            case "csv":
                yield from look.signals_csv(connection, report)
            case "html":
                yield from look.html(connection, report)
            case _:
                yield report_text(report).encode()


def write_reports(db_path: Path, out_dir: Path) -> list[Path]:
    """Write every report file of the database into the folder; return their paths."""
    writer = Writer(db_path, out_dir)
    return [*writer.quick(), *writer.large()]


class Writer:
    """Writes the report files of a database again, as far as it has changed."""

    def __init__(self, db_path: Path, out_dir: Path) -> None:
        self._db_path = db_path
        self._out = out_dir
        self._look = Look()
        self._quick = _Quick()
        self._inode = 0
        sweep(out_dir, (*QUICK, *LARGE))

    def quick(self) -> list[Path]:
        """Write the files that programs wait for."""
        with self._opened() as connection:
            report = self._look.report(connection)
        return self._quick.write(report, self._out)

    def large(self, stop: Callable[[], bool] = lambda: False) -> list[Path]:
        """Write the files with a line or more a signal; none more once `stop` says so."""
        with self._opened() as connection:
            report = self._look.report(connection)
            if report.counted.everything.total < _MANY or (os.cpu_count() or 1) < len(_BESIDE):
                return list(
                    _large(self._look, report, connection, self._out, names=LARGE, stop=stop)
                )
        with beside(self._out, partial(self._as_copy, report)) as copy:
            mine = self._some(tuple(each for each in LARGE if each not in _BESIDE), stop)
            while not copy.ended(_LOOK_S):
                if stop():
                    return [*(self._out / each for each in copy.kill()), *mine]
            written = [self._out / each for each in copy.told()]
        if not written:
            # It saw another state of the database than its memory is of.
            written = self._some(_BESIDE, stop)
        return [*written, *mine]

    def _some(self, names: Sequence[str], stop: Callable[[], bool]) -> list[Path]:
        with self._opened() as connection:
            report = self._look.report(connection)
            return list(_large(self._look, report, connection, self._out, names=names, stop=stop))

    def _as_copy(self, report: Report, tell: Tell) -> None:
        with reading(self._db_path) as connection:
            if self._db_path.stat().st_ino == self._inode and self._look.is_of(connection):
                for each in _large(self._look, report, connection, self._out, names=_BESIDE):
                    tell(each.name)

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        # Of another file nothing is known; one that was put there just now is met on both sides.
        before = self._db_path.stat().st_ino
        with reading(self._db_path) as connection:
            after = self._db_path.stat().st_ino
            if not before == after == self._inode:
                self._look = Look()
            self._inode = after if before == after else 0
            yield connection


class _Quick:
    """Writes the files that programs wait for, and keeps the texts of cohorts and tickers."""

    def __init__(self) -> None:
        self._tickers, self._texts, self._lines = ticker_lines(), SummaryTexts(), cohort_lines()

    def write(self, report: Report, out: Path) -> list[Path]:
        # Not for a report on the terminal, which this would hold up.
        from concurrent.futures import ThreadPoolExecutor

        out.mkdir(parents=True, exist_ok=True)
        # The summary is the largest by far: while the disk takes it, the others are made.
        with ThreadPoolExecutor(1) as behind:
            text = [summary_json(report, self._texts)]
            summary = behind.submit(_replaced, out / "summary.json", text)
            text = [report_text(report, self._tickers).encode()]
            performance = _replaced(out / "llm_performance.txt", text)
            cohorts = _replaced(out / "cohorts.csv", [cohorts_csv(report, self._lines).encode()])
            return [performance, summary.result(), cohorts]


def _large(
    look: Look,
    report: Report,
    connection: Connection,
    out: Path,
    *,
    names: Sequence[str],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Path]:
    makers = dict(zip(LARGE, (look.html, look.signals_csv, look.tracking_json), strict=True))
    for name in names:
        try:
            yield _replaced(out / name, _until(stop, makers[name](connection, report)))
        except _StoppedError:
            return


class _StoppedError(Exception):
    pass


def _until(stop: Callable[[], bool], pieces: Iterable[bytes]) -> Iterator[bytes]:
    for each in pieces:
        if stop():
            raise _StoppedError
        yield each


def _replaced(path: Path, pieces: Iterable[bytes]) -> Path:
    replace_pieces(path, pieces)
    return path
