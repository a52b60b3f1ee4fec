"""The fold of one partition by another way than the worker's, for `audit`.

First every fact is gathered and nothing evaluated, then each signal is evaluated once, from
all bars of its ticker. So it depends on no order by construction, and shares with the worker's
steps (running columns, rows of tables, what was told before) only the rules themselves.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from schemas.policy import Policy
from schemas.records import CorporateAction, Decision, SessionBar, Signal
from streams.domain.bars import Bar
from streams.domain.calendar import SessionCalendar, label_days
from streams.domain.effects import Effects
from streams.domain.evaluation import evaluate_new
from streams.domain.series import BarSeries
from streams.domain.signals import contest, hold_decision, new_entry
from streams.domain.state import TickerState
from streams.domain.ticks import Ticks, fold_columns
from streams.domain.tracker import Rules

SIGNALS_AT_ONCE = 1_000


class Refold:
    """The facts of one partition, and what follows from them.

    Sessions that opened before `ticks_from_ms` come from bars, later ones from ticks.
    """

    def __init__(self, rules: Rules, ticks_from_ms: int = 0) -> None:
        self._rules = rules
        self._ticks_from_ms = ticks_from_ms
        self._states: dict[str, TickerState] = {}
        self._bars: dict[str, BarSeries] = {}
        self._epoch = 0
        self.policies: dict[str, Policy] = {}

    @property
    def tickers(self) -> list[str]:
        """Return the tickers, in order."""
        return sorted(self._states)

    def signal_ids(self, ticker: str) -> set[str]:
        """Return the signals that were published for a ticker."""
        state = self._states.get(ticker)
        return set() if state is None else set(state.signals)

    def take_ticks(self, ticks: Sequence[Ticks]) -> None:
        """Fold ticks into their bars, be those complete or not."""
        folded = fold_columns(ticks, self._rules.calendar_of, self._rules.lateness_ms)
        for name, time in folded.event_times.items():
            self._state(name).advance(time)
        for (name, index), bar in folded.bars.items():
            if self._state(name).calendar.opens[index] >= self._ticks_from_ms:
                self._series(name).put(index, bar)

    def take_bar(self, bar: SessionBar) -> None:
        """Take the bar of a session whose ticks are gone; the last one of a session counts.

        One of an earlier owner of the partition that came after a later one's does not.
        """
        if bar.epoch < self._epoch:
            return
        self._epoch = bar.epoch
        calendar = self._state(bar.ticker).calendar
        try:
            index = calendar.index_of(label_days(bar.session))
        except ValueError:
            return
        if index is not None and calendar.opens[index] < self._ticks_from_ms:
            self._series(bar.ticker).replace(index, _complete(bar))

    def take_signals(self, signals: Iterable[Signal], published_ms: Iterable[int | None]) -> None:
        """Take published signals; of several payloads with one id the least holds it."""
        for signal, time in zip(signals, published_ms, strict=False):
            comer = new_entry(signal, self._rules.policies, time)
            book = self._state(signal.ticker).signals
            holder, changed = contest(book.get(comer.signal_id), comer)
            if changed:
                book.keep(holder)

    def take_actions(self, actions: Iterable[CorporateAction]) -> None:
        """Take corporate actions."""
        for action in actions:
            self._state(action.ticker).actions.keep(action)

    def take_decisions(self, decisions: Iterable[Decision]) -> None:
        """Take decisions, also those of signals that are not there."""
        for decision in decisions:
            held = self._state(decision.ticker).early_decisions
            hold_decision(held.setdefault(decision.signal_id, {}), decision)

    def tell(self, ticker: str) -> Iterator[Effects]:
        """Yield all that is to be told of a ticker, its bars first; then forget it."""
        state = self._states.pop(ticker)
        self._close(state, self._bars.pop(ticker, None))
        effects = Effects()
        for index, _ in state.closed.items():
            effects.add_bar(state, index)
        yield effects
        for signal_id, decisions in state.early_decisions.items():
            if signal_id in state.signals:
                state.signals.decide(signal_id, decisions)
        for first in range(0, len(state.signals), SIGNALS_AT_ONCE):
            end = min(first + SIGNALS_AT_ONCE, len(state.signals))
            entries = [state.signals.entry(slot) for slot in range(first, end)]
            self.policies.update((each.policy.hash, each.policy) for each in entries)
            effects = Effects()
            evaluate_new(state, entries, effects)
            yield effects

    def _close(self, state: TickerState, bars: BarSeries | None) -> None:
        if bars is None:
            return
        late = state.event_time_ms - self._rules.lateness_ms
        for index, bar in bars.items():
            gone = state.calendar.opens[index] < self._ticks_from_ms
            if gone or bar.final_seen or late >= state.calendar.closes[index]:
                state.closed.replace(index, bar)

    def _state(self, ticker: str) -> TickerState:
        state = self._states.get(ticker)
        if state is None:
            calendar = self._rules.calendar_of(ticker)
            state = TickerState(ticker, calendar, self._rules.policies)
            self._states[ticker] = state
        return state

    def _series(self, ticker: str) -> BarSeries:
        series = self._bars.get(ticker)
        if series is None:
            series = self._bars[ticker] = BarSeries(self._states[ticker].calendar)
        return series


def first_session_from(calendar: SessionCalendar, time_ms: int) -> str | None:
    """Return the first session that opens at or after a time; None beyond the calendar."""
    index = int(np.searchsorted(calendar.open_ms, time_ms, side="left"))
    return calendar.label(index) if index < len(calendar) else None


def _complete(bar: SessionBar) -> Bar:
    # Of its ticks only what a bar says is known; nothing else of it is read once it is complete.
    return Bar(
        bar.revision,
        int(bar.final or bar.conflicting_close),
        bar.close_ms,
        bar.close,
        0,
        bar.close_ms,
        bar.open,
        bar.high,
        bar.low,
        0.0 if bar.conflicting_close else bar.close,
        int(bar.final),
    )
