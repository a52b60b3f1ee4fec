"""The fold of the source topics beside the rows of signals.db, a partition at a time.

No broker and no command line here: records come from a `Log`, differences go to a `Comparison`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemas import topics
from schemas.codec import to_fields
from schemas.identity import canonical_json
from schemas.policy import Policy, content_of
from schemas.topics import INBOUND, OUTBOUND, Topic, partition_of, prefixed
from signal_tracker.unsettled import Log, Offsets, Unsettled, find_unsettled
from sinks.decoding import decode_batch
from sinks.differences import Comparison
from sinks.sink import Batch, Fields
from sinks.sqlite_audit import FileAudit
from streams.domain.effects import Effects
from streams.domain.refold import Refold
from streams.domain.tracker import Rules
from streams.refolding import bars_in, records_of, take_chunk

if TYPE_CHECKING:
    import sqlite3

# What was published before the oldest tick that is left may be gone. Records stand a little out
# of order: a day is more than any client is late.
_MARGIN_MS = 86_400_000
ALL_GONE_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far everything was when the rows were looked at.

    `committed` was asked for before the look, the ends after it.
    """

    committed: Offsets
    stored: Offsets
    input_ends: Offsets
    output_ends: Offsets


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an audit found besides the differences.

    `unsettled` are tickers whose rows are still on their way; `ticks_from_ms` the time, by
    partition, from which on sessions were folded from ticks, where older ticks are gone.
    """

    unsettled: set[str] = field(default_factory=set)
    ticks_from_ms: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Made:
    """A record of the fold, as the sink's decoding takes it."""

    topic: str
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None


class Audit:
    """One audit of one file."""

    def __init__(
        self,
        log: Log,
        look: Look,
        rules: Rules,
        connection: "sqlite3.Connection",
        comparison: Comparison,
    ) -> None:
        self._log = log
        self._look = look
        self._rules = rules
        self._file = FileAudit(connection, comparison)
        self._policies: dict[str, Policy] = {}
        self._stored: defaultdict[int, set[str]] = defaultdict(set)
        self._unsettled: Unsettled
        self.outcome = Outcome()

    def run(self, on_progress: Callable[[int], None] = lambda _records: None) -> Outcome:
        """Compare everything; `on_progress` is told how many records came."""
        log, look = self._log, self._look
        self._unsettled = find_unsettled(
            log, (look.committed, look.input_ends), (look.stored, look.output_ends)
        )
        for ticker in self._file.tickers():
            self._stored[partition_of(ticker, log.partitions)].add(ticker)
        for partition in range(log.partitions):
            self._compare(self._fold(partition, on_progress), partition)
        outbound = {prefixed(log.prefix, each) for each in OUTBOUND}
        self._file.strange_dead_letters(look.input_ends, outbound)
        known = {each.hash for each in self._rules.policies.versions}
        coming = self._unsettled.policies
        self._file.policies(
            [_policy(each) for each in self._policies.values() if each.hash not in coming],
            known,
        )
        self._file.paper()
        self._file.orphans()
        return self.outcome

    def _fold(self, partition: int, on_progress: Callable[[int], None]) -> Refold:
        ticks = prefixed(self._log.prefix, topics.TICKS), partition
        from_ms = ticks_from(self._log, partition, self._look.input_ends.get(ticks, 0))
        refold = Refold(self._rules, from_ms)
        if from_ms:
            self.outcome.ticks_from_ms[partition] = from_ms
            bars = prefixed(self._log.prefix, topics.BARS), partition
            end = self._look.output_ends.get(bars, 0)
            for chunk in self._log.chunks(topics.BARS, partition, 0, end):
                for bar in bars_in(chunk.values()):
                    refold.take_bar(bar)
        for topic in INBOUND:
            self._take(refold, topic, partition, on_progress)
        return refold

    def _take(
        self, refold: Refold, topic: Topic, partition: int, on_progress: Callable[[int], None]
    ) -> None:
        log, name = self._log, prefixed(self._log.prefix, topic)
        at, end = log.beginning(topic, partition), self._look.committed.get((name, partition), 0)
        for chunk in log.chunks(topic, partition, at, end):
            letters = take_chunk(refold, self._rules, topic, chunk, log.partitions)
            after = chunk.records[-1].offset + 1
            self._file.dead_letters(
                (name, partition),
                (at, after),
                [to_fields(each) for each in letters],
                self._unsettled.dead_letters,
            )
            at = after
            on_progress(len(chunk))

    def _compare(self, refold: Refold, partition: int) -> None:
        told = set(refold.tickers)
        for ticker in sorted(told | self._stored.pop(partition, set())):
            if ticker in self._unsettled.tickers:
                self.outcome.unsettled.add(ticker)
                continue
            known = refold.signal_ids(ticker)
            parts = (batch_of(each) for each in refold.tell(ticker)) if ticker in told else ()
            self._compare_ticker(ticker, parts)
            self._file.strangers(ticker, known)
        self._policies |= refold.policies

    def _compare_ticker(self, ticker: str, parts: "Iterator[Batch] | tuple[()]") -> None:
        first = next(iter(parts), None)
        self._file.bars(ticker, () if first is None else first.bars)
        for batch in parts:
            self._file.signals(ticker, batch)


def ticks_from(log: Log, partition: int, end: int) -> int:
    """Return the time from which on all ticks of a partition are there; 0 where none is gone."""
    beginning = log.beginning(topics.TICKS, partition)
    if beginning == 0:
        return 0
    for chunk in log.chunks(topics.TICKS, partition, beginning, end):
        return int(chunk[0].timestamp_ms) + _MARGIN_MS
    return ALL_GONE_MS


def other_policy(hashes: Mapping[str, str], rules: Rules) -> str | None:
    """Return what is wrong where stored signals were judged by other policies; None if nothing."""
    known = {each.hash for each in rules.policies.versions}
    strange = {name: hash_ for hash_, name in hashes.items() if hash_ not in known}
    if not strange or len(strange) < len(hashes):
        return None
    name, hash_ = next(iter(strange.items()))
    ours = rules.policies.versions[0]
    return (
        f"expected signals judged by the policy {ours.name} ({ours.hash[:12]}), was {name} "
        f"({hash_[:12]}): give the --policy of the worker"
    )


def batch_of(effects: Effects) -> Batch:
    """Return what a fold tells as the sink decodes it."""
    return decode_batch(_Made(topic.name, value) for topic, value in records_of(effects))


def _policy(policy: Policy) -> Fields:
    return {
        "policy_hash": policy.hash,
        "name": policy.name,
        "effective_from_ms": policy.effective_from_ms,
        "content": canonical_json(content_of(policy)).decode(),
    }
