"""Encoded records through the worker's own path, in one process and without a broker.

Real: processor, outbox, tables and rows, chunk offsets, SQLite sink, report files. Not
here: Faust's streams and the wire; `tests/agents` and `tests/e2e` have those.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust

from schemas import topics
from schemas.topics import INBOUND, OUTBOUND, Topic
from sinks.decoding import decode_batch
from sinks.snapshot import DATABASE, write_reports
from sinks.sqlite import SqliteSink
from streams.chunks import ChunkOffsets
from streams.domain.tracker import Rules
from streams.outbox import Outbox
from streams.processor import Processor
from streams.sending import Sender
from streams.tables import PartitionTable, declare_tables
from tests.topology.log import BrokerGoneError, Log, RecordingProducer, Tp
from tests.unit.streams.fold import RULES

# The chance that a sleeper wakes up before a step of the others.
WAKES = 0.3
BY_NAME: Mapping[str, Topic] = {topic.name: topic for topic in INBOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the log reaches the workers: partitions, owners of them, chunks, crashes.

    A worker of `dies_after` n dies when n batches are delivered, and its successor at
    the next of these numbers. One of -n falls asleep then, for so long that its partitions
    move; it wakes up later. Without `leased` it then sends what it had at hand; without
    `durable` offsets are committed as soon as a chunk is read. Both lose rows, and are here
    so that tests can show that they would see it.
    """

    partitions: int = 1
    owners: int = 1
    chunk: int = 50
    dies_after: tuple[int, ...] = ()
    leased: bool = True
    durable: bool = True


class Worker:
    """One life of a worker: a processor over what the changelog holds at its start."""

    def __init__(
        self,
        log: Log,
        owned: Sequence[int],
        delivery: Delivery,
        producer: RecordingProducer,
        rules: Rules,
    ) -> None:
        app = faust.App("topology", store="memory://")
        self._tables = declare_tables(app, delivery.partitions)
        for table in self._tables.values():
            _recover(table, log, owned)
        outbox = Outbox(Sender(lambda: producer), self._tables, "")
        self.processor = Processor(rules, outbox, self._tables, delivery.partitions)
        self.owned = owned
        self.producer = producer
        self.work: asyncio.Future[Any] | None = None
        self.chunks: defaultdict[Tp, ChunkOffsets] = defaultdict(ChunkOffsets)
        self.position: dict[Tp, int] = {}


class Topology:
    """A cluster: the log, what is committed of it, and the workers on it."""

    def __init__(self, delivery: Delivery, seed: int = 0, rules: Rules = RULES) -> None:
        self.delivery = delivery
        self.rules = rules
        self.log = Log()
        self.committed: dict[Tp, int] = {}
        self.crashes = 0
        self.sleeps = 0
        self._workers: list[Worker] = []
        self._sleepers: list[Worker] = []
        self._rng = random.Random(seed)
        self._deaths = list(delivery.dies_after)

    def publish(self, topic: Topic, partition: int, value: bytes, timestamp: int = 0) -> None:
        self.log.append((topic.name, partition), None, value, timestamp)

    def dies_after(self, *batches: int) -> None:
        """Let the workers to come die when so many batches are delivered, one after the other."""
        self._deaths = list(batches)

    def run(self) -> None:
        """Work until every record is processed and committed."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        owners = self.delivery.owners
        shares = [list(range(n, self.delivery.partitions, owners)) for n in range(owners)]
        workers = self._workers = [self._start(share) for share in shares]
        while True:
            busy = [at for at, worker in enumerate(workers) if self._unread(worker)]
            if not busy:
                if await self._settle(workers):
                    return
                continue
            at = self._rng.choice(busy)
            if self._sleepers and self._rng.random() < WAKES:
                await self._wake()
            try:
                await self._step(workers[at])
            except BrokerGoneError:
                await self._bury()
                workers[at] = self._start(workers[at].owned)
            if workers[at].producer.asleep.is_set():
                self._leave(workers[at])
                workers[at] = self._start(workers[at].owned)

    def _start(self, owned: Sequence[int]) -> Worker:
        dies_after = self._deaths.pop(0) if self._deaths else None
        producer = RecordingProducer(
            self.log,
            self._rng,
            None if dies_after is None else abs(dies_after),
            sleeps=dies_after is not None and dies_after < 0,
            leased=self.delivery.leased,
        )
        worker = Worker(self.log, owned, self.delivery, producer, self.rules)
        for topic in INBOUND:
            for partition in owned:
                tp = topic.name, partition
                worker.position[tp] = self.committed.get(tp, 0)
        return worker

    async def _step(self, worker: Worker) -> None:
        """One chunk of one partition; sometimes a look at what can be committed."""
        tp = self._rng.choice(self._unread(worker))
        start = worker.position[tp]
        chunk = self.log.entries[tp][start : start + self._rng.randint(1, self.delivery.chunk)]
        last = chunk[-1].offset
        worker.position[tp] = last + 1
        worker.chunks[tp].push(chunk[0].offset, last)
        if not self.delivery.durable:
            self.committed[tp] = last + 1
        work = asyncio.ensure_future(worker.processor.process(BY_NAME[tp[0]], chunk))
        nap = asyncio.ensure_future(worker.producer.asleep.wait())
        await asyncio.wait({work, nap}, return_when=asyncio.FIRST_COMPLETED)
        nap.cancel()
        if worker.producer.asleep.is_set():
            worker.work = work
            return
        effect = work.result()
        if effect is not None:
            # Looked at, as an agent does; a failure shows in what cannot be committed.
            effect.add_done_callback(lambda done: done.exception())
        worker.chunks[tp].finish(last, effect)
        if self._rng.random() < 0.3:
            await asyncio.sleep(0)
            self._commit(worker)

    async def _wake(self) -> None:
        """Let a sleeper go on: its offsets are refused, and nobody waits for it."""
        worker = self._sleepers.pop()
        worker.producer.woken.set()
        if worker.work is not None:
            await asyncio.wait({worker.work})
            effect = None if worker.work.exception() else worker.work.result()
            if effect is not None:
                await asyncio.wait({effect})
                effect.exception()

    def _leave(self, worker: Worker) -> None:
        self.sleeps += 1
        self._sleepers.append(worker)

    async def _settle(self, workers: list[Worker]) -> bool:
        """Wait for what is on its way; say whether all is committed."""
        while self._sleepers:
            await self._wake()
        for at, worker in enumerate(workers):
            for _ in range(200):
                await asyncio.sleep(0)
            if worker.producer.asleep.is_set():
                self._leave(worker)
                workers[at] = self._start(worker.owned)
                return False
            self._commit(worker)
            ends = {tp: len(self.log.entries[tp]) for tp in worker.position}
            if any(self.committed.get(tp, 0) != end for tp, end in ends.items()):
                # A row on its way has failed: the worker dies of it, as the real one does.
                await self._bury()
                workers[at] = self._start(worker.owned)
                return False
        return True

    def _commit(self, worker: Worker) -> None:
        for tp, chunks in worker.chunks.items():
            offset = chunks.committable(self.committed.get(tp))
            if offset is not None:
                self.committed[tp] = offset

    async def _bury(self) -> None:
        """Let what is on the wire arrive, or not: a dead producer says which."""
        self.crashes += 1
        while self._sleepers:
            await self._wake()
        for worker in self._workers:
            # one that fell asleep a moment ago would be waited for without end
            worker.producer.woken.set()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    def _unread(self, worker: Worker) -> list[Tp]:
        return [tp for tp, at in worker.position.items() if at < len(self.log.entries[tp])]


def _recover(table: PartitionTable, log: Log, owned: Iterable[int]) -> None:
    for partition in owned:
        entries = log.entries[table.changelog_name, partition]
        table.data.apply_changelog_batch(
            [SimpleNamespace(message=each) for each in entries], lambda key: key, lambda row: row
        )


def materialise(log: Log, folder: Path, seed: int = 0) -> Path:
    """Every output into SQLite, its topics interleaved by chance; then the report files."""
    rng = random.Random(seed)
    names = {topic.name for topic in OUTBOUND}
    unread = {tp: list(entries) for tp, entries in log.entries.items() if tp[0] in names}
    folder.mkdir(parents=True, exist_ok=True)
    sink = SqliteSink(folder / DATABASE)
    sink.open()
    while unread:
        batch = []
        for tp in rng.sample(sorted(unread), rng.randint(1, len(unread))):
            size = rng.randint(1, 400)
            batch += unread[tp][:size]
            unread[tp] = unread[tp][size:]
            if not unread[tp]:
                del unread[tp]
        sink.write(decode_batch(batch))
    sink.close()
    write_reports(folder / DATABASE, folder)
    return folder


def dead_letters(log: Log) -> int:
    """How many records or elements were refused."""
    return len(log.of(topics.DEAD_LETTERS.name))
