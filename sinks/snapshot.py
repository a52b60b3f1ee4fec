"""The report files of one data folder, each replaced whole: a reader never sees half of one.

Reads signals.db only and keeps no state. Delivery guarantee: a file is written
beside its place, flushed to the disk and renamed over the old one.
"""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from sinks.report import Report, build_report
from sinks.report_csv import cohorts_csv, signals_csv
from sinks.report_html import report_html
from sinks.report_html_page import html_page
from sinks.report_json import summary_json, tracking_json
from sinks.report_text import report_text
from sinks.sqlite_queries import ChangeWatch, read_observations_by_signal, read_rows, reading

DATABASE = "signals.db"
_POLL_S = 0.5
# A report of a large database takes its time; the reader may not live on reports alone.
_REST = 2.0


def load_report(db_path: Path) -> Report:
    """Return the report of the database as it is now."""
    with reading(db_path) as connection:
        return build_report(read_rows(connection))


def write_reports(db_path: Path, out_dir: Path) -> list[Path]:
    """Write every report file of the database into the folder; return their paths."""
    with reading(db_path) as connection:
        report = build_report(read_rows(connection))
        observations = read_observations_by_signal(connection)
    files = {
        "llm_performance.txt": report_text(report),
        "llm_signal_tracking.json": tracking_json(report, observations),
        "summary.json": summary_json(report),
        "signals.csv": signals_csv(report),
        "cohorts.csv": cohorts_csv(report),
        "report.html": report_html(html_page(report)),
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        replace_file(out_dir / name, text)
    return [out_dir / name for name in files]


def replace_file(path: Path, text: str) -> None:
    """Put the text at the path in one step that a crash cannot halve."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def follow(
    db_path: Path,
    out_dir: Path,
    *,
    wait: Callable[[float], bool],
    on_written: Callable[[list[Path]], None] = lambda _paths: None,
) -> None:
    """Write the reports whenever the database has changed, until `wait` says to stop.

    `wait` rests so many seconds and returns whether to stop. The last look is
    taken after it has said so.
    """
    seen: tuple[int, int] | None = None
    watch = ChangeWatch(db_path)
    try:
        stopping = False
        while True:
            rest = _POLL_S
            now = watch.look()
            if now is not None and now != seen:
                began = monotonic()
                on_written(write_reports(db_path, out_dir))
                seen, rest = now, max(_POLL_S, _REST * (monotonic() - began))
            if stopping:
                return
            stopping = wait(rest)
    finally:
        watch.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
