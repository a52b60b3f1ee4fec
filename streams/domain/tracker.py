"""The fold of one partition: (state, events) -> (state, what to tell the world).

Everything else in this package serves it. Events may come in any order and any
number of times; what is told depends only on their set.
"""

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from schemas.policy import PolicyVersions
from schemas.records import CorporateAction, Decision, Signal
from streams.domain.bars import Bar, merge
from streams.domain.calendar import CalendarOf
from streams.domain.comparison import compare
from streams.domain.effects import Effects
from streams.domain.evaluation import evaluate_changed, evaluate_new, evaluate_one
from streams.domain.moments import tell_state
from streams.domain.projection import quarantine_event
from streams.domain.signals import Entry, contest, hold_decision, new_entry
from streams.domain.state import TickerState
from streams.domain.telling_state import NOTHING_TOLD, told_of
from streams.domain.ticks import TickColumns, Ticks, fold_columns

PART_SIGNALS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the fold is given from outside.

    Where the past is published anew, publishing times say nothing and `judge_backdated`
    is off.
    """

    calendar_of: CalendarOf
    policies: PolicyVersions
    lateness_ms: int
    judge_backdated: bool = True


class PartitionTracker:
    """The state of one partition's tickers, and its fold."""

    def __init__(self, rules: Rules, epoch: int = 0) -> None:
        self.rules = rules
        self.epoch = epoch
        self.tickers: dict[str, TickerState] = {}
        self._told_policies: set[str] = set()

    def ticker(self, name: str) -> TickerState:
        """Return the state of a ticker, made at its first mention."""
        state = self.tickers.get(name)
        if state is None:
            state = self.tickers[name] = TickerState(
                name, self.rules.calendar_of(name), self.rules.policies
            )
        return state

    def apply_ticks(self, ticks: TickColumns | Sequence[Ticks]) -> Effects:
        """Fold ticks into bars, close what is complete and observe it."""
        [effects] = self.tick_parts(ticks, sys.maxsize)
        return effects

    def tick_parts(
        self, ticks: TickColumns | Sequence[Ticks], signals: int = PART_SIGNALS
    ) -> Iterator[Effects]:
        """Yield what ticks change in parts of tickers with about so many signals.

        A close of every ticker can touch every signal: its outputs shall not be in memory at
        once. Tickers have nothing to do with each other, so that a crash between two parts is
        one between two chunks.
        """
        folded = fold_columns(ticks, self.rules.calendar_of, self.rules.lateness_ms)
        bars: dict[str, list[tuple[int, Bar]]] = defaultdict(list)
        for (name, index), bar in folded.bars.items():
            bars[name].append((index, bar))
        effects = Effects(epoch=self.epoch, ignored=folded.ignored)
        room = signals
        for name, time in folded.event_times.items():
            state = self.ticker(name)
            if room < len(state.signals) and room < signals:
                yield effects
                effects, room = Effects(epoch=self.epoch), signals
            self._take(state, time, bars.get(name, ()), effects)
            room -= len(state.signals)
        yield effects

    def _take(
        self, state: TickerState, time: int, bars: Iterable[tuple[int, Bar]], effects: Effects
    ) -> None:
        """Take a ticker's greatest event time and bars of a chunk."""
        compare(state)
        changed: list[int] = []
        if state.advance(time):
            effects.open_tickers.add(state.name)
        for index, bar in bars:
            if index in state.closed:
                if state.closed.put(index, bar):
                    changed.append(index)
                continue
            old = state.open.get(index)
            new = bar if old is None else merge(old, bar)
            if new != old:
                state.open[index] = new
                effects.open_tickers.add(state.name)
        revised = bool(changed)
        if state.name in effects.open_tickers:
            changed += state.close_complete(self.rules.lateness_ms)
        if changed:
            _add_bars(state, changed, effects)
            evaluate_changed(state, changed, effects, again=revised)

    def apply_signals(
        self, signals: Iterable[Signal], published_ms: Iterable[int | None] = repeat(None)
    ) -> Effects:
        """Register signals and evaluate them on the bars that are already closed.

        `published_ms` are their Kafka times; None where those say nothing.
        """
        effects = Effects(epoch=self.epoch)
        new: dict[str, dict[str, Entry]] = defaultdict(dict)
        for signal, time in zip(signals, published_ms, strict=False):
            comer = new_entry(signal, self.rules.policies, time)
            state = self.ticker(signal.ticker)
            fresh = new.get(signal.ticker, {})
            former = fresh.get(comer.signal_id) or state.signals.get(comer.signal_id)
            holder, changed = contest(former, comer)
            if not changed:
                continue
            if former is None:
                holder.decisions = state.early_decisions.pop(holder.signal_id, {})
            elif former.payload_hash != comer.payload_hash:
                lost = former if holder is comer else comer
                effects.add_event(quarantine_event(lost, self.epoch))
            if holder is comer:
                self._tell_policy(holder, effects)
                state.register(holder)
                new[signal.ticker][holder.signal_id] = holder
            else:
                tell_state(state, holder, None, effects)
        for name, entries in new.items():
            evaluate_new(self.ticker(name), list(entries.values()), effects)
        return effects

    def apply_actions(self, actions: Iterable[CorporateAction]) -> Effects:
        """Keep corporate actions and evaluate again what they touch."""
        effects = Effects(epoch=self.epoch)
        touched: dict[str, int] = {}
        for action in actions:
            state = self.ticker(action.ticker)
            compare(state)
            if not state.actions.keep(action):
                continue
            effects.actions.add((action.ticker, action.ex_date, action.kind))
            day = state.actions.day_of(action)
            touched[action.ticker] = min(day, touched.get(action.ticker, day))
            span = state.closed_span_from(day)
            if span:
                effects.add_bar(state, span[0])
        for name, day in touched.items():
            state = self.ticker(name)
            evaluate_changed(state, state.closed_span_from(day), effects, again=True)
        return effects

    def apply_decisions(self, decisions: Iterable[Decision]) -> Effects:
        """Keep decisions, also of signals not yet here, and weigh them."""
        effects = Effects(epoch=self.epoch)
        for decision in decisions:
            state = self.ticker(decision.ticker)
            entry = state.signals.get(decision.signal_id)
            told = told_of(entry, state.calendar) if entry else NOTHING_TOLD
            if entry is not None:
                held = entry.decisions
            else:
                held = state.early_decisions.setdefault(decision.signal_id, {})
            if not hold_decision(held, decision):
                continue
            effects.decisions.add((decision.ticker, decision.signal_id))
            if entry is not None:
                evaluate_one(state, entry, told, effects)
        return effects

    def _tell_policy(self, entry: Entry, effects: Effects) -> None:
        if entry.policy.hash not in self._told_policies:
            self._told_policies.add(entry.policy.hash)
            effects.policies[entry.policy.hash] = entry.policy


def _add_bars(state: TickerState, indexes: Collection[int], effects: Effects) -> None:
    told = set(indexes)
    for index in indexes:
        after = state.closed.position(index) + 1
        if after < len(state.closed):
            # It carries the actions since the bar before it, which may be another one now: also
            # where none is known, for a crash may have lost one that it was told with.
            told.add(state.closed.index_at(after))
    for index in sorted(told):
        effects.add_bar(state, index)
