"""Which signals a changed bar touches, and what it makes of them.

Signals with one entry and one claim share a path; signals before whose entry the
same bar stands share a market. What follows goes into `Effects`.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from schemas.records import ValidationEvent
from streams.domain.calendar import Ints, Mask
from streams.domain.effects import Effects, Seen, seen_on
from streams.domain.indicators import LOOKBACK, Market
from streams.domain.observations import NOT_ENTERED, Claim, Facts, entry_positions, observe
from streams.domain.projection import project, settle
from streams.domain.signals import Entry
from streams.domain.state import SignalColumns, TickerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Why signals are evaluated: they are new, or the bars at positions first..last changed."""

    first: int = 0
    last: int = sys.maxsize
    new: bool = False
    again: bool = False


class Touched(NamedTuple):
    """Signals to evaluate: their entry positions, and whether the bars before those changed."""

    columns: SignalColumns
    positions: Ints
    screened: Mask


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
    if again or first + len(indexes) < len(state.closed):
        state.indicators.forget()
    if not state.signals:
        return
    columns = state.columns()
    positions = entry_positions(state.closed, columns.generated_at_ms)
    moved = (positions <= last) & (positions + columns.window >= first)
    # What comes before the entry counts for the screen, as far as that looks back.
    screened = (positions > first) & (positions - LOOKBACK <= last)
    screened &= _fresh(state, columns, positions)
    chosen = np.flatnonzero(moved | screened)
    work = Work(first=first, last=last, again=again)
    touched = Touched(columns.take(chosen), positions[chosen], screened[chosen])
    _evaluate(state, touched, work, effects)


def evaluate_new(state: TickerState, entries: list[Entry], effects: Effects) -> None:
    """Evaluate signals on the bars that are already closed."""
    columns = state.columns_of(entries)
    positions = entry_positions(state.closed, columns.generated_at_ms)
    screened = np.ones(len(entries), dtype=np.bool_)
    _evaluate(state, Touched(columns, positions, screened), Work(new=True), effects)


def evaluate_one(
    state: TickerState, entry: Entry, told: Sequence[ValidationEvent], effects: Effects
) -> None:
    """Evaluate a signal whose decisions changed, from its entry on."""
    generated = np.array([entry.payload.generated_at_ms], dtype=np.int64)
    position = int(entry_positions(state.closed, generated)[0])
    before, facts, seen = entry.facts, NOT_ENTERED, list[Seen]()
    if position < len(state.closed):
        actions = state.actions.holding()
        path = observe(state.closed, state.calendar, actions, position, entry.claim)
        facts, seen = path.facts, seen_on(state, path, 1)
    entry.facts, _, _ = settle(entry, facts)
    effects.add_state(state, entry, told)
    if entry.facts not in (before, NOT_ENTERED):
        effects.add_observations(state, entry, seen)


def compare(state: TickerState) -> None:
    """After a restart, find the signals whose rows do not follow from the bars' rows.

    A crash lost the latter. A life between that one and this may have told the world
    what followed from fewer bars, so that equal facts do not mean that they were told.
    """
    if state.compared:
        return
    state.compared = True
    columns = state.columns()
    positions = entry_positions(state.closed, columns.generated_at_ms)
    markets = _markets(state, Touched(columns, positions, np.ones(len(positions), dtype=np.bool_)))
    actions, facts_of = state.actions.holding(), dict[tuple[int, Claim], Facts]()
    for entry, position, market in zip(columns.entries, positions.tolist(), markets, strict=True):
        facts = NOT_ENTERED
        if position < len(state.closed):
            key = position, entry.claim
            if key not in facts_of:
                facts_of[key] = observe(state.closed, state.calendar, actions, *key).facts
            facts = facts_of[key]
        if facts != entry.facts or market != entry.market:
            entry.told = market == entry.market and settle(entry, facts)[0] == entry.facts


def _evaluate(state: TickerState, touched: Touched, work: Work, effects: Effects) -> None:
    """Evaluate signals from a changed bar on, one path for all that share it."""
    groups: dict[tuple[int, Claim], list[tuple[Entry, Market | None]]] = defaultdict(list)
    for entry, position, market in zip(
        touched.columns.entries,
        touched.positions.tolist(),
        _markets(state, touched),
        strict=True,
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
            if work.last >= position:
                seen = seen_on(state, path, max(work.first - position, 1))
        for entry, market in members:
            _update(state, entry, Found(facts, market, seen), work, effects)


def _update(state: TickerState, entry: Entry, found: Found, work: Work, effects: Effects) -> None:
    facts = settle(entry, found.facts)[0] if entry.decisions else found.facts
    same = facts == entry.facts and found.market == entry.market
    if work.new or work.again or not entry.told or not same:
        told = [] if work.new else project(entry, state.calendar, effects.epoch).events
        entry.facts, entry.market = facts, found.market
        effects.add_state(state, entry, told)
    if facts != NOT_ENTERED:
        effects.add_observations(state, entry, found.seen)


def _fresh(state: TickerState, columns: SignalColumns, positions: Ints) -> Mask:
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
    columns, positions, screened = touched
    fresh = _fresh(state, columns, positions)
    known: dict[int, Market | None] = {}
    for entry, position, is_fresh, is_screened in zip(
        columns.entries, positions.tolist(), fresh.tolist(), screened.tolist(), strict=True
    ):
        if not is_screened:
            yield entry.market
        elif not is_fresh:
            yield None
        else:
            if position not in known:
                known[position] = state.market(position)
            yield known[position]
