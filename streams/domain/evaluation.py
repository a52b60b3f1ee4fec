"""Which signals a changed bar touches, and what it makes of them.

A new last bar is one step of the tracked signals' columns (`running`); entries are made only of
those to which it adds a fact. Anything else is computed from all bars: signals with one entry and
one claim share a path; signals before whose entry the same bar stands share a market. What
follows goes into `Effects`.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from streams.domain.calendar import Ints, Mask
from streams.domain.effects import Effects, Seen, seen_on
from streams.domain.indicators import LOOKBACK, Market
from streams.domain.moments import tell_alike, tell_new, tell_state
from streams.domain.observations import NOT_ENTERED, Claim, Facts, entry_positions, observe
from streams.domain.projection import settle
from streams.domain.running import Observed
from streams.domain.signals import Entry
from streams.domain.state import SignalColumns, TickerState
from streams.domain.telling_state import Script, told_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Why signals are evaluated: they are new, or the bars at positions first..last changed.

    `observed` says that the observations are told already.
    """

    first: int = 0
    last: int = sys.maxsize
    new: bool = False
    again: bool = False
    observed: bool = False


class Touched(NamedTuple):
    """Signals to evaluate: their entry positions, and whether the bars before those changed."""

    columns: SignalColumns
    positions: Ints
    screened: Mask
    entries: Sequence[Entry]


class Found(NamedTuple):
    """What the bars say about a signal, and what of it is to be told by session."""

    facts: Facts
    market: Market | None
    seen: Sequence[Seen]


def evaluate_changed(
    state: TickerState, indexes: Sequence[int], effects: Effects, *, again: bool
) -> None:
    """Evaluate the signals whose screen, entry or window a changed bar touches.

    Their states are told `again` also where they are what they were: a crash may have
    lost the rows of a change that was told, and that this one takes back.
    """
    if not indexes:
        return
    first, last = state.closed.position(min(indexes)), state.closed.position(max(indexes))
    appended = not again and first + len(indexes) == len(state.closed)
    if not appended:
        state.indicators.forget()
    if not state.signals:
        return
    if appended and _can_step(state, first):
        _step(state, first, effects)
        return
    state.running = None
    columns = state.columns()
    positions = entry_positions(state.closed, columns.generated_at_ms)
    moved = (positions <= last) & (positions + columns.window >= first)
    # What comes before the entry counts for the screen, as far as that looks back.
    screened = (positions > first) & (positions - LOOKBACK <= last)
    screened &= fresh_bars(state, columns, positions)
    chosen = moved | screened
    work = Work(first=first, last=last, again=again)
    _evaluate(state, _touched(state, columns.take(chosen), screened[chosen]), work, effects)


def evaluate_new(state: TickerState, entries: list[Entry], effects: Effects) -> None:
    """Evaluate signals on the bars that are already closed."""
    slots = np.array([state.signals.slot(each.signal_id) for each in entries], dtype=np.int64)
    columns = state.columns(slots)
    positions = entry_positions(state.closed, columns.generated_at_ms)
    screened = np.ones(len(entries), dtype=np.bool_)
    _evaluate(state, Touched(columns, positions, screened, entries), Work(new=True), effects)


def evaluate_one(state: TickerState, entry: Entry, told: Script | None, effects: Effects) -> None:
    """Evaluate a signal whose decisions changed, from its entry on."""
    generated = np.array([entry.generated_at_ms], dtype=np.int64)
    position = int(entry_positions(state.closed, generated)[0])
    before, facts, seen = entry.facts, NOT_ENTERED, list[Seen]()
    if position < len(state.closed):
        actions = state.actions.holding()
        path = observe(state.closed, state.calendar, actions, position, entry.claim)
        facts, seen = path.facts, seen_on(state, path, 1)
    entry.facts, _, _ = settle(entry, facts)
    if (entry.facts == NOT_ENTERED) != (before == NOT_ENTERED):
        state.running = None
    tell_state(state, entry, told, effects)
    if entry.facts not in (before, NOT_ENTERED):
        effects.add_observations(state, entry, seen)


def _can_step(state: TickerState, first: int) -> bool:
    """Say whether new last bars can be taken by columns alone."""
    book, closes = state.signals, state.closed.close_ms
    if book.untold or (state.pays_total_return and state.actions.holding().dividends):
        return False
    # A decision may have cancelled a signal before the entry that it would have now.
    since = int(closes[first - 1]) if first else -1
    generated = book.heads["generated_at_ms"]
    return not any(since <= generated[slot] < closes[-1] for slot in book.decided)


def _step(state: TickerState, first: int, effects: Effects) -> None:
    """Take the bars from a position to the last, one after the other."""
    running, waiting = state.catch_up(first)
    generated = state.signals.heads["generated_at_ms"]
    due, alone = [], first + 1 == len(state.closed)
    observed: Observed | None = None
    for position in range(first, len(state.closed)):
        splits = state.splits_at(position) if position else ()
        if len(running):
            tracked = running.slots
            observed = running.step(state.closed, splits)
            effects.add_observed(state, position, observed)
            jumps = state.jumps(position, splits)
            due.append(tracked if jumps else observed.due)
            alone = alone and not jumps
        else:
            running.position += 1
        entering = generated[waiting] < state.closed.close_ms[position]
        if entering.any():
            running.enter(state.signals, waiting[entering], float(state.closed.close[position]))
            due.append(waiting[entering])
            waiting = waiting[~entering]
    state.wait(waiting)
    due.append(_ahead(state, waiting))
    slots = np.concatenate(due)
    if alone and len(slots):
        slots = tell_alike(state, slots, observed, effects)
    if len(slots):
        _evaluate_due(state, first, slots, effects)


def _ahead(state: TickerState, waiting: Ints) -> Ints:
    """Return those who wait for an entry, and whose screen looks at the last bar."""
    if not len(waiting):
        return waiting
    columns = state.columns(waiting)
    return waiting[fresh_bars(state, columns, np.full(len(waiting), len(state.closed)))]


def _evaluate_due(state: TickerState, first: int, slots: Ints, effects: Effects) -> None:
    """Evaluate who has entered or matured, and whose screen looks at one of these bars."""
    last = len(state.closed) - 1
    chosen = state.columns(np.unique(slots))
    positions = entry_positions(state.closed, chosen.generated_at_ms)
    screened = (positions > first) & fresh_bars(state, chosen, positions)
    work = Work(first=first, last=last, observed=True)
    _evaluate(state, _touched(state, chosen, screened), work, effects)


def _touched(state: TickerState, columns: SignalColumns, screened: Mask) -> Touched:
    entries = [state.signals.entry(slot) for slot in columns.slots.tolist()]
    positions = entry_positions(state.closed, columns.generated_at_ms)
    return Touched(columns, positions, screened, entries)


def _evaluate(state: TickerState, touched: Touched, work: Work, effects: Effects) -> None:
    """Evaluate signals from a changed bar on, one path for all that share it."""
    groups: dict[tuple[int, Claim], list[tuple[Entry, Market | None]]] = defaultdict(list)
    for entry, position, market in zip(
        touched.entries, touched.positions.tolist(), _markets(state, touched), strict=True
    ):
        groups[position, entry.claim].append((entry, market))
    actions = state.actions.holding()
    for (position, claim), members in groups.items():
        facts, seen = NOT_ENTERED, list[Seen]()
        if position < len(state.closed):
            path = observe(state.closed, state.calendar, actions, position, claim)
            facts = path.facts
            # A changed entry bar moves every observation, a later one those from it on,
            # one before the entry none.
            if work.last >= position and not work.observed:
                seen = seen_on(state, path, max(work.first - position, 1))
        if work.new:
            _take_new(state, members, facts, seen, effects)
            continue
        for entry, market in members:
            _update(state, entry, Found(facts, market, seen), work, effects)


def _take_new(
    state: TickerState,
    members: Sequence[tuple[Entry, Market | None]],
    facts: Facts,
    seen: Sequence[Seen],
    effects: Effects,
) -> None:
    for entry, market in members:
        entry.facts = settle(entry, facts)[0] if entry.decisions else facts
        entry.market = market
    tell_new(state, [entry for entry, _ in members], effects)
    # One that was cancelled before its entry has none.
    for entry, _ in members if seen else ():
        if entry.facts != NOT_ENTERED:
            effects.add_observations(state, entry, seen)


def _update(state: TickerState, entry: Entry, found: Found, work: Work, effects: Effects) -> None:
    facts = settle(entry, found.facts)[0] if entry.decisions else found.facts
    same = facts == entry.facts and found.market == entry.market
    if work.again or not entry.told or not same:
        told = told_of(entry, state.calendar)
        entry.facts, entry.market = facts, found.market
        tell_state(state, entry, told, effects)
    if facts != NOT_ENTERED and found.seen:
        effects.add_observations(state, entry, found.seen)


def fresh_bars(state: TickerState, columns: SignalColumns, positions: Ints) -> Mask:
    """Say which signals have a bar before them that is young enough for a screen.

    So the screen of a signal of tomorrow is not computed at every bar of the past.
    """
    if not len(state.closed):
        return np.zeros(len(positions), dtype=np.bool_)
    last_bar = state.closed.index[np.maximum(positions - 1, 0)]
    fresh: Mask = (positions > 0) & (columns.index - last_bar <= columns.max_age)
    return fresh


def _markets(state: TickerState, touched: Touched) -> Iterator[Market | None]:
    """Yield what the bars before each signal say now, or said where those did not change."""
    fresh = fresh_bars(state, touched.columns, touched.positions)
    known: dict[int, Market | None] = {}
    for entry, position, is_fresh, is_screened in zip(
        touched.entries,
        touched.positions.tolist(),
        fresh.tolist(),
        touched.screened.tolist(),
        strict=True,
    ):
        if not is_screened:
            yield entry.market
        elif not is_fresh:
            yield None
        else:
            if position not in known:
                known[position] = state.market(position)
            yield known[position]
