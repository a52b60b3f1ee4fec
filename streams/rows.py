"""State of the domain to rows of the tables and back; JSON in UTF-8."""

from collections.abc import Iterator, Mapping

import orjson

from schemas.codec import from_fields, to_fields
from schemas.records import CorporateAction, Decision, Quarantined, Signal
from streams import tables
from streams.domain.bars import Bar
from streams.domain.calendar import label_days
from streams.domain.effects import Effects
from streams.domain.indicators import Market
from streams.domain.observations import Facts
from streams.domain.signals import Entry
from streams.domain.state import TickerState
from streams.domain.tracker import PartitionTracker

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
        entry = tracker.tickers[name].signals[signal_id]
        yield tables.SIGNALS, f"{name}|{signal_id}".encode(), _entry_row(entry)
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


def restore(tracker: PartitionTracker, rows: Rows) -> None:
    """Fill an empty tracker from the rows of its partition."""
    for key, value in rows[tables.CLOSED_BARS].items():
        name, label = key.decode().split("|", 1)
        state = tracker.ticker(name)
        state.closed.put(_index(state, label), Bar(*orjson.loads(value)))
    for key, value in rows[tables.OPEN_BARS].items():
        _restore_open(tracker.ticker(key.decode()), value)
    for value in rows[tables.ACTIONS].values():
        action: CorporateAction = from_fields(CorporateAction, orjson.loads(value))
        tracker.ticker(action.ticker).actions.keep(action)
    for key, value in rows[tables.SIGNALS].items():
        name = key.decode().split("|", 1)[0]
        tracker.ticker(name).register(_entry(tracker, value))
    for key, value in rows[tables.DECISIONS].items():
        name, signal_id = key.decode().split("|", 1)
        held = {each["decision_id"]: from_fields(Decision, each) for each in orjson.loads(value)}
        state = tracker.ticker(name)
        if signal_id in state.signals:
            state.signals[signal_id].decisions = held
        else:
            state.early_decisions[signal_id] = held
    for state in tracker.tickers.values():
        state.compared = False


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


def _entry_row(entry: Entry) -> bytes:
    payload = {name: value for name, value in to_fields(entry.payload).items() if value is not None}
    return _json(
        {
            "payload": payload,
            "hash": entry.payload_hash,
            "policy": entry.policy.hash,
            "facts": entry.facts,
            "market": entry.market,
            "published_ms": entry.published_ms,
            "quarantined": [to_fields(each) for each in entry.quarantined],
            "revisions": entry.revisions,
        }
    )


def _entry(tracker: PartitionTracker, value: bytes) -> Entry:
    content = orjson.loads(value)
    payload: Signal = from_fields(Signal, content["payload"])
    policy = tracker.rules.policies.at(payload.generated_at_ms)
    if policy.hash != content["policy"]:
        msg = (
            f"signal {payload.signal_id}: expected policy hash {content['policy'][:12]} as in the"
            f" state, was {policy.hash[:12]}: a version in use must not change; add a new version"
        )
        raise StateError(msg)
    facts, market = Facts(*content["facts"]), content["market"]
    return Entry(
        payload=payload,
        payload_hash=content["hash"],
        policy=policy,
        facts=facts._replace(suspect_sessions=tuple(facts.suspect_sessions)),
        market=None if market is None else Market(*market),
        published_ms=content["published_ms"],
        quarantined=[Quarantined(**each) for each in content["quarantined"]],
        revisions=content["revisions"],
    )


def _json(content: object) -> bytes:
    # orjson leaves named tuples to us: they are rows here, hence arrays.
    return orjson.dumps(content, default=tuple)
