"""The bars of signals.db as the worker holds them: series, calendar and what actions say."""

from collections.abc import Mapping

import numpy as np

from signal_tracker.errors import TrackerError
from sinks.bar_columns import BarColumns
from sinks.rows import SignalRow
from streams.domain.bars import Bar
from streams.domain.calendar import NO_SESSION, SessionCalendar, label_days
from streams.domain.indicators import Indicators
from streams.domain.observations import Dividend, Held, Split, entry_positions
from streams.domain.series import BarSeries
from streams.sessions import load_calendar


class JudgingError(TrackerError):
    """Say which stored bar the calendars of this version do not know."""


class TickerBars:
    """The closed bars of one ticker as the worker holds them, and what it kept of them."""

    def __init__(self, calendar: SessionCalendar, series: BarSeries, actions: Held) -> None:
        self.calendar = calendar
        self.series = series
        self.actions = actions
        self.indicators = Indicators()

    def entry_after(self, generated_at_ms: int) -> int:
        """Return the position of the first bar that closes after a time."""
        times = np.array([generated_at_ms], dtype=np.int64)
        return int(entry_positions(self.series, times)[0])

    def last_at(self, session: str) -> int:
        """Return the position of the last bar up to a session; -1 where there is none."""
        days = self.calendar.days[self.series.index]
        return int(np.searchsorted(days, label_days(session), side="right")) - 1


class Market:
    """The bars of all tickers; those of one are made ready when it is first asked for."""

    def __init__(self, columns: Mapping[str, BarColumns]) -> None:
        self._columns = columns
        self._ready: dict[str, TickerBars] = {}

    def of(self, signal: SignalRow) -> TickerBars:
        """Return the bars of a signal's ticker."""
        if signal.ticker not in self._ready:
            columns = self._columns.get(signal.ticker)
            self._ready[signal.ticker] = (
                ticker_bars(signal.ticker, columns)
                if columns is not None
                else _no_bars(load_calendar(signal.calendar))
            )
        return self._ready[signal.ticker]

    def last_session(self, ticker: str, moment_ms: int) -> str | None:
        """Return a ticker's last session that had closed at a time."""
        columns = self._columns.get(ticker)
        closed = (
            0 if columns is None else int(np.searchsorted(columns.close_ms, moment_ms, "right"))
        )
        return columns.session[closed - 1] if columns is not None and closed else None


def ticker_bars(ticker: str, columns: BarColumns) -> TickerBars:
    """Return the bars of a ticker from its rows, each as of one final tick at its close.

    Actions stand at the ex-date of the bar that names them; the dividend of a bar is
    for a share of the bar before, so before a split of the same bar.
    """
    calendar = load_calendar(columns.calendar)
    days = np.array([label_days(each) for each in columns.session], dtype=np.int64)
    indexes = calendar.index_of_days(days)
    unknown = np.flatnonzero(indexes == NO_SESSION)
    if len(unknown):
        msg = f"{ticker}: expected sessions of {calendar.name}, was {columns.session[unknown[0]]}"
        raise JudgingError(msg)
    series = BarSeries(calendar)
    for at, index in enumerate(indexes.tolist()):
        series.put(index, _bar(columns, at))
    return TickerBars(calendar, series, _held(columns, days.tolist()))


def _bar(columns: BarColumns, at: int) -> Bar:
    close, close_ms = columns.close[at], columns.close_ms[at]
    return Bar(
        revision=0,
        close_final=1,
        close_ts=close_ms,
        close=close,
        open_plain=0,
        open_ts=close_ms,
        open=columns.open[at],
        high=columns.high[at],
        low=columns.low[at],
        final_low=close,
        final_seen=1,
    )


def _held(columns: BarColumns, days: list[int]) -> Held:
    return Held(
        tuple(
            Split(day, ratio)
            for day, ratio in zip(days, columns.split_ratio, strict=True)
            if ratio != 1
        ),
        tuple(
            Dividend(day, cash) for day, cash in zip(days, columns.dividend, strict=True) if cash
        ),
    )


def _no_bars(calendar: SessionCalendar) -> TickerBars:
    return TickerBars(calendar, BarSeries(calendar), Held())
