"""One consistent look at signals.db: rows, the report of them, policies and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas.policy import Policy
from signal_tracker.ticker_bars import Market
from sinks.report import JudgedReport, build_report
from sinks.rows import Rows, SignalRow
from sinks.sqlite_queries import (
    read_decisions,
    read_policies,
    read_rows,
    read_signal,
    reading,
)

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the commands that judge and review are made of, all of one moment."""

    path: Path
    rows: Rows
    report: JudgedReport
    policies: Mapping[str, Policy]
    decisions: Mapping[str, Sequence[Mapping[str, Any]]]

    def signals(self, signal_id: str | None = None) -> list[SignalRow]:
        """Return all signals by id, or the one that is asked for; an error where it is not."""
        found = [each for each in self.report.signals if signal_id in (None, each.signal_id)]
        if signal_id is not None and not found:
            raise unknown_signal(signal_id, self.path)
        return found

    def market(self) -> Market:
        """Return the bars of all tickers, as the worker holds them."""
        return Market(self.rows.bars)


def read_stored(path: Path) -> Stored:
    """Return what the database holds now; raise NoDatabaseError without one."""
    with reading(path) as connection:
        return look(connection, path)


def look(connection: "sqlite3.Connection", path: Path) -> Stored:
    """Return what an open connection sees of the database at a path."""
    rows = read_rows(connection)
    return Stored(
        path=path,
        rows=rows,
        report=build_report(rows),
        policies={each.hash: each for each in read_policies(connection)},
        decisions=read_decisions(connection),
    )


def known_signal(connection: "sqlite3.Connection", signal_id: str, path: Path) -> SignalRow:
    """Return the row of a signal; an error that names it where there is none."""
    found = read_signal(connection, signal_id)
    if found is None:
        raise unknown_signal(signal_id, path)
    return found


def unknown_signal(signal_id: str, path: Path) -> click.ClickException:
    """Return the error that says which signal is not in which database."""
    return click.ClickException(f"there is no signal {signal_id!r} in {path}")
