"""The state of one ticker: open bars, closed bars, actions, signals."""

from dataclasses import dataclass

import numpy as np

from schemas.records import CorporateAction, Decision
from streams.domain.bars import Bar
from streams.domain.calendar import Ints, SessionCalendar, label_days
from streams.domain.indicators import Indicators, Market
from streams.domain.observations import Dividend, Held, Split
from streams.domain.screen import max_age
from streams.domain.series import BarSeries
from streams.domain.signals import Entry


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
    """What of every signal decides whether a changed bar touches it.

    `index` is the session last closed when the signal was generated, `max_age` the
    number of sessions that its last bar may be older.
    """

    entries: list[Entry]
    generated_at_ms: Ints
    window: Ints
    index: Ints
    max_age: Ints

    def take(self, chosen: Ints) -> "SignalColumns":
        """Return the columns of the signals at these positions."""
        return SignalColumns(
            [self.entries[at] for at in chosen.tolist()],
            self.generated_at_ms[chosen],
            self.window[chosen],
            self.index[chosen],
            self.max_age[chosen],
        )


class TickerState:
    """Everything kept of one ticker."""

    __slots__ = (
        "_columns",
        "actions",
        "calendar",
        "closed",
        "compared",
        "early_decisions",
        "event_time_ms",
        "indicators",
        "name",
        "open",
        "signals",
    )

    def __init__(self, name: str, calendar: SessionCalendar) -> None:
        self.name = name
        self.calendar = calendar
        self.event_time_ms = -1
        self.open: dict[int, Bar] = {}
        self.closed = BarSeries(calendar)
        self.actions = Actions()
        self.indicators = Indicators()
        self.signals: dict[str, Entry] = {}
        self.early_decisions: dict[str, dict[str, Decision]] = {}
        self.compared = True
        self._columns: SignalColumns | None = None

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
        self.signals[entry.signal_id] = entry
        self._columns = None

    def closed_span_from(self, day: int) -> list[int]:
        """Return the first and last closed session on or after a day; none, where there is none."""
        position = int(np.searchsorted(self.calendar.days[self.closed.index], day))
        if position == len(self.closed):
            return []
        return [self.closed.index_at(position), self.closed.index_at(len(self.closed) - 1)]

    def columns(self) -> SignalColumns:
        """Return the columns of all signals, built again after a registration."""
        if self._columns is None:
            self._columns = self.columns_of(list(self.signals.values()))
        return self._columns

    def columns_of(self, entries: list[Entry]) -> SignalColumns:
        """Return the columns of some signals of this ticker."""
        generated = np.array([each.payload.generated_at_ms for each in entries], dtype=np.int64)
        return SignalColumns(
            entries,
            generated,
            np.array([each.window for each in entries], dtype=np.int64),
            self.calendar.last_closed(generated),
            np.array([max_age(each.policy) for each in entries], dtype=np.int64),
        )

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
