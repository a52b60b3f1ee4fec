"""After a restart: which signals' rows do not follow from the bars' rows."""

from collections.abc import Iterator

import numpy as np

from streams.domain.calendar import Ints, Mask
from streams.domain.evaluation import fresh_bars
from streams.domain.observations import NOT_ENTERED, entry_positions, observe
from streams.domain.packing import FACTS, packed_facts
from streams.domain.projection import settle
from streams.domain.state import TickerState


def compare(state: TickerState) -> None:
    """Find the signals whose rows do not follow from the bars' rows.

    A crash lost the latter. A life between that one and this may have told the world
    what followed from fewer bars, so that equal facts do not mean that they were told.
    """
    if state.compared:
        return
    state.compared = True
    if not state.signals:
        return
    columns = state.columns()
    positions = entry_positions(state.closed, columns.generated_at_ms)
    same = np.zeros(len(positions), dtype=np.bool_)
    actions = state.actions.holding()
    for position, slots in _groups(state, positions):
        entry = state.signals.entry(int(slots[0]))
        facts = NOT_ENTERED
        if position < len(state.closed):
            facts = observe(state.closed, state.calendar, actions, position, entry.claim).facts
        same[slots] = _hold(state, slots, packed_facts(facts))
        if facts.suspect_sessions:
            same[slots] = False
    same &= ~state.signals.with_extras()
    fresh = fresh_bars(state, columns, positions)
    for position in np.unique(positions).tolist():
        here = np.flatnonzero(positions == position)
        market = state.market(position) if fresh[here].any() else None
        for slots, found in ((here[fresh[here]], market), (here[~fresh[here]], None)):
            same[slots] &= state.signals.has_market(slots, found)
    _look_closely(state, np.flatnonzero(~same), positions, fresh)


def _look_closely(state: TickerState, slots: Ints, positions: Ints, fresh: Mask) -> None:
    for slot in slots.tolist():
        position = int(positions[slot])
        entry = state.signals.entry(slot)
        market = state.market(position) if fresh[slot] else None
        facts = NOT_ENTERED
        if position < len(state.closed):
            actions = state.actions.holding()
            facts = observe(state.closed, state.calendar, actions, position, entry.claim).facts
        if market != entry.market or settle(entry, facts)[0] != entry.facts:
            state.signals.untold.add(slot)


def _groups(state: TickerState, positions: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield the slots of signals that share an entry position, a claim and a policy."""
    heads = state.signals.heads
    keys = np.stack(
        [positions, *(heads[name].astype(np.int64) for name in ("action", "horizon", "policy"))]
    )
    _, group = np.unique(keys, axis=1, return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order])) + 1
    for slots in np.split(order, ends):
        yield int(positions[slots[0]]), slots


def _hold(state: TickerState, slots: Ints, packed: tuple[object, ...]) -> Mask:
    """Say which heads hold just these facts; NaN is like NaN."""
    found = state.signals.heads[FACTS][slots]
    expected = np.array([packed], dtype=found.dtype)
    equal = np.ones(len(slots), dtype=np.bool_)
    for name in FACTS:
        one, other = found[name], expected[name][0]
        equal &= (one == other) | ((one != one) & (other != other))  # noqa: PLR0124 - of NaN
    return equal
