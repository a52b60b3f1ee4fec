"""Signals to which a new last bar adds something, group by group.

Most of those that enter, end their horizon or mature at a close are like many others of their
ticker: head and payload, no decision, nothing that is told again. What a group shares is worked
out once, from the columns that were stepped. All others are left to `evaluation`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.domain.calendar import Ints
from streams.domain.effects import Effects
from streams.domain.indicators import Market
from streams.domain.observations import (
    Facts,
    HorizonEnd,
    entry_positions,
    facts_at_horizon,
    facts_at_last,
)
from streams.domain.running import Observed
from streams.domain.signals import Entry, Member
from streams.domain.state import TickerState
from streams.domain.telling_alike import Template
from streams.domain.telling_state import NOTHING_TOLD, Script


class _Group(NamedTuple):
    """Signals of one policy, claim, state, market and entry."""

    slots: list[int]
    members: list[Member]


def tell_alike(state: TickerState, slots: Ints, observed: Observed | None, to: Effects) -> Ints:
    """Tell what the last bar adds to some signals; return those that are left.

    `observed` is what it says of the tracked ones. A signal among them that waits for its entry
    has that bar before it.
    """
    plain = state.signals.plain(slots)
    chosen = slots[plain]
    if not len(chosen):
        return slots
    last = len(state.closed) - 1
    columns = state.columns(chosen)
    position = entry_positions(state.closed, columns.generated_at_ms)
    market = state.market(last + 1) if bool((position > last).any()) else None
    for group, at in _groups(state, chosen, columns.index, position):
        entry = state.signals.entry(group.slots[0])
        new = _changed(state, entry, at - last, market, observed)
        if new is not None:
            _tell(state, group, new, to)
    return slots[~plain]


def tell_state(state: TickerState, entry: Entry, told: Script | None, effects: Effects) -> None:
    """Put out a signal's state, and keep its entry."""
    effects.add_state(state, entry, told)
    state.signals.keep(entry)


def _groups(
    state: TickerState, slots: Ints, index: Ints, position: Ints
) -> list[tuple[_Group, int]]:
    """Return groups, each with the position of its entry."""
    found: defaultdict[tuple[bytes, int], _Group] = defaultdict(lambda: _Group([], []))
    keys = zip(slots.tolist(), state.signals.alike(slots, index), position.tolist(), strict=True)
    for slot, (shared, member), at in keys:
        group = found[shared, at]
        group.slots.append(slot)
        group.members.append(member)
    return [(group, at) for (_, at), group in found.items()]


def _changed(
    state: TickerState, entry: Entry, since: int, market: Market | None, observed: Observed | None
) -> tuple[Entry, Facts, Market | None] | None:
    """Return a signal with its facts and market as they are now; None where nothing changed.

    `since` is where its entry stands, from the last bar on: 1 is ahead.
    """
    index = state.closed.index_at(len(state.closed) - 1)
    facts = entry.facts
    if since > 0:
        return None if market == entry.market else (entry, facts, market)
    if not since:
        calendar = state.calendar
        price = float(state.closed.close[-1])
        facts = Facts(calendar.label(index), index, calendar.closes[index], price)
    elif observed is not None:
        facts = _further(state, entry, index, observed)
    return None if facts == entry.facts else (entry, facts, entry.market)


def _further(state: TickerState, entry: Entry, index: int, observed: Observed) -> Facts:
    """Return the facts of a tracked signal with those that the bar adds."""
    at = int(np.flatnonzero(observed.slots == state.signals.slot(entry.signal_id))[0])
    facts, claim, k = entry.facts, entry.claim, int(observed.k[at])
    _, raw, signed, max_drawdown, mae, mfe = observed.floats[at].tolist()
    if k == claim.horizon:
        end = HorizonEnd(index, raw, signed, mae, mfe)
        facts = facts_at_horizon(facts, end, state.calendar, claim)
    if k == claim.window:
        facts = facts_at_last(facts, index, max_drawdown, state.calendar)
    return facts


def _tell(
    state: TickerState, group: _Group, new: tuple[Entry, Facts, Market | None], to: Effects
) -> None:
    """Tell a group what it is now, and keep it."""
    entry, facts, market = new
    told = 0 if entry.facts.entry_session is None else 1
    entry.facts, entry.market = facts, market
    template = Template(entry, told, state.name, state.calendar, to.epoch)
    to.add_said(state.name, template.say(group.members))
    state.signals.keep_facts(group.slots, entry)


def tell_new(state: TickerState, entries: Sequence[Entry], to: Effects) -> None:
    """Tell signals that were kept a moment ago; they share claim and facts, which are in them."""
    found: defaultdict[tuple[str, Market | None], list[Entry]] = defaultdict(list)
    for entry in entries:
        odd = entry.decisions or entry.quarantined or entry.revisions
        if odd or entry.facts.suspect_sessions or not entry.told:
            tell_state(state, entry, NOTHING_TOLD, to)
        else:
            found[entry.policy.hash, entry.market].append(entry)
    for alike in found.values():
        template = Template(alike[0], 0, state.name, state.calendar, to.epoch)
        to.add_said(state.name, template.say([_member(state, each) for each in alike], new=True))
        slots = [state.signals.slot(each.signal_id) for each in alike]
        state.signals.keep_facts(slots, alike[0])


def _member(state: TickerState, entry: Entry) -> Member:
    return Member(
        entry.signal_id,
        bytes.fromhex(entry.payload_hash),
        entry.body,
        entry.generated_at_ms,
        -1 if entry.published_ms is None else entry.published_ms,
        state.calendar.last_closed_at(entry.generated_at_ms),
    )
