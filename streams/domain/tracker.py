"""The fold of one partition: (state, events) -> (state, what to tell the world).

Everything else in this package serves it. Events may come in any order and any
number of times; what is told depends only on their set.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from schemas.records import (
    CorporateAction,
    Decision,
    SessionBar,
    Signal,
    SignalState,
    ValidationEvent,
)
from streams.domain.bars import merge
from streams.domain.calendar import CalendarOf, Ints
from streams.domain.lifecycle import CANCELLED
from streams.domain.observations import NOT_ENTERED, Claim, Path, entry_positions, observe
from streams.domain.policy import PolicyVersions
from streams.domain.projection import project, quarantine_event, settle
from streams.domain.signals import Entry, contest, hold_decision, new_entry
from streams.domain.state import TickerState
from streams.domain.ticks import TickColumns, fold_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the fold is given from outside."""

    calendar_of: CalendarOf
    policies: PolicyVersions
    lateness_ms: int


@dataclass(slots=True)
class Effects:
    """What one chunk of events changed: records to publish, state to keep.

    Observations are plain fields behind their session's close, by (ticker,
    session index); the sets name the state that changed, by ticker and its
    second key.
    """

    bars: dict[tuple[str, int], SessionBar] = field(default_factory=dict)
    observations: dict[tuple[str, int], tuple[int, list[dict[str, Any]]]] = field(
        default_factory=dict
    )
    states: dict[tuple[str, str], SignalState] = field(default_factory=dict)
    events: list[ValidationEvent] = field(default_factory=list)
    open_tickers: set[str] = field(default_factory=set)
    closed_bars: set[tuple[str, int]] = field(default_factory=set)
    signals: set[tuple[str, str]] = field(default_factory=set)
    decisions: set[tuple[str, str]] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)
    ignored: int = 0
    epoch: int = 0


class PartitionTracker:
    """The state of one partition's tickers, and its fold."""

    def __init__(self, rules: Rules, epoch: int = 0) -> None:
        self.rules = rules
        self.epoch = epoch
        self.tickers: dict[str, TickerState] = {}

    def ticker(self, name: str) -> TickerState:
        """Return the state of a ticker, made at its first mention."""
        state = self.tickers.get(name)
        if state is None:
            state = self.tickers[name] = TickerState(name, self.rules.calendar_of(name))
        return state

    def apply_ticks(self, ticks: TickColumns) -> Effects:
        """Fold ticks into bars, close what is complete and observe it."""
        effects = Effects(epoch=self.epoch)
        folded = fold_columns(ticks, self.rules.calendar_of, self.rules.lateness_ms)
        effects.ignored = folded.ignored
        revised: dict[str, list[int]] = defaultdict(list)
        for name, time in folded.event_times.items():
            if self.ticker(name).advance(time):
                effects.open_tickers.add(name)
        for (name, index), bar in folded.bars.items():
            state = self.ticker(name)
            if index in state.closed:
                if state.closed.put(index, bar):
                    revised[name].append(index)
                continue
            old = state.open.get(index)
            new = bar if old is None else merge(old, bar)
            if new != old:
                state.open[index] = new
                effects.open_tickers.add(name)
        for name in effects.open_tickers:
            revised[name] += self.ticker(name).close_complete(self.rules.lateness_ms)
        for name, indexes in revised.items():
            if indexes:
                self._bars_changed(self.ticker(name), indexes, effects)
        return effects

    def apply_signals(self, signals: Iterable[Signal]) -> Effects:
        """Register signals and evaluate them on the bars that are already closed."""
        effects = Effects(epoch=self.epoch)
        changed: dict[str, dict[str, Entry]] = defaultdict(dict)
        for signal in signals:
            comer = new_entry(signal, self.rules.policies)
            state = self.ticker(signal.ticker)
            holder = state.signals.get(comer.signal_id)
            entry, is_new = contest(holder, comer)
            if not is_new:
                continue
            if holder is None:
                entry.decisions = state.early_decisions.pop(entry.signal_id, entry.decisions)
            else:
                lost = holder if entry is comer else comer
                as_of_ms = lost.payload.generated_at_ms
                effects.events.append(
                    quarantine_event(lost, lost.payload_hash, as_of_ms, self.epoch)
                )
            if entry is comer:
                state.register(entry)
                changed[signal.ticker][entry.signal_id] = entry
            else:
                self._tell(state, entry, None, effects)
        for name, entries in changed.items():
            self._evaluate_new(self.ticker(name), list(entries.values()), effects)
        return effects

    def apply_actions(self, actions: Iterable[CorporateAction]) -> Effects:
        """Keep corporate actions and evaluate again what a split touches."""
        effects = Effects(epoch=self.epoch)
        touched: dict[str, int] = {}
        for action in actions:
            state = self.ticker(action.ticker)
            if not state.actions.keep(action):
                continue
            effects.actions.add(action.ticker)
            if action.kind == "split":
                day = state.actions.day_of(action)
                touched[action.ticker] = min(day, touched.get(action.ticker, day))
        for name, day in touched.items():
            state = self.ticker(name)
            first = state.first_closed_from(day)
            if first is not None:
                last = state.closed.index_at(len(state.closed) - 1)
                self._evaluate_changed(state, [first, last], effects)
        return effects

    def apply_decisions(self, decisions: Iterable[Decision]) -> Effects:
        """Keep decisions, also of signals not yet here, and weigh them."""
        effects = Effects(epoch=self.epoch)
        for decision in decisions:
            state = self.ticker(decision.ticker)
            entry = state.signals.get(decision.signal_id)
            if entry is None:
                held = state.early_decisions.setdefault(decision.signal_id, {})
            else:
                held = entry.decisions
            before = project(entry, state.calendar, self.epoch) if entry else None
            if not hold_decision(held, decision):
                continue
            effects.decisions.add((decision.ticker, decision.signal_id))
            if entry is not None and before is not None:
                self._evaluate_one(state, entry, before.events, effects)
        return effects

    def _bars_changed(self, state: TickerState, indexes: Sequence[int], effects: Effects) -> None:
        for index in indexes:
            effects.closed_bars.add((state.name, index))
            effects.bars[state.name, index] = self._session_bar(state, index)
        self._evaluate_changed(state, indexes, effects)

    def _evaluate_changed(
        self, state: TickerState, indexes: Sequence[int], effects: Effects
    ) -> None:
        """Evaluate the signals whose entry or window a changed bar touches."""
        if not state.signals or not indexes:
            return
        first, last = state.closed.position(min(indexes)), state.closed.position(max(indexes))
        columns = state.columns()
        positions = entry_positions(state.closed, columns.generated_at_ms)
        touched = (positions <= last) & (positions + columns.window >= first)
        chosen = np.flatnonzero(touched)
        entries = [columns.entries[at] for at in chosen.tolist()]
        self._evaluate(state, entries, positions[chosen], first, effects)

    def _evaluate_new(self, state: TickerState, entries: list[Entry], effects: Effects) -> None:
        for entry in entries:
            self._tell(state, entry, [], effects)
        generated = np.array([each.payload.generated_at_ms for each in entries], dtype=np.int64)
        positions = entry_positions(state.closed, generated)
        entered = np.flatnonzero(positions < len(state.closed))
        chosen = [entries[at] for at in entered.tolist()]
        self._evaluate(state, chosen, positions[entered], 0, effects)

    def _evaluate_one(
        self, state: TickerState, entry: Entry, told: list[ValidationEvent], effects: Effects
    ) -> None:
        """Evaluate a signal whose decisions changed, from its entry on."""
        generated = np.array([entry.payload.generated_at_ms], dtype=np.int64)
        position = int(entry_positions(state.closed, generated)[0])
        facts = NOT_ENTERED
        path = None
        if position < len(state.closed):
            splits = state.actions.splits()
            path = observe(state.closed, state.calendar, splits, position, entry.claim)
            facts = path.facts
        before = entry.facts
        entry.facts, folded, _ = settle(entry, facts)
        self._tell(state, entry, told, effects)
        if path is not None and entry.facts != before and folded.status != CANCELLED:
            self._emit(state, entry, path, 1, effects)

    def _evaluate(
        self,
        state: TickerState,
        entries: Sequence[Entry],
        positions: Ints,
        first: int,
        effects: Effects,
    ) -> None:
        groups: dict[tuple[int, Claim], list[Entry]] = defaultdict(list)
        for entry, position in zip(entries, positions.tolist(), strict=True):
            groups[position, entry.claim].append(entry)
        splits = state.actions.splits()
        for (position, claim), members in groups.items():
            path = observe(state.closed, state.calendar, splits, position, claim)
            # A changed entry bar moves every observation, a later one those from it on.
            from_k = max(first - position, 1)
            for entry in members:
                self._update(state, entry, path, from_k, effects)

    def _update(
        self, state: TickerState, entry: Entry, path: Path, from_k: int, effects: Effects
    ) -> None:
        facts = path.facts
        if entry.decisions:
            facts, folded, _ = settle(entry, facts)
            if folded.status == CANCELLED and entry.facts == NOT_ENTERED:
                return
        if facts != entry.facts:
            before = project(entry, state.calendar, self.epoch)
            entry.facts = facts
            self._tell(state, entry, before.events, effects)
        if facts.entry_session is not None:
            self._emit(state, entry, path, from_k, effects)

    def _emit(
        self, state: TickerState, entry: Entry, path: Path, from_k: int, effects: Effects
    ) -> None:
        signal_id, payload_hash = entry.signal_id, entry.payload_hash
        for k in range(from_k, path.observations + 1):
            index = state.closed.index_at(path.entry_position + k)
            at = k - 1
            element = {
                "signal_id": signal_id,
                "payload_hash": payload_hash,
                "session": state.calendar.label(index),
                "k": k,
                "close": float(path.close[at]),
                "raw_return": float(path.raw[at]),
                "signed_return": float(path.signed[at]),
                "max_drawdown": float(path.max_drawdown[at]),
                "mae": float(path.mae[at]),
                "mfe": float(path.mfe[at]),
            }
            close_ms = state.calendar.closes[index]
            effects.observations.setdefault((state.name, index), (close_ms, []))[1].append(element)

    def _tell(
        self,
        state: TickerState,
        entry: Entry,
        told: list[ValidationEvent] | None,
        effects: Effects,
    ) -> None:
        """Put out a signal's state, and the events not told before; None: no event."""
        state_now, events = project(entry, state.calendar, self.epoch)
        key = state.name, entry.signal_id
        effects.states[key] = state_now
        effects.signals.add(key)
        if told is None:
            return
        known = {each.event_id for each in told}
        told_statuses = {each.to_status for each in told}
        for event in events:
            if event.event_id in known:
                continue
            again = event.to_status in told_statuses
            if again:
                entry.revisions[event.to_status] = event.revision + 1
            effects.events.append(replace(event, revision=event.revision + again))

    def _session_bar(self, state: TickerState, index: int) -> SessionBar:
        bar = state.closed.bar(index)
        return SessionBar(
            ticker=state.name,
            session=state.calendar.label(index),
            calendar=state.calendar.name,
            session_index=index,
            close_ms=state.calendar.closes[index],
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            final=bool(bar.final_seen),
            revision=bar.revision,
            conflicting_close=bar.conflicting_close,
            epoch=self.epoch,
        )
