"""The signals of one ticker, packed: a head of fixed width and a payload each, no object.

A million signals live in a worker. What evaluation reads of all of them are columns of the
heads; an `Entry` is made of one signal when something happens to it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from schemas.codec import to_fields
from schemas.policy import PolicyVersions
from schemas.records import Decision, Quarantined
from streams.domain.calendar import Ints, Mask, SessionCalendar
from streams.domain.indicators import Market
from streams.domain.markets import Markets
from streams.domain.packing import (
    FACTS,
    HEAD,
    HEAD_STRUCT,
    MARKET,
    NO_MARKET,
    TOLD_STRUCT,
    PackedError,
    facts_of,
    head_of,
    packed_facts,
)
from streams.domain.signals import Entry, Member
from streams.domain.ticks import NO_DAY

_ACTIONS = ("HOLD", "BUY", "SELL")
BUY, SELL = 1, 2
_GROWTH = 8
_AT = {name: at[1] for name, at in (HEAD.fields or {}).items()}
_MARKET_AT, _CLAIMED_AT, _HASH_AT = _AT["market"], _AT["policy"], _AT["hash"]
_FACTS_AT, _SIZE_AT = _AT[FACTS[0]], _AT["body_size"]
_NUMBER = Struct("<i")
_NO_NUMBER = bytes(_NUMBER.size)
_ROW = np.dtype([("head", HEAD), ("market", MARKET)])


class SignalBook(Mapping[str, Entry]):
    """Signals by id, in the order in which they came; an entry is a copy until it is `keep`-ed."""

    __slots__ = (
        "_bodies", "_bytes", "_calendar", "_decisions", "_heads", "_ids", "_markets", "_policies",
        "_slots", "untold",
    )  # fmt: skip

    def __init__(self, calendar: SessionCalendar, policies: PolicyVersions) -> None:
        self._calendar = calendar
        self._policies = policies
        self._slots: dict[str, int] = {}
        self._ids: list[str] = []
        self._set_heads(np.empty(0, dtype=HEAD))
        self._bodies: list[bytes] = []
        self._markets = Markets(calendar)
        self._decisions: dict[int, dict[str, Decision]] = {}
        # Of these an earlier life may have told the world something else.
        self.untold: set[int] = set()

    def __len__(self) -> int:
        """Return the number of signals."""
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(self._slots)

    def __contains__(self, signal_id: object) -> bool:
        """Say whether a signal is here."""
        return signal_id in self._slots

    def __getitem__(self, signal_id: str) -> Entry:
        """Return the entry of a signal."""
        return self.entry(self._slots[signal_id])

    @property
    def heads(self) -> npt.NDArray[Any]:
        """Return the heads of all signals, as columns by name (`packing.HEAD`)."""
        return self._heads[: len(self._ids)]

    @property
    def decided(self) -> Collection[int]:
        """Return the places of the signals that have decisions."""
        return self._decisions.keys()

    def slot(self, signal_id: str) -> int:
        """Return where a signal stands."""
        return self._slots[signal_id]

    def ids(self, slots: Iterable[int]) -> list[str]:
        """Return the ids at some places."""
        return list(map(self._ids.__getitem__, slots))

    def hashes(self, slots: Ints) -> bytes:
        """Return the payload hashes at some places, 32 bytes each."""
        return self._heads["hash"][slots].tobytes()

    def entry(self, slot: int) -> Entry:
        """Return the entry at a place."""
        head = HEAD_STRUCT.unpack_from(self._bytes, slot * HEAD.itemsize)
        body, size = self._bodies[slot], head[-1]
        extras: dict[str, Any] = orjson.loads(body[size:]) if len(body) > size else {}
        generated_at_ms, published_ms, _, action, horizon, _, payload_hash = head[:7]
        return Entry(
            packed=body[:size],
            payload_hash=payload_hash.hex(),
            policy=self._policies.at(generated_at_ms),
            claimed=(self._ids[slot], _ACTIONS[action], generated_at_ms, horizon),
            facts=facts_of(head, self._calendar, extras.get("suspect_sessions", ())),
            market=self._markets.of(head[-2]),
            published_ms=None if published_ms < 0 else published_ms,
            quarantined=[Quarantined(**each) for each in extras.get("quarantined", ())],
            decisions=self._decisions.get(slot),
            revisions=extras.get("revisions"),
            told=slot not in self.untold,
        )

    def plain(self, slots: Ints) -> Mask:
        """Say which signals are a head and a payload, and nothing besides."""
        at = slots.tolist()
        bodies = self._bodies
        sizes = np.array([len(bodies[each]) for each in at], dtype=np.int64)
        found: Mask = sizes == self._heads["body_size"][slots]
        if self._decisions or self.untold:
            odd = self._decisions.keys() | self.untold
            found &= [each not in odd for each in at]
        return found

    def alike(self, slots: Ints, last_index: Ints) -> Iterator[tuple[bytes, Member]]:
        """Yield, of plain signals, what those of one policy, claim, state and market share."""
        heads = self._heads[slots]
        raw, at = heads.tobytes(), 0
        ids, bodies, size = self._ids, self._bodies, HEAD.itemsize
        of_each = zip(
            slots.tolist(),
            heads["generated_at_ms"].tolist(),
            heads["published_ms"].tolist(),
            last_index.tolist(),
            strict=True,
        )
        for slot, generated_at_ms, published_ms, index in of_each:
            facts = at + _FACTS_AT
            shared = raw[at + _CLAIMED_AT : at + _HASH_AT] + raw[facts : at + _SIZE_AT]
            hashed = raw[at + _HASH_AT : facts]
            at += size
            yield (
                shared,
                Member(ids[slot], hashed, bodies[slot], generated_at_ms, published_ms, index),
            )

    def keep_facts(self, slots: Iterable[int], entry: Entry) -> None:
        """Give plain signals the facts and the market of one that is like them."""
        now = int(self._heads["market"][self._slots[entry.signal_id]])
        market = self._markets.number_of(entry.market, now)
        content = TOLD_STRUCT.pack(*packed_facts(entry.facts), market)
        held = self._bytes
        for slot in slots:
            at = slot * HEAD.itemsize
            held[at + _FACTS_AT : at + _SIZE_AT] = content

    def keep(self, entry: Entry) -> None:
        """Put an entry in, or in the place of the one with its id."""
        slot = self._slots.get(entry.signal_id)
        if slot is None:
            slot = self._add(entry.signal_id)
        at = slot * HEAD.itemsize
        market = self._markets.number_of(entry.market, int(self._heads["market"][slot]))
        values = head_of(entry, _ACTIONS.index(entry.action), market)
        HEAD_STRUCT.pack_into(self._bytes, at, *values)
        self._bodies[slot] = entry.body + _extras(entry)
        if entry.decisions:
            self._decisions[slot] = entry.decisions
        if entry.told:
            self.untold.discard(slot)
        else:
            self.untold.add(slot)

    def with_extras(self) -> Mask:
        """Say which signals have something besides head and payload, as few have."""
        sizes = np.array([len(each) for each in self._bodies], dtype=np.int64)
        extra: Mask = sizes != self.heads["body_size"]
        return extra

    def has_market(self, slots: Ints, market: Market | None) -> Mask:
        """Say of which signals this is the market."""
        return self._markets.among(self.heads["market"][slots], market)

    def row(self, signal_id: str) -> bytes:
        """Return a signal as it is written to the table."""
        slot, held = self._slots[signal_id], self._bytes
        at = slot * HEAD.itemsize
        (number,) = _NUMBER.unpack_from(held, at + _MARKET_AT)
        # A row names its market by what it says: numbers are of this life.
        head = held[at : at + _MARKET_AT], _NO_NUMBER, held[at + _SIZE_AT : at + HEAD.itemsize]
        return b"".join((*head, self._markets.content(number), self._bodies[slot]))

    def decide(self, signal_id: str, decisions: dict[str, Decision]) -> None:
        """Set the decisions of a signal."""
        self._decisions[self._slots[signal_id]] = decisions

    def restore(self, rows: Sequence[tuple[str, bytes]]) -> None:
        """Take rows of signals that are not here yet; raise PackedError where one is not usable."""
        packed = np.frombuffer(b"".join([row[: _ROW.itemsize] for _, row in rows]), dtype=_ROW)
        heads, markets = packed["head"].copy(), packed["market"]
        heads["market"] = self._markets.restore(markets)
        first = len(self._ids)
        self._ids += [signal_id for signal_id, _ in rows]
        self._slots.update(zip(self._ids[first:], range(first, len(self._ids)), strict=True))
        self._bodies += [row[_ROW.itemsize :] for _, row in rows]
        self._set_heads(np.concatenate((self._heads[:first], heads)))
        self._check(heads, first)

    def _check(self, heads: npt.NDArray[Any], first: int) -> None:
        """Refuse a version of the policy, or a calendar, that is not the one of the state."""
        versions = self._policies.versions
        starts = np.array([each.effective_from_ms for each in versions], dtype=np.int64)
        at = np.maximum(np.searchsorted(starts, heads["generated_at_ms"], side="right") - 1, 0)
        known = np.array([int(each.hash[:16], 16) for each in versions], dtype=np.uint64)[at]
        wrong = np.flatnonzero(known != heads["policy"])
        if len(wrong):
            slot = int(wrong[0])
            now = versions[int(at[slot])].hash
            msg = (
                f"signal {self._ids[first + slot]}: expected policy hash "
                f"{int(heads['policy'][slot]):016x} as in the state, was {now[:16]}: a version"
                " in use must not change; add a new version"
            )
            raise PackedError(msg)
        days = [heads[name] for name in ("entry_day", "horizon_day", "last_day")]
        self._check_days(np.concatenate((*days, self._markets.days)))

    def _check_days(self, days: npt.NDArray[Any]) -> None:
        known = days[days != NO_DAY].astype(np.int64)
        lost = known[self._calendar.index_of_days(known) < 0]
        if len(lost):
            label = np.datetime64(int(lost[0]), "D")
            msg = f"{label} is no session of {self._calendar.name} any more"
            raise PackedError(msg)

    def _set_heads(self, heads: npt.NDArray[Any]) -> None:
        self._heads = heads
        self._bytes = memoryview(heads.view(np.uint8).data)

    def _add(self, signal_id: str) -> int:
        slot = len(self._ids)
        if slot == len(self._heads):
            more = np.zeros(slot // 8 + _GROWTH, dtype=HEAD)
            more["market"] = NO_MARKET
            self._set_heads(np.concatenate((self._heads, more)))
        self._slots[signal_id] = slot
        self._ids.append(signal_id)
        self._bodies.append(b"")
        return slot


def _extras(entry: Entry) -> bytes:
    """Return what few signals have, as JSON behind the payload; nothing of most."""
    found: dict[str, Any] = {
        "suspect_sessions": entry.facts.suspect_sessions,
        "quarantined": [to_fields(each) for each in entry.quarantined],
        "revisions": entry.revisions,
    }
    held = {name: value for name, value in found.items() if value}
    return orjson.dumps(held) if held else b""
