"""The state of one ticker: open bars, closed bars, actions, signals."""

from dataclasses import dataclass

import numpy as np

from schemas.records import CorporateAction, Decision
from streams.domain.bars import Bar
from streams.domain.calendar import Ints, SessionCalendar, label_days
from streams.domain.observations import Split
from streams.domain.series import BarSeries
from streams.domain.signals import Entry


class Actions:
    """The corporate actions of a ticker: per (ex-date, kind) the greatest one holds."""

    __slots__ = ("_splits", "held")

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], CorporateAction] = {}
        self._splits: tuple[Split, ...] | None = ()

    def keep(self, action: CorporateAction) -> bool:
        """Keep an action; say whether it changed what holds."""
        key = action.ex_date, action.kind
        old = self.held.get(key)
        if old is not None and _action_order(old) >= _action_order(action):
            return False
        self.held[key] = action
        self._splits = None
        return True

    def splits(self) -> tuple[Split, ...]:
        """Return the splits that hold, in the order of their ex-dates."""
        if self._splits is None:
            self._splits = tuple(
                Split(self.day_of(self.held[key]), self.held[key].ratio or 1.0)
                for key in sorted(self.held)
                if key[1] == "split"
            )
        return self._splits

    @staticmethod
    def day_of(action: CorporateAction) -> int:
        """Return the ex-date as days since 1970."""
        return label_days(action.ex_date)


@dataclass(frozen=True, slots=True, eq=False)
class SignalColumns:
    """What of every signal decides whether a changed bar touches it."""

    entries: list[Entry]
    generated_at_ms: Ints
    window: Ints


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
            entries = list(self.signals.values())
            self._columns = SignalColumns(
                entries,
                np.array([each.payload.generated_at_ms for each in entries], dtype=np.int64),
                np.array([each.window for each in entries], dtype=np.int64),
            )
        return self._columns


def _action_order(action: CorporateAction) -> tuple[int, float]:
    size = action.ratio if action.kind == "split" else action.amount
    return action.revision, size or 0.0
