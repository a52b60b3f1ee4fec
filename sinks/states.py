"""PURE: which of several payloads with one signal id holds the row.

The least (generated_at_ms, payload_hash) holds it, whatever arrived first; of
the same payload the later record in the log does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sinks.sink import Fields


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Claim:
    """A payload's claim on a signal id; the least one holds."""

    generated_at_ms: int
    payload_hash: str
    ticker: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedStates:
    """The states to store, and the payloads that lost their id (id, hash) -> claim."""

    holders: dict[str, Fields]
    lost: dict[tuple[str, str], Claim]


def fold_states(held: Mapping[str, Claim], states: Iterable[Fields]) -> FoldedStates:
    """Return what holds after these states, given the claims that hold now."""
    claims = dict(held)
    holders: dict[str, Fields] = {}
    lost: dict[tuple[str, str], Claim] = {}
    for state in states:
        signal_id = state["signal_id"]
        claim = claim_of(state)
        holding = claims.get(signal_id, claim)
        if claim <= holding:
            claims[signal_id] = claim
            holders[signal_id] = state
        if claim != holding:
            _lose(lost, signal_id, max(claim, holding))
        for each in state["quarantined"]:
            known = Claim(
                generated_at_ms=each["generated_at_ms"],
                payload_hash=each["payload_hash"],
                ticker=state["ticker"],
            )
            _lose(lost, signal_id, known)
    return FoldedStates(holders=holders, lost=lost)


def claim_of(state: Fields) -> Claim:
    """Return the claim that a signal's state makes."""
    return Claim(
        generated_at_ms=state["payload"]["generated_at_ms"],
        payload_hash=state["payload_hash"],
        ticker=state["ticker"],
    )


def _lose(lost: dict[tuple[str, str], Claim], signal_id: str, claim: Claim) -> None:
    # Two states can name one lost payload; the lesser ticker, so that their order does not show.
    key = (signal_id, claim.payload_hash)
    lost[key] = min(lost.get(key, claim), claim, key=lambda each: each.ticker)
