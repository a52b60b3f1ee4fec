"""State of the domain to rows of the tables and back.

Signals are packed (`streams.domain.packing`), a million of them shall come back quickly; all
else is JSON in UTF-8.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import orjson

from schemas.codec import from_fields, to_fields
from schemas.records import CorporateAction, Decision
from streams import tables
from streams.domain.bars import Bar
from streams.domain.calendar import label_days
from streams.domain.effects import Effects
from streams.domain.packing import PackedError
from streams.domain.state import TickerState
from streams.domain.tracker import PartitionTracker
from streams.old_rows import is_old, old_entry

Rows = Mapping[str, Mapping[bytes, bytes]]


class StateError(Exception):
    """Say why the state in the tables cannot be used."""


def changed_rows(tracker: PartitionTracker, effects: Effects) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (table, key, value) of every row that a chunk changed.

    The open bars come last: a bar leaves them only when its closed row is there.
    """
    for name, index in sorted(effects.closed_bars):
        state = tracker.tickers[name]
        label = state.calendar.label(index)
        yield tables.CLOSED_BARS, f"{name}|{label}".encode(), _json(state.closed.bar(index))
    for name, signal_id in effects.signals:
        row = tracker.tickers[name].signals.row(signal_id)
        yield tables.SIGNALS, f"{name}|{signal_id}".encode(), row
    for name, signal_id in effects.decisions:
        held = _decisions_of(tracker.tickers[name], signal_id)
        row = orjson.dumps([to_fields(each) for each in held.values()])
        yield tables.DECISIONS, f"{name}|{signal_id}".encode(), row
    for name, ex_date, kind in effects.actions:
        action = tracker.tickers[name].actions.held[ex_date, kind]
        key = f"{name}|{ex_date}|{kind}".encode()
        yield tables.ACTIONS, key, orjson.dumps(to_fields(action))
    for name in effects.open_tickers:
        yield tables.OPEN_BARS, name.encode(), _open_row(tracker.tickers[name])


def all_rows(tracker: PartitionTracker) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (table, key, value) of the whole state, as if all of it had just changed."""
    effects = Effects()
    for name, state in tracker.tickers.items():
        effects.closed_bars |= {(name, index) for index, _ in state.closed.items()}
        effects.signals |= {(name, signal_id) for signal_id in state.signals}
        decided = [*state.early_decisions, *state.signals.ids(state.signals.decided)]
        effects.decisions |= {(name, signal_id) for signal_id in decided}
        effects.actions |= {(name, *key) for key in state.actions.held}
        if state.event_time_ms >= 0 or state.open:
            effects.open_tickers.add(name)
    return changed_rows(tracker, effects)


def restore(tracker: PartitionTracker, rows: Rows) -> None:
    """Fill an empty tracker from the rows of its partition; raise StateError."""
    try:
        _restore(tracker, rows)
    except PackedError as error:
        raise StateError(str(error)) from None
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        msg = f"expected rows as a worker writes them, was {type(error).__name__}: {error!s:.200}"
        raise StateError(msg) from error


def _restore(tracker: PartitionTracker, rows: Rows) -> None:
    for key, value in rows[tables.CLOSED_BARS].items():
        name, label = key.decode().split("|", 1)
        state = tracker.ticker(name)
        state.closed.put(_index(state, label), Bar(*orjson.loads(value)))
    for key, value in rows[tables.OPEN_BARS].items():
        _restore_open(tracker.ticker(key.decode()), value)
    for value in rows[tables.ACTIONS].values():
        action: CorporateAction = from_fields(CorporateAction, orjson.loads(value))
        tracker.ticker(action.ticker).actions.keep(action)
    _restore_signals(tracker, rows[tables.SIGNALS])
    for key, value in rows[tables.DECISIONS].items():
        name, signal_id = key.decode().split("|", 1)
        held = {each["decision_id"]: from_fields(Decision, each) for each in orjson.loads(value)}
        state = tracker.ticker(name)
        if signal_id in state.signals:
            state.signals.decide(signal_id, held)
        else:
            state.early_decisions[signal_id] = held
    for state in tracker.tickers.values():
        state.compared = False


def _restore_signals(tracker: PartitionTracker, rows: Mapping[bytes, bytes]) -> None:
    found: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
    old = []
    for key, row in rows.items():
        name, signal_id = key.decode().split("|", 1)
        if is_old(row):
            old.append((name, row))
        else:
            found[name].append((signal_id, row))
    for name, row in old:
        tracker.ticker(name).signals.keep(old_entry(row, tracker.rules.policies))
    for name, signals in found.items():
        tracker.ticker(name).signals.restore(signals)


def _decisions_of(state: TickerState, signal_id: str) -> dict[str, Decision]:
    entry = state.signals.get(signal_id)
    return entry.decisions if entry is not None else state.early_decisions[signal_id]


def _open_row(state: TickerState) -> bytes:
    # Sessions by label, not by index: another calendar version may number them otherwise.
    bars = {state.calendar.label(index): bar for index, bar in state.open.items()}
    return _json({"event_time_ms": state.event_time_ms, "bars": bars})


def _restore_open(state: TickerState, value: bytes) -> None:
    content = orjson.loads(value)
    state.advance(content["event_time_ms"])
    for label, fields in content["bars"].items():
        index = _index(state, label)
        # A crash between the two writes leaves a closed bar among the open ones, too.
        if index in state.closed:
            state.closed.put(index, Bar(*fields))
        else:
            state.open[index] = Bar(*fields)


def _index(state: TickerState, label: str) -> int:
    index = state.calendar.index_of(label_days(label))
    if index is None:
        msg = f"{state.name}: {label} is no session of {state.calendar.name} any more"
        raise StateError(msg)
    return index


def _json(content: object) -> bytes:
    # orjson leaves named tuples to us: they are rows here, hence arrays.
    return orjson.dumps(content, default=tuple)
