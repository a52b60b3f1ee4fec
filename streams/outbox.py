"""What a chunk changed, to Kafka: outputs, then rows, in bulk and in that order.

Delivery guarantee: `publish` returns when outputs are durable, with a future of
the rows, which follow them while the next chunk is taken in; a partition's rows
go chunk by chunk and table by table. So a row never says that something was told
which was not, the signals' rows are never older than the bars, a bar leaves the
open ones only when its closed row is there, and no offset passes what is still on
its way.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from schemas import topics
from schemas.codec import encode
from schemas.identity import canonical_json
from schemas.observation_codec import About, encode_records
from schemas.policy import Policy, content_of
from schemas.records import DeadLetter, PolicyVersion
from schemas.topics import Topic, prefixed
from streams import tables
from streams.domain.effects import Effects
from streams.domain.tracker import PartitionTracker
from streams.inbound import Reroute
from streams.rows import changed_rows
from streams.sending import Message, Outgoing, Sender
from streams.tables import PartitionTable

MAX_OBSERVATIONS_BYTES = 512 * 1024


class Outbox:
    """Sends what chunks changed, in batches, and keeps the tables in step."""

    def __init__(self, sender: Sender, table_of: Mapping[str, PartitionTable], prefix: str) -> None:
        self._sender = sender
        self._tables = table_of
        self._prefix = prefix
        self._on_the_way: dict[int, asyncio.Future[Any]] = {}

    async def send(
        self, partition: int, topic: Topic, reroutes: list[Reroute], dead: list[DeadLetter]
    ) -> None:
        """Send what was refused or belongs elsewhere; return when it is durable."""
        messages = [
            Message(self._name(topic), each.partition, each.key, each.value, each.timestamp_ms)
            for each in reroutes
        ]
        letters = self._name(topics.DEAD_LETTERS)
        messages += [Message(letters, partition, each.key, encode(each)) for each in dead]
        await self._sender.deliver(messages)

    async def publish(
        self, partition: int, tracker: PartitionTracker, effects: Effects
    ) -> asyncio.Future[Any] | None:
        """Send outputs and rows; return the future of the rows still on their way."""
        outputs = self._outputs(effects)
        await self._sender.deliver_all({(name, partition): outputs[name] for name in outputs})
        rows: dict[str, list[Outgoing]] = {name: [] for name in tables.TABLE_NAMES}
        for table, key, value in changed_rows(tracker, effects):
            rows[table].append((key, value, None))
        return self._later(partition, rows) if any(rows.values()) else None

    async def _write(self, partition: int, rows: Mapping[str, list[Outgoing]]) -> None:
        changelogs = {name: self._tables[name].changelog_name for name in rows}
        last = await self._sender.deliver_all(
            {(changelogs[name], partition): found for name, found in rows.items()}
        )
        for name, changelog in changelogs.items():
            offset = last.get((changelog, partition))
            if offset is not None:
                self._tables[name].written(partition, rows[name], offset)

    async def settle(self) -> None:
        """Return when nothing is on its way; raise what failed of it."""
        await asyncio.gather(*self._on_the_way.values())

    def _later(self, partition: int, rows: Mapping[str, list[Outgoing]]) -> asyncio.Future[Any]:
        """Send rows in the background, after those of the partition's earlier chunks.

        A row of an earlier chunk that came later to the log would win at recovery.
        """
        before = self._on_the_way.get(partition)
        sending = asyncio.ensure_future(self._write_after(before, partition, rows))
        self._on_the_way[partition] = sending
        return sending

    async def _write_after(
        self,
        before: asyncio.Future[Any] | None,
        partition: int,
        rows: Mapping[str, list[Outgoing]],
    ) -> None:
        if before is not None:
            await before
        for names in tables.WRITE_ORDER:
            await self._write(partition, {name: rows[name] for name in names})

    def _outputs(self, effects: Effects) -> dict[str, list[Outgoing]]:
        """Return the records of each topic, in the order in which they go out."""
        found: dict[Topic, list[Outgoing]] = {
            topics.BARS: [
                (f"{bar.ticker}|{bar.session}".encode(), encode(bar), None)
                for bar in effects.bars.values()
            ],
            topics.OBSERVATIONS: [
                (ticker.encode(), value, None) for ticker, value in observation_records(effects)
            ],
            topics.POLICIES: [
                (policy.hash.encode(), encode(_version(policy, effects)), None)
                for policy in effects.policies.values()
            ],
            topics.SIGNAL_STATES: [
                (signal_id.encode(), value, None)
                for (_, signal_id), value in effects.state_values.items()
            ],
            topics.VALIDATION_EVENTS: [
                (signal_id.encode(), value, None) for signal_id, value in effects.event_values
            ],
        }
        return {self._name(topic): records for topic, records in found.items()}

    def _name(self, topic: Topic) -> str:
        return prefixed(self._prefix, topic)


def _version(policy: Policy, effects: Effects) -> PolicyVersion:
    return PolicyVersion(
        policy_hash=policy.hash,
        name=policy.name,
        effective_from_ms=policy.effective_from_ms,
        content=canonical_json(content_of(policy)).decode(),
        epoch=effects.epoch,
    )


def observation_records(effects: Effects) -> Iterator[tuple[str, bytes]]:
    """Yield ticker and record of each ticker's session, split by size."""
    for (ticker, _), (session, close_ms, blocks) in effects.observations.items():
        about = About(ticker, session, close_ms)
        for value in encode_records(about, blocks, effects.epoch, MAX_OBSERVATIONS_BYTES):
            yield ticker, value
