"""What one chunk of events changed: records to publish, state to keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from schemas.policy import Policy
from schemas.records import SessionBar, SignalState, ValidationEvent
from streams.domain.lifecycle import revised_as
from streams.domain.observations import Path
from streams.domain.projection import project
from streams.domain.signals import Entry
from streams.domain.state import TickerState

Fields: TypeAlias = dict[str, Any]


class Seen(NamedTuple):
    """An observation without its signal: the same for all that share a path."""

    session_index: int
    close_ms: int
    fields: Fields


@dataclass(slots=True)
class Effects:
    """Collected by one chunk; everything in it goes out together.

    Observations are plain fields behind their session's close, by (ticker,
    session index); the sets name the state that changed, by ticker and its
    second key.
    """

    epoch: int = 0
    bars: dict[tuple[str, int], SessionBar] = field(default_factory=dict)
    observations: dict[tuple[str, int], tuple[int, list[Fields]]] = field(default_factory=dict)
    states: dict[tuple[str, str], SignalState] = field(default_factory=dict)
    events: list[ValidationEvent] = field(default_factory=list)
    policies: dict[str, Policy] = field(default_factory=dict)
    open_tickers: set[str] = field(default_factory=set)
    closed_bars: set[tuple[str, int]] = field(default_factory=set)
    signals: set[tuple[str, str]] = field(default_factory=set)
    decisions: set[tuple[str, str]] = field(default_factory=set)
    actions: set[tuple[str, str, str]] = field(default_factory=set)
    ignored: int = 0

    def add_bar(self, state: TickerState, index: int) -> None:
        """Put out a closed bar, and keep it."""
        self.closed_bars.add((state.name, index))
        bar = state.closed.bar(index)
        ratio, cash = state.actions_at(index)
        self.bars[state.name, index] = SessionBar(
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
            split_ratio=ratio,
            dividend=cash,
        )

    def add_observations(self, state: TickerState, entry: Entry, seen: Sequence[Seen]) -> None:
        """Put out what a path's sessions say about one of its signals."""
        who = {"signal_id": entry.signal_id, "payload_hash": entry.payload_hash}
        for index, close_ms, fields in seen:
            elements = self.observations.setdefault((state.name, index), (close_ms, []))[1]
            elements.append({**who, **fields})

    def add_state(
        self, state: TickerState, entry: Entry, told: Sequence[ValidationEvent] | None
    ) -> None:
        """Put out a signal's state, and the events not told before; None: no event."""
        signal_state, events = project(entry, state.calendar, self.epoch)
        key = state.name, entry.signal_id
        self.states[key] = signal_state
        self.signals.add(key)
        entry.told = True
        if told is None:
            return
        known = {each.event_id for each in told}
        told_before = {revised_as(each.to_status) for each in told}
        for event in events:
            if event.event_id in known:
                continue
            name = revised_as(event.to_status)
            again = name in told_before
            if again:
                entry.revisions[name] = event.revision + 1
            self.events.append(replace(event, revision=event.revision + again))


def seen_on(state: TickerState, path: Path, from_k: int) -> list[Seen]:
    """Return observations `from_k`, `from_k` + 1, ... of a path."""
    columns = (path.close, path.raw, path.signed, path.max_drawdown, path.mae, path.mfe)
    rows = zip(*(column[from_k - 1 :].tolist() for column in columns), strict=True)
    seen = []
    for k, (close, raw, signed, drawdown, mae, mfe) in enumerate(rows, from_k):
        index = state.closed.index_at(path.entry_position + k)
        fields = {
            "session": state.calendar.label(index),
            "k": k,
            "close": close,
            "raw_return": raw,
            "signed_return": signed,
            "max_drawdown": drawdown,
            "mae": mae,
            "mfe": mfe,
        }
        seen.append(Seen(index, state.calendar.closes[index], fields))
    return seen
