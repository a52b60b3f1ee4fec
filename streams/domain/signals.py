"""A registered signal, and which payload holds an id."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.codec import decode_body, encode_body, to_fields
from schemas.identity import complete_payload, digest, payload_hash
from schemas.policy import Policy, PolicyVersions
from schemas.records import Decision, Quarantined, Signal
from schemas.signal_asked import Asked, read_asked
from streams.domain.indicators import Market
from streams.domain.observations import NOT_ENTERED, Claim, Facts

# Of one signal: its row and its state have to pass a broker. The least are kept, whatever came
# first.
MAX_KEPT = 100


class Entry:
    """What the worker knows of one signal: no entry per session, ever.

    `facts` and `market` are those last told to the world, as far as this life knows:
    `told` is false where an earlier one may have told others since. `revisions` count how
    often a transition was told again, by `lifecycle.revised_as`. `published_ms` is the earliest
    Kafka time of the payload, None where publishing times say nothing.

    An entry is made from the book for the moment (`streams.domain.signal_book`): what is
    changed in it counts when it is kept there again. Its payload is decoded when it is asked for.
    """

    __slots__ = (
        "_asked", "_payload", "action", "decisions", "facts", "generated_at_ms", "horizon",
        "market", "packed", "payload_hash", "policy", "published_ms", "quarantined",
        "revisions", "signal_id", "told", "window",
    )  # fmt: skip

    def __init__(
        self,
        *,
        payload: Signal | None = None,
        packed: bytes = b"",
        payload_hash: str,
        policy: Policy,
        claimed: tuple[str, str, int, int] | None = None,
        facts: Facts = NOT_ENTERED,
        market: Market | None = None,
        published_ms: int | None = None,
        quarantined: list[Quarantined] | None = None,
        decisions: dict[str, Decision] | None = None,
        revisions: dict[str, int] | None = None,
        told: bool = True,
    ) -> None:
        """Take a payload, or its Avro body and what was `claimed`: id, action, time, horizon."""
        self._payload = payload
        self._asked: Signal | Asked | None = payload
        self.packed = packed
        if claimed is None:
            full = self.payload
            claimed = (
                full.signal_id or "", full.action, full.generated_at_ms, full.horizon_sessions or 1
            )  # fmt: skip
        self.signal_id, self.action, self.generated_at_ms, self.horizon = claimed
        self.payload_hash = payload_hash
        self.policy = policy
        self.window = max(self.horizon, policy.min_sessions)
        self.facts = facts
        self.market = market
        self.published_ms = published_ms
        self.quarantined: list[Quarantined] = [] if quarantined is None else quarantined
        self.decisions: dict[str, Decision] = {} if decisions is None else decisions
        self.revisions: dict[str, int] = {} if revisions is None else revisions
        self.told = told

    @property
    def payload(self) -> Signal:
        """Return the complete payload: with its id and its horizon."""
        if self._payload is None:
            self._payload = decode_body(Signal, self.packed)
        return self._payload

    @property
    def asked(self) -> Signal | Asked:
        """Return what of the payload is looked at again and again, without decoding it all."""
        if self._asked is None:
            self._asked = read_asked(self.packed, self.action, self.horizon) or self.payload
        return self._asked

    @property
    def body(self) -> bytes:
        """Return the payload as an Avro body."""
        if not self.packed:
            self.packed = encode_body(self.payload)
        return self.packed

    @property
    def claim(self) -> Claim:
        """Return what the evaluation depends on."""
        policy = self.policy
        return Claim(
            self.action,
            self.horizon,
            self.window,
            policy.cost_bps_per_side,
            policy.hold_band,
            policy.jump_guard,
            policy.total_return,
        )

    @property
    def backdated(self) -> bool | None:
        """Say whether a live signal was published after its entry's close; None: not known."""
        close_ms = self.facts.entry_close_ms
        if self.published_ms is None or close_ms is None or self.asked.data_kind != "live":
            return None
        return self.published_ms > close_ms

    @property
    def order(self) -> tuple[int, str]:
        """Return what decides which of several payloads holds an id: the least."""
        return self.generated_at_ms, self.payload_hash


class Member(NamedTuple):
    """What a signal has for itself, in a group of signals that share all else.

    `last_index` is the session last closed when it was generated.
    """

    signal_id: str
    payload_hash: bytes
    body: bytes
    generated_at_ms: int
    published_ms: int
    last_index: int


def new_entry(signal: Signal, policies: PolicyVersions, published_ms: int | None = None) -> Entry:
    """Return the entry of a published signal, with its id, horizon and policy."""
    policy = policies.at(signal.generated_at_ms)
    payload = complete_payload(signal, policy.min_sessions)
    return Entry(
        payload=payload,
        payload_hash=payload_hash(payload),
        policy=policy,
        published_ms=published_ms,
    )


def contest(holder: Entry | None, comer: Entry) -> tuple[Entry, bool]:
    """Return the entry that holds the id after a payload came, and whether anything changed.

    The same payload again changes nothing, unless it was published earlier. Of several
    payloads the least (generated_at_ms, hash) holds the id; the others are quarantined.
    """
    if holder is None:
        return comer, True
    if comer.payload_hash == holder.payload_hash:
        return holder, _published_earlier(holder, comer)
    if comer.order < holder.order:
        lost = Quarantined(payload_hash=holder.payload_hash, generated_at_ms=holder.generated_at_ms)
        comer.quarantined = _with(holder.quarantined, lost, comer.payload_hash)
        comer.decisions = holder.decisions
        comer.revisions = holder.revisions
        return comer, True
    lost = Quarantined(payload_hash=comer.payload_hash, generated_at_ms=comer.generated_at_ms)
    quarantined = _with(holder.quarantined, lost, holder.payload_hash)
    if quarantined == holder.quarantined:
        return holder, False
    holder.quarantined = quarantined
    return holder, True


def hold_decision(decisions: dict[str, Decision], decision: Decision) -> bool:
    """Keep the least (decided_at_ms, hash) of a decision id; say whether anything changed."""
    old = decisions.get(decision.decision_id)
    if old is not None and _decision_order(old) <= _decision_order(decision):
        return False
    decisions[decision.decision_id] = decision
    if len(decisions) > MAX_KEPT:
        last = max(decisions.values(), key=lambda each: (each.decided_at_ms, each.decision_id))
        del decisions[last.decision_id]
        return last is not decision
    return True


def _published_earlier(holder: Entry, comer: Entry) -> bool:
    times = [each for each in (holder.published_ms, comer.published_ms) if each is not None]
    earliest = min(times, default=None)
    changed = earliest != holder.published_ms
    holder.published_ms = earliest
    return changed


def _decision_order(decision: Decision) -> tuple[int, str]:
    return decision.decided_at_ms, digest(to_fields(decision))


def _with(known: Iterable[Quarantined], lost: Quarantined, holder: str) -> list[Quarantined]:
    every = {each.payload_hash: each for each in (*known, lost) if each.payload_hash != holder}
    return [every[each] for each in sorted(every)[:MAX_KEPT]]
