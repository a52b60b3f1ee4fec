"""Build the Faust app of a worker: topics, tables and agents, wired by hand."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import faust
from faust.auth import Credentials, SASLCredentials, SSLCredentials
from faust.transport.drivers.aiokafka import Producer
from yarl import URL

from schemas.cluster import Broker, Security, cluster_of
from schemas.policy import PolicyVersions
from schemas.topics import CATALOGUE, DEFAULT_PARTITIONS, INBOUND, TICKS, prefixed
from streams import codecs as _codecs  # noqa: F401 - registers the chunk codec
from streams.agents import wire_agents
from streams.domain.tracker import Rules
from streams.epochs import Epochs
from streams.lease import Lease, guard_producer
from streams.outbox import Outbox
from streams.processor import Processor
from streams.rows import StateError
from streams.sending import Sender, keep_known
from streams.sessions import CalendarBook
from streams.shelf import Shelf, ShelfError
from streams.shelf_tables import stores_on
from streams.tables import EPOCHS, TABLE_NAMES, PartitionStore, declare_tables
from streams.told_epochs import told_epochs
from streams.transport import BatchTransport

log = logging.getLogger(__name__)

MAX_BATCH_BYTES = 512 * 1024
MAX_REQUEST_BYTES = 4 * 1024 * 1024
_HEARTBEAT_SECONDS = 3.0
_REQUEST_SECONDS = 90.0
_ALIVE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What a worker is given; times in seconds, `lateness_ms` in ms.

    `broker` is HOST:PORT, several with commas, or a cluster. `replicas` is of the changelogs;
    `standby` says on how many other workers a partition's rows are kept warm; `instance` is the
    group's static name of this worker; `on_alive` is called every other second while the group
    confirms it. On a `shelf` the rows of the tables outlive the process; `sources` asks for the
    ids of the changelogs that they are of, by table.
    """

    broker: Broker
    policies: PolicyVersions
    work_dir: Path
    app_id: str = "signal-tracker"
    prefix: str = ""
    partitions: int = DEFAULT_PARTITIONS
    replicas: int = 1
    standby: int = 0
    instance: str | None = None
    lateness_ms: int = 15 * 60 * 1000
    judge_backdated: bool = True
    calendars: CalendarBook = field(default_factory=CalendarBook)
    session_timeout: float = 6.0
    commit_interval: float = 0.5
    shelf: Shelf | None = None
    sources: Callable[[], Mapping[str, str]] = dict
    chunk_records: int = 20_000
    fetch_bytes: int = 16 * 1024 * 1024
    on_alive: Callable[[], None] = lambda: None


def create_app(config: WorkerConfig) -> faust.App:
    """Return a new worker app; nothing is connected before it starts."""
    cluster = cluster_of(config.broker)
    urls = [URL(f"kafka://{each}") for each in cluster.addresses]
    app = faust.App(
        config.app_id,
        broker=urls,
        broker_credentials=_credentials(cluster.security),
        store="memory://",
        datadir=config.work_dir,
        web_enabled=False,
        topic_partitions=config.partitions,
        topic_replication_factor=config.replicas,
        table_standby_replicas=config.standby,
        consumer_group_instance_id=config.instance,
        stream_wait_empty=True,
        stream_buffer_maxsize=2,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=config.fetch_bytes,
        broker_max_poll_records=config.chunk_records,
        # Faust wants no session to outlast a request.
        broker_request_timeout=max(_REQUEST_SECONDS, config.session_timeout),
        broker_session_timeout=config.session_timeout,
        # a rebalance waits for the next heartbeat of each worker
        broker_heartbeat_interval=min(config.session_timeout / 3, _HEARTBEAT_SECONDS),
        broker_commit_interval=config.commit_interval,
        broker_check_crcs=True,
        producer_linger=0.0,
        producer_max_batch_size=MAX_BATCH_BYTES,
        producer_max_request_size=MAX_REQUEST_BYTES,
        producer_acks=-1,
    )
    transport = BatchTransport(urls, app)
    transport.cluster = cluster
    transport.chunk_topics = frozenset(prefixed(config.prefix, topic) for topic in INBOUND)
    lease = transport.lease = Lease(config.session_timeout, app.conf.broker_rebalance_timeout)
    app.transport = transport
    shelf = config.shelf
    tables = declare_tables(app, config.partitions, stores_on(shelf) if shelf else PartitionStore)
    rules = Rules(
        calendar_of=config.calendars,
        policies=config.policies,
        lateness_ms=config.lateness_ms,
        judge_backdated=config.judge_backdated,
    )
    sender = Sender(lambda: _producer_of(app))
    outbox = Outbox(sender, tables, config.prefix)
    epochs = Epochs(sender, tables[EPOCHS], partial(told_epochs, config.broker, config.prefix))
    processor = Processor(rules, outbox, tables, config.partitions)
    written = [prefixed(config.prefix, topic) for topic in CATALOGUE]
    written += [table.changelog_name for table in tables.values()]
    wire_agents(app, processor, config.prefix, config.partitions)

    async def build(partition: int) -> None:
        try:
            processor.prepare(partition)
        except (StateError, ShelfError) as error:
            await app.crash(error)
            raise

    transport.on_recovered = build

    @app.on_partitions_revoked.connect
    async def settle(*_: object, **__: object) -> None:
        # A row that came to the log after the next owner's would win over it.
        await outbox.settle()

    @app.on_rebalance_complete.connect
    async def take_over(*_: object, **__: object) -> None:
        ticks = prefixed(config.prefix, TICKS)
        mine = sorted(tp.partition for tp in app.consumer.assignment() if tp.topic == ticks)
        try:
            taken = processor.take_over(mine)
        except (StateError, ShelfError) as error:
            await app.crash(error)
            raise
        if shelf is not None and not shelf.sources:
            # What stands there without them is not used again.
            shelf.note_sources(await asyncio.to_thread(config.sources))
        producer = _producer_of(app)
        guard_producer(producer, lease)
        await keep_known(producer, written)
        lease.begin()
        await epochs.raise_of(taken)
        processor.raised(taken)
        log.info("ready: judging partitions %s of %d", mine, config.partitions)

    # Begins when the tables are recovered. It runs in the loop that judges, and the group's
    # answers come from another thread: both have to be well.
    @app.timer(_ALIVE_SECONDS, traced=False)  # type: ignore[untyped-decorator]  # Faust has no types
    async def tell_alive() -> None:
        if lease.holds:
            config.on_alive()

    return app


def changelogs(app_id: str) -> dict[str, str]:
    """Return the changelog of each table."""
    return {name: f"{app_id}-{name}-changelog" for name in TABLE_NAMES}


def own_topics(app_id: str) -> list[str]:
    """Return the topics that a worker makes and keeps for itself, and nobody else reads."""
    return [*changelogs(app_id).values(), f"{app_id}-__assignor-__leader"]


def _credentials(security: Security) -> Credentials | None:
    if security.has_sasl:
        return SASLCredentials(
            username=security.username,
            password=security.password,
            mechanism=security.mechanism,
            ssl_context=security.ssl_context,
        )
    return SSLCredentials(security.ssl_context) if security.has_tls else None


def _producer_of(app: faust.App) -> Any:
    # Faust's own send takes one record at a time; batches need aiokafka's producer.
    return cast(Producer, app.producer)._ensure_producer()  # noqa: SLF001
