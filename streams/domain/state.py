"""The state of one ticker: open bars, closed bars, actions, signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from schemas.policy import PolicyVersions
from schemas.records import CorporateAction, Decision
from streams.domain.bars import Bar
from streams.domain.calendar import Ints, Mask, SessionCalendar, label_days
from streams.domain.indicators import Indicators, Market
from streams.domain.observations import Dividend, Held, Split
from streams.domain.running import Running
from streams.domain.screen import max_age
from streams.domain.series import BarSeries
from streams.domain.signal_book import SignalBook
from streams.domain.signals import Entry
from streams.domain.ticks import NO_DAY

# The closer look computes moves from prices on the basis of each entry, which rounds otherwise.
_NEAR = 0.99


class Actions:
    """The corporate actions of a ticker: per (ex-date, kind) the greatest one holds."""

    __slots__ = ("_holding", "held")

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], CorporateAction] = {}
        self._holding: Held | None = Held()

    def keep(self, action: CorporateAction) -> bool:
        """Keep an action; say whether it changed what holds."""
        key = action.ex_date, action.kind
        old = self.held.get(key)
        if old is not None and _action_order(old) >= _action_order(action):
            return False
        self.held[key] = action
        self._holding = None
        return True

    def holding(self) -> Held:
        """Return the splits and dividends that hold, in the order of their ex-dates."""
        if self._holding is None:
            ordered = [self.held[key] for key in sorted(self.held)]
            self._holding = Held(
                tuple(
                    Split(self.day_of(each), each.ratio or 1.0)
                    for each in ordered
                    if each.kind == "split"
                ),
                tuple(
                    Dividend(self.day_of(each), each.amount or 0.0)
                    for each in ordered
                    if each.kind == "dividend"
                ),
            )
        return self._holding

    def since(self, before: int, day: int) -> tuple[float, float]:
        """Return what one share becomes, and is paid, by ex-dates after `before` up to `day`."""
        shares, cash = 1.0, 0.0
        for key in sorted(self.held):  # on one date the dividend comes before the split
            if before < label_days(key[0]) <= day:
                action = self.held[key]
                cash += shares * (action.amount or 0.0)
                shares *= action.ratio or 1.0
        return min(max(shares, 1e-100), 1e100), min(cash, 1e100)

    @staticmethod
    def day_of(action: CorporateAction) -> int:
        """Return the ex-date as days since 1970."""
        return label_days(action.ex_date)


@dataclass(frozen=True, slots=True, eq=False)
class SignalColumns:
    """What of some signals decides whether a changed bar touches them.

    `slots` are their places in the book, `index` the session last closed when each was
    generated, `max_age` the number of sessions that its last bar may be older.
    """

    slots: Ints
    generated_at_ms: Ints
    window: Ints
    index: Ints
    max_age: Ints

    def take(self, chosen: Ints | Mask) -> "SignalColumns":
        """Return the columns of the chosen signals, by mask or positions."""
        return SignalColumns(
            self.slots[chosen],
            self.generated_at_ms[chosen],
            self.window[chosen],
            self.index[chosen],
            self.max_age[chosen],
        )


class TickerState:
    """Everything kept of one ticker."""

    __slots__ = (
        "_waiting", "actions", "calendar", "closed", "compared", "early_decisions",
        "event_time_ms", "indicators", "name", "open", "policies", "running", "signals",
    )  # fmt: skip

    def __init__(self, name: str, calendar: SessionCalendar, policies: PolicyVersions) -> None:
        self.name = name
        self.calendar = calendar
        self.policies = policies
        self.event_time_ms = -1
        self.open: dict[int, Bar] = {}
        self.closed = BarSeries(calendar)
        self.actions = Actions()
        self.indicators = Indicators()
        self.signals = SignalBook(calendar, policies)
        self.early_decisions: dict[str, dict[str, Decision]] = {}
        self.compared = True
        self.running: Running | None = None
        self._waiting: list[int] = []

    def advance(self, time_ms: int) -> bool:
        """Advance the ticker's event time; say whether it moved."""
        if time_ms <= self.event_time_ms:
            return False
        self.event_time_ms = time_ms
        return True

    def close_complete(self, lateness_ms: int) -> list[int]:
        """Move the complete bars from open to closed; return their sessions."""
        complete = [
            index
            for index, bar in self.open.items()
            if bar.final_seen or self.event_time_ms >= self.calendar.closes[index] + lateness_ms
        ]
        for index in complete:
            self.closed.put(index, self.open.pop(index))
        return complete

    def register(self, entry: Entry) -> None:
        """Put a signal in, or in the place of one with the same id."""
        known = entry.signal_id in self.signals
        self.signals.keep(entry)
        before = len(self.closed) and entry.generated_at_ms < self.closed.close_ms[-1]
        if known or before:
            self.running = None
        else:
            self._waiting.append(self.signals.slot(entry.signal_id))

    def closed_span_from(self, day: int) -> list[int]:
        """Return the first and last closed session on or after a day; none, where there is none."""
        position = int(np.searchsorted(self.calendar.days[self.closed.index], day))
        if position == len(self.closed):
            return []
        return [self.closed.index_at(position), self.closed.index_at(len(self.closed) - 1)]

    def columns(self, slots: Ints | None = None) -> SignalColumns:
        """Return the columns of all signals, or of those at some places."""
        heads = self.signals.heads
        if slots is None:
            slots = np.arange(len(heads))
        generated = heads["generated_at_ms"][slots]
        return SignalColumns(
            slots,
            generated,
            heads["window"][slots].astype(np.int64),
            self.calendar.last_closed(generated),
            self._max_ages(generated),
        )

    @property
    def pays_total_return(self) -> bool:
        """Say whether dividends count for some signals."""
        return any(each.total_return for each in self.policies.versions)

    def jumps(self, position: int, splits: Sequence[Split]) -> bool:
        """Say whether the move to a bar may be suspect; near the guard it is looked at closely."""
        before, after = self.closed.close[position - 1 : position + 1].tolist()
        for split in splits:
            after *= split.ratio
        guard = min(each.jump_guard for each in self.policies.versions)
        return not abs(after / before - 1) <= _NEAR * guard

    def catch_up(self, position: int) -> tuple[Running, Ints]:
        """Return what is tracked up to the bar before a position, and who waits for an entry.

        Both are built from the bars where something other than a new bar has come.
        """
        if self.running is None or self.running.position != position - 1:
            self._rebuild(position)
        running = cast(Running, self.running)
        return running, np.array(self._waiting, dtype=np.int64)

    def wait(self, slots: Ints) -> None:
        """Note who still waits for an entry."""
        self._waiting = slots.tolist()

    def splits_at(self, position: int) -> tuple[Split, ...]:
        """Return the splits with an ex-date after the bar before a position, up to its bar."""
        splits = self.actions.holding().splits
        if not splits:
            return ()
        before, day = (
            int(self.calendar.days[self.closed.index_at(each)]) for each in (position - 1, position)
        )
        return tuple(each for each in splits if before < each.ex_day <= day)

    def _rebuild(self, position: int) -> None:
        heads = self.signals.heads
        found = np.searchsorted(
            self.closed.close_ms[:position], heads["generated_at_ms"], side="right"
        )
        self._waiting = np.flatnonzero(found == position).tolist()
        tracked = (found + heads["window"] >= position) & (found < position)
        # Who was cancelled before its entry has none.
        slots = np.flatnonzero(tracked & (heads["entry_day"] != NO_DAY))
        entries = found[slots]
        self.running = Running(int(entries.min()) if len(slots) else position - 1)
        for at in range(self.running.position, position):
            if at > self.running.position:
                self.running.step(self.closed, self.splits_at(at))
            self.running.enter(self.signals, slots[entries == at], float(self.closed.close[at]))

    def _max_ages(self, generated_at_ms: Ints) -> Ints:
        versions = self.policies.versions
        ages = np.array([max_age(each) for each in versions], dtype=np.int64)
        if len(versions) == 1:
            return np.full(len(generated_at_ms), ages[0])
        starts = np.array([each.effective_from_ms for each in versions], dtype=np.int64)
        found: Ints = ages[
            np.maximum(np.searchsorted(starts, generated_at_ms, side="right") - 1, 0)
        ]
        return found

    def actions_at(self, index: int) -> tuple[float, float]:
        """Return the split ratio and the dividend between the bar before a closed one and it."""
        position = self.closed.position(index)
        if not self.actions.held or not position:
            return 1.0, 0.0
        days = self.calendar.days
        return self.actions.since(int(days[self.closed.index_at(position - 1)]), int(days[index]))

    def market(self, position: int) -> Market | None:
        """Return what the bars before a position say to a screen."""
        return self.indicators.at(
            self.closed, self.calendar, self.actions.holding().splits, position
        )


def _action_order(action: CorporateAction) -> tuple[int, float]:
    size = action.ratio if action.kind == "split" else action.amount
    return action.revision, size or 0.0
