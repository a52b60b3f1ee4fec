"""A registered signal, and which payload holds an id."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.codec import to_fields
from schemas.identity import complete_payload, digest, payload_hash
from schemas.policy import Policy, PolicyVersions
from schemas.records import Decision, Quarantined, Signal
from streams.domain.indicators import Market
from streams.domain.observations import NOT_ENTERED, Claim, Facts

# Of one signal: its row and its state have to pass a broker. The least are kept, whatever came
# first.
MAX_KEPT = 100


@dataclass(slots=True, kw_only=True)
class Entry:
    """What the worker keeps of one signal: no entry per session, ever.

    `facts` and `market` are those last told to the world, as far as this life knows:
    `told` is false where an earlier one may have told others since. `revisions` count how
    often a transition was told again, by `lifecycle.revised_as`. `published_ms` is the earliest
    Kafka time of the payload, None where publishing times say nothing.
    """

    payload: Signal
    payload_hash: str
    policy: Policy
    facts: Facts = NOT_ENTERED
    market: Market | None = None
    published_ms: int | None = None
    quarantined: list[Quarantined] = field(default_factory=list)
    decisions: dict[str, Decision] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    told: bool = True

    @property
    def signal_id(self) -> str:
        """Return the id, which a complete payload always has."""
        return self.payload.signal_id or ""

    @property
    def horizon(self) -> int:
        """Return the horizon in sessions, which a complete payload always has."""
        return self.payload.horizon_sessions or 1

    @property
    def window(self) -> int:
        """Return the number of observations after which the signal is mature."""
        return max(self.horizon, self.policy.min_sessions)

    @property
    def claim(self) -> Claim:
        """Return what the evaluation depends on."""
        return Claim(
            self.payload.action,
            self.horizon,
            self.window,
            self.policy.cost_bps_per_side,
            self.policy.hold_band,
            self.policy.jump_guard,
            self.policy.total_return,
        )

    @property
    def backdated(self) -> bool | None:
        """Say whether a live signal was published after its entry's close; None: not known."""
        close_ms = self.facts.entry_close_ms
        if self.payload.data_kind != "live" or self.published_ms is None or close_ms is None:
            return None
        return self.published_ms > close_ms

    @property
    def order(self) -> tuple[int, str]:
        """Return what decides which of several payloads holds an id: the least."""
        return self.payload.generated_at_ms, self.payload_hash


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
        lost = Quarantined(
            payload_hash=holder.payload_hash, generated_at_ms=holder.payload.generated_at_ms
        )
        comer.quarantined = _with(holder.quarantined, lost, comer.payload_hash)
        comer.decisions = holder.decisions
        comer.revisions = holder.revisions
        return comer, True
    lost = Quarantined(
        payload_hash=comer.payload_hash, generated_at_ms=comer.payload.generated_at_ms
    )
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
