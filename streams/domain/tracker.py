"""The fold of one partition: (state, events) -> (state, what to tell the world).

Everything else in this package serves it. Events may come in any order and any
number of times; what is told depends only on their set.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.records import CorporateAction, Decision, Signal, ValidationEvent
from streams.domain.bars import merge
from streams.domain.calendar import CalendarOf, Ints
from streams.domain.effects import Effects, Seen, seen_on
from streams.domain.observations import NOT_ENTERED, Claim, Facts, entry_positions, observe
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
        changed: dict[str, list[int]] = defaultdict(list)
        revised: set[str] = set()
        for name in folded.event_times:
            self._compare(self.ticker(name))
        for name, time in folded.event_times.items():
            if self.ticker(name).advance(time):
                effects.open_tickers.add(name)
        for (name, index), bar in folded.bars.items():
            state = self.ticker(name)
            if index in state.closed:
                if state.closed.put(index, bar):
                    changed[name].append(index)
                    revised.add(name)
                continue
            old = state.open.get(index)
            new = bar if old is None else merge(old, bar)
            if new != old:
                state.open[index] = new
                effects.open_tickers.add(name)
        for name in effects.open_tickers:
            changed[name] += self.ticker(name).close_complete(self.rules.lateness_ms)
        for name, indexes in changed.items():
            for index in indexes:
                effects.add_bar(self.ticker(name), index)
            self._evaluate_changed(self.ticker(name), indexes, effects, again=name in revised)
        return effects

    def apply_signals(self, signals: Iterable[Signal]) -> Effects:
        """Register signals and evaluate them on the bars that are already closed."""
        effects = Effects(epoch=self.epoch)
        new: dict[str, dict[str, Entry]] = defaultdict(dict)
        for signal in signals:
            comer = new_entry(signal, self.rules.policies)
            state = self.ticker(signal.ticker)
            former = state.signals.get(comer.signal_id)
            holder, changed = contest(former, comer)
            if not changed:
                continue
            if former is None:
                holder.decisions = state.early_decisions.pop(holder.signal_id, {})
            else:
                lost = former if holder is comer else comer
                effects.events.append(quarantine_event(lost, self.epoch))
            if holder is comer:
                state.register(holder)
                new[signal.ticker][holder.signal_id] = holder
            else:
                effects.add_state(state, holder, None)
        for name, entries in new.items():
            self._evaluate_new(self.ticker(name), list(entries.values()), effects)
        return effects

    def apply_actions(self, actions: Iterable[CorporateAction]) -> Effects:
        """Keep corporate actions and evaluate again what a split touches."""
        effects = Effects(epoch=self.epoch)
        touched: dict[str, int] = {}
        for action in actions:
            state = self.ticker(action.ticker)
            self._compare(state)
            if not state.actions.keep(action):
                continue
            effects.actions.add((action.ticker, action.ex_date, action.kind))
            if action.kind == "split":
                day = state.actions.day_of(action)
                touched[action.ticker] = min(day, touched.get(action.ticker, day))
        for name, day in touched.items():
            state = self.ticker(name)
            self._evaluate_changed(state, state.closed_span_from(day), effects, again=True)
        return effects

    def apply_decisions(self, decisions: Iterable[Decision]) -> Effects:
        """Keep decisions, also of signals not yet here, and weigh them."""
        effects = Effects(epoch=self.epoch)
        for decision in decisions:
            state = self.ticker(decision.ticker)
            entry = state.signals.get(decision.signal_id)
            told = project(entry, state.calendar, self.epoch).events if entry else []
            if entry is not None:
                held = entry.decisions
            else:
                held = state.early_decisions.setdefault(decision.signal_id, {})
            if not hold_decision(held, decision):
                continue
            effects.decisions.add((decision.ticker, decision.signal_id))
            if entry is not None:
                self._evaluate_one(state, entry, told, effects)
        return effects

    def _compare(self, state: TickerState) -> None:
        """After a restart, find the signals whose rows do not follow from the bars' rows.

        A crash lost the latter. A life between that one and this may have told the world
        what followed from fewer bars, so that equal facts do not mean that they were told.
        """
        if state.compared:
            return
        state.compared = True
        columns = state.columns()
        positions = entry_positions(state.closed, columns.generated_at_ms).tolist()
        splits, facts_of = state.actions.splits(), dict[tuple[int, Claim], Facts]()
        for entry, position in zip(columns.entries, positions, strict=True):
            facts = NOT_ENTERED
            if position < len(state.closed):
                key = position, entry.claim
                if key not in facts_of:
                    path = observe(state.closed, state.calendar, splits, *key)
                    facts_of[key] = path.facts
                facts = facts_of[key]
            if facts != entry.facts:
                entry.told = settle(entry, facts)[0] == entry.facts

    def _evaluate_changed(
        self, state: TickerState, indexes: Sequence[int], effects: Effects, *, again: bool
    ) -> None:
        """Evaluate the signals whose entry or window a changed bar touches.

        Their states are told `again` also where they are what they were: a crash may have
        lost the rows of a change that was told, and that this one takes back.
        """
        if not state.signals or not indexes:
            return
        first, last = state.closed.position(min(indexes)), state.closed.position(max(indexes))
        columns = state.columns()
        positions = entry_positions(state.closed, columns.generated_at_ms)
        touched = (positions <= last) & (positions + columns.window >= first)
        chosen = np.flatnonzero(touched)
        entries = [columns.entries[at] for at in chosen.tolist()]
        self._evaluate(state, entries, positions[chosen], first, effects, again=again)

    def _evaluate_new(self, state: TickerState, entries: list[Entry], effects: Effects) -> None:
        generated = np.array([each.payload.generated_at_ms for each in entries], dtype=np.int64)
        positions = entry_positions(state.closed, generated)
        entered = positions < len(state.closed)
        for at in np.flatnonzero(~entered).tolist():
            effects.add_state(state, entries[at], [])
        chosen = [entries[at] for at in np.flatnonzero(entered).tolist()]
        self._evaluate(state, chosen, positions[entered], 0, effects, new=True)

    def _evaluate_one(
        self,
        state: TickerState,
        entry: Entry,
        told: Sequence[ValidationEvent],
        effects: Effects,
    ) -> None:
        """Evaluate a signal whose decisions changed, from its entry on."""
        generated = np.array([entry.payload.generated_at_ms], dtype=np.int64)
        position = int(entry_positions(state.closed, generated)[0])
        before, facts, seen = entry.facts, NOT_ENTERED, list[Seen]()
        if position < len(state.closed):
            path = observe(
                state.closed, state.calendar, state.actions.splits(), position, entry.claim
            )
            facts, seen = path.facts, seen_on(state, path, 1)
        entry.facts, _, _ = settle(entry, facts)
        effects.add_state(state, entry, told)
        if entry.facts not in (before, NOT_ENTERED):
            effects.add_observations(state, entry, seen)

    def _evaluate(
        self,
        state: TickerState,
        entries: Sequence[Entry],
        positions: Ints,
        first: int,
        effects: Effects,
        *,
        new: bool = False,
        again: bool = False,
    ) -> None:
        """Evaluate signals from the bar at position `first` on, one path for all that share it."""
        groups: dict[tuple[int, Claim], list[Entry]] = defaultdict(list)
        for entry, position in zip(entries, positions.tolist(), strict=True):
            groups[position, entry.claim].append(entry)
        splits = state.actions.splits()
        for (position, claim), members in groups.items():
            path = observe(state.closed, state.calendar, splits, position, claim)
            # A changed entry bar moves every observation, a later one those from it on.
            seen = seen_on(state, path, max(first - position, 1))
            for entry in members:
                self._update(state, entry, path.facts, seen, effects, new=new, again=again)

    def _update(
        self,
        state: TickerState,
        entry: Entry,
        facts: Facts,
        seen: Sequence[Seen],
        effects: Effects,
        *,
        new: bool,
        again: bool,
    ) -> None:
        if entry.decisions:
            facts, _, _ = settle(entry, facts)
        if new or again or not entry.told or facts != entry.facts:
            told = [] if new else project(entry, state.calendar, self.epoch).events
            entry.facts = facts
            effects.add_state(state, entry, told)
        if facts != NOT_ENTERED:
            effects.add_observations(state, entry, seen)
