"""What one chunk of events changed: records to publish, state to keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from schemas.codec import decode, encode
from schemas.observation_codec import (
    Block,
    Claims,
    element_head,
    element_tail,
    encode_elements,
)
from schemas.policy import Policy
from schemas.records import SessionBar, SignalState, ValidationEvent
from streams.domain.observations import Path
from streams.domain.running import Observed
from streams.domain.signals import Entry
from streams.domain.state import TickerState
from streams.domain.telling_alike import Said
from streams.domain.telling_state import Script, new_events, say


class Seen(NamedTuple):
    """An observation without its signal, encoded: the same for all that share a path."""

    session_index: int
    content: bytes


class Told(NamedTuple):
    """What one session says about the signals of its ticker, encoded."""

    session: str
    close_ms: int
    blocks: list[Block]


@dataclass(slots=True)
class Effects:
    """Collected by one chunk; everything in it goes out together.

    States and events are encoded, the latter behind the id of their signal.
    Observations are by (ticker, session index); the sets name the state that
    changed, by ticker and its second key.
    """

    epoch: int = 0
    bars: dict[tuple[str, int], SessionBar] = field(default_factory=dict)
    observations: dict[tuple[str, int], Told] = field(default_factory=dict)
    state_values: dict[tuple[str, str], bytes] = field(default_factory=dict)
    event_values: list[tuple[str, bytes]] = field(default_factory=list)
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
        who = element_head(entry.signal_id, entry.payload_hash)
        for index, content in seen:
            self._told(state, index).append(Block(1, who + content))

    def add_observed(self, state: TickerState, position: int, observed: Observed) -> None:
        """Put out what a new last bar says about the tracked signals."""
        index = state.closed.index_at(position)
        book = state.signals
        claims = Claims(book.ids(observed.slots.tolist()), book.hashes(observed.slots))
        session = state.calendar.label(index)
        blocks = encode_elements(claims, session, observed.k, observed.floats)
        self._told(state, index).extend(blocks)

    def _told(self, state: TickerState, index: int) -> list[Block]:
        key = state.name, index
        if key not in self.observations:
            calendar = state.calendar
            self.observations[key] = Told(calendar.label(index), calendar.closes[index], [])
        return self.observations[key].blocks

    def add_state(self, state: TickerState, entry: Entry, told: Script | None) -> None:
        """Put out a signal's state, and the events not told before; None: no event."""
        said = say(entry, state.name, state.calendar, self.epoch)
        key = state.name, entry.signal_id
        self.state_values[key] = said.state
        self.signals.add(key)
        entry.told = True
        if told is not None:
            for value in new_events(said, told, entry.revisions, self.epoch):
                self.event_values.append((entry.signal_id, value))

    def add_said(self, ticker: str, said: Said) -> None:
        """Put out states and events of signals that are told together."""
        for signal_id, value in said.states:
            key = ticker, signal_id
            self.state_values[key] = value
            self.signals.add(key)
        self.event_values += said.events

    def add_event(self, event: ValidationEvent) -> None:
        """Put out an event that belongs to no state."""
        self.event_values.append((event.signal_id, encode(event)))

    @property
    def states(self) -> dict[tuple[str, str], SignalState]:
        """Return the states, decoded."""
        return {key: cast(SignalState, decode(value)) for key, value in self.state_values.items()}

    @property
    def events(self) -> tuple[ValidationEvent, ...]:
        """Return the events, decoded."""
        return tuple(cast(ValidationEvent, decode(value)) for _, value in self.event_values)


def seen_on(state: TickerState, path: Path, from_k: int) -> list[Seen]:
    """Return observations `from_k`, `from_k` + 1, ... of a path."""
    columns = (path.close, path.raw, path.signed, path.max_drawdown, path.mae, path.mfe)
    rows = zip(*(column[from_k - 1 :].tolist() for column in columns), strict=True)
    seen = []
    for k, floats in enumerate(rows, from_k):
        index = state.closed.index_at(path.entry_position + k)
        seen.append(Seen(index, element_tail(state.calendar.label(index), k, floats)))
    return seen
