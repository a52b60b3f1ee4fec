"""PURE: which of several payloads with one signal id holds the row.

The least (generated_at_ms, payload_hash) holds it, whatever arrived first; of
the same payload the later record in the log does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sinks.sink import Fields


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Contender:
    """A payload that contends for a signal id; the least one holds it."""

    generated_at_ms: int
    payload_hash: str
    ticker: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedStates:
    """The states to store, and the payloads that lost their id (id, hash) -> contender."""

    holders: dict[str, Fields]
    lost: dict[tuple[str, str], Contender]


def fold_states(held: Mapping[str, Contender], states: Iterable[Fields]) -> FoldedStates:
    """Return what holds after these states, given what holds now."""
    contenders = dict(held)
    holders: dict[str, Fields] = {}
    lost: dict[tuple[str, str], Contender] = {}
    for state in states:
        signal_id = state["signal_id"]
        known = contenders.get(signal_id)
        if known is not None and not state["quarantined"] and _is_of(state, known):
            holders[signal_id] = state
            continue
        contender = contender_of(state)
        holding = contender if known is None else known
        if contender <= holding:
            contenders[signal_id] = contender
            holders[signal_id] = state
        if contender != holding:
            _lose(lost, signal_id, max(contender, holding))
        for each in state["quarantined"]:
            loser = Contender(
                generated_at_ms=each["generated_at_ms"],
                payload_hash=each["payload_hash"],
                ticker=state["ticker"],
            )
            _lose(lost, signal_id, loser)
    return FoldedStates(holders=holders, lost=lost)


def contender_of(state: Fields) -> Contender:
    """Return a signal's state as a contender for its id."""
    return Contender(
        generated_at_ms=state["payload"]["generated_at_ms"],
        payload_hash=state["payload_hash"],
        ticker=state["ticker"],
    )


def _is_of(state: Fields, held: Contender) -> bool:
    told = state["payload"]["generated_at_ms"], state["payload_hash"], state["ticker"]
    return told == (held.generated_at_ms, held.payload_hash, held.ticker)


def _lose(lost: dict[tuple[str, str], Contender], signal_id: str, contender: Contender) -> None:
    # Two states can name one lost payload; the lesser ticker, so that their order does not show.
    key = (signal_id, contender.payload_hash)
    lost[key] = min(lost.get(key, contender), contender, key=lambda each: each.ticker)
