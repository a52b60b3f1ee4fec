"""PURE: the signals of report.html, each data class by itself and live first."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import groupby
from typing import TypeVar

from sinks.charts_text import escaped, number, percent, price
from sinks.report import Report
from sinks.report_entries import Entry
from sinks.report_html_text import Column, Reasons, badge, body, whole_table
from sinks.rows import DATA_CLASSES, SignalRow

Listed = TypeVar("Listed", SignalRow, Entry)

MOST_ROWS = 5000
_PLACES = {name: at for at, name in enumerate(DATA_CLASSES)}

COLUMNS = (
    Column(title="Signal", number=False),
    Column(title="Ticker", number=False),
    Column(title="Action", number=False),
    Column(title="Date", number=False, hint="UTC date on which the signal was made"),
    Column(title="Model", number=False),
    Column(title="Confidence"),
    Column(title="Horizon", hint="in sessions"),
    Column(title="Status", number=False),
    Column(title="Verdict", number=False, hint="at the end of the window"),
    Column(title="Entry", number=False, hint="session at whose close it entered"),
    Column(title="Entry price"),
    Column(title="Sessions", hint="observed, of the window"),
    Column(title="Net return", hint="at the horizon, after costs; not annualised"),
    Column(title="Hit", number=False, hint="at the horizon"),
    Column(title="Drawdown", hint="greatest in its window"),
    Column(title="MAE", hint="worst excursion up to the horizon"),
    Column(title="MFE", hint="best excursion up to the horizon"),
    Column(title="Flags", number=False),
    Column(title="Ready", number=False),
)
_NO_ENTRY = "no session with a price has closed since the signal was made"
_OPEN = "the signal has not reached its horizon"
_WAITING = "the window is not over"


def signals_section(report: Report, newest: Sequence[SignalRow], why: Reasons) -> str:
    """Return the table of the newest signals, in the order of `newest_first`."""
    total = report.counted.everything.total
    if not newest:
        return "<p>No signal has been published.</p>"
    ready = frozenset(report.counted.ready)
    bodies = "".join(
        _class_body(name, list(found), report, ready, why)
        for name, found in groupby(newest, key=lambda each: each.data_class)
    )
    caption = f"Signals: {len(newest):,} of {total:,}"
    left = total - len(newest)
    words = (
        f"<p>{left:,} older signals are left out here, live ones last; signals.csv has all.</p>"
        if left > 0
        else ""
    )
    return words + whole_table(caption, COLUMNS, bodies, "sortable wide signals")


def newest_first(signals: Iterable[Listed]) -> list[Listed]:
    """Return the newest signals by data class, live first, as many as the table shows."""
    return nsmallest(MOST_ROWS, signals, key=_age)


def _age(signal: SignalRow | Entry) -> tuple[int, str, int, str]:
    data_class = signal.data_class
    place = _PLACES.get(data_class, len(_PLACES))
    return place, data_class, -signal.generated_at_ms, signal.signal_id


def _class_body(
    name: str, signals: Sequence[SignalRow], report: Report, ready: Collection[str], why: Reasons
) -> str:
    words = name if name == "live" else f"{name}: not live evidence"
    head = f'<tr class="class"><th colspan="{len(COLUMNS)}" scope="rowgroup">{escaped(words)}</th>'
    rows = (_row(each, report.as_of.as_of_ms, each.signal_id in ready, why) for each in signals)
    return f"<tbody>\n{head}</tr>\n{body(COLUMNS, rows)}</tbody>\n"


def _row(signal: SignalRow, as_of_ms: int | None, ready: bool, why: Reasons) -> list[str]:
    return [
        escaped(signal.signal_id, limit=120),
        escaped(signal.ticker),
        escaped(signal.action),
        escaped(signal.signal_date),
        escaped(f"{signal.model_name} {signal.model_version}".strip(), limit=120),
        number(signal.confidence, 3),
        f"{signal.horizon_sessions:,}",
        escaped(signal.status.replace("_", " ")),
        _verdict(signal, why),
        escaped(signal.entry_session) if signal.entry_session else why.mark(_NO_ENTRY),
        _price(signal.entry_price, why),
        f"{signal.observations:,} of {signal.window_sessions:,}",
        _return(signal.net_return, why),
        escaped(signal.hit or "open"),
        _drawdown(signal.max_drawdown, why),
        _return(signal.mae, why),
        _return(signal.mfe, why),
        ", ".join(_flags(signal, as_of_ms)),
        badge("ready", "gain") if ready else "no",
    ]


def _verdict(signal: SignalRow, why: Reasons) -> str:
    return escaped(signal.verdict_status) if signal.verdict_status else why.mark(_WAITING)


def _return(found: float | None, why: Reasons) -> str:
    return why.mark(_OPEN) if found is None else percent(found, 2, sign=True)


def _price(found: float | None, why: Reasons) -> str:
    return why.mark(_NO_ENTRY) if found is None else price(found)


def _drawdown(found: float | None, why: Reasons) -> str:
    return why.mark(_NO_ENTRY) if found is None else percent(found)


def _flags(signal: SignalRow, as_of_ms: int | None) -> Iterator[str]:
    if signal.stale(as_of_ms):
        yield "stale"
    if signal.suspect_price:
        yield "suspect price"
