"""The large report files of a database, as text."""

from sinks.snapshot import write_reports
from sinks.sqlite import SqliteSink

_FILES = {"csv": "signals.csv", "tracking": "llm_signal_tracking.json", "html": "report.html"}


def shown(sink: SqliteSink, name: str) -> str:
    """The text of one of the files; `name` is csv, tracking or html."""
    out = sink.path.parent / "shown"
    write_reports(sink.path, out)
    return (out / _FILES[name]).read_text()
