"""One benchmark: its broker, its folder, its size; shared by all scenarios."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import click

from benchmarks.lines import Outcome
from signal_tracker.admin import connected, create_topics
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.errors import BrokerError
from signal_tracker.kafka_broker import VERSION, DockerKafka, kafka_broker

PARTITIONS = 4
EMBEDDED = "embedded"
KAFKA = "kafka"
ROCKSDB = "rocksdb"


class ContestError(Exception):
    """Say what did not do its work, and where its log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A broker that runs: `pid` is its process, where it can be known."""

    address: str
    kind: str
    pid: int | None


@dataclass(slots=True, kw_only=True)
class Bench:
    """What the scenarios share; a context manager that leaves nothing running."""

    folder: Path
    quick: bool
    broker_kind: str | None = None
    given: str | None = None
    peers: bool = False
    signals: int | None = None
    store: str = "memory"
    served: Served | None = None
    market: object = None
    _open: ExitStack = field(default_factory=ExitStack)
    _prefixes: list[str] = field(default_factory=list)

    def broker(self) -> Served:
        """Return the broker, started now if none runs."""
        if self.served is None:
            self.served = self._given() if self.given else self._start()
            click.echo(f"broker: {self.served.kind} at {self.served.address}", err=True)
        return self.served

    def close_broker(self) -> None:
        """Stop the broker that was started here, with all that it holds."""
        self._open.close()
        self.served = None
        self.market = None

    def topics(self, name: str) -> str:
        """Create a catalogue of topics; return its prefix."""
        prefix = f"bench-{uuid4().hex[:8]}-{name}-"
        create_topics(self.broker().address, prefix, PARTITIONS)
        self._prefixes.append(prefix)
        return prefix

    def room(self, *names: str) -> Path:
        """Return a new folder for one run's logs and answers."""
        path = self.folder.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _given(self) -> Served:
        assert self.given
        self._open.callback(self._remove_topics, self.given)
        return Served(address=self.given, kind="given with --broker", pid=None)

    def _start(self) -> Served:
        log = self.folder / f"broker-{uuid4().hex[:4]}.log"
        broker, kind = _chosen(self.broker_kind, log)
        self._open.enter_context(broker)
        pid = broker.process.pid if broker.process else None
        if isinstance(broker, DockerKafka):
            pid = _inside_container()
        return Served(address=broker.address, kind=kind, pid=pid)

    def _remove_topics(self, address: str) -> None:
        # the changelogs, too: they begin with the app id, and that with the prefix
        with connected(address) as admin:
            names = [name for name in admin.list_topics() if name.startswith(tuple(self._prefixes))]
            if names:
                admin.delete_topics(names)


Scenario: TypeAlias = Callable[[Bench], Outcome]


def _chosen(kind: str | None, log: Path) -> tuple[EmbeddedBroker, str]:
    if kind != EMBEDDED:
        try:
            broker = kafka_broker(log)
        except BrokerError as error:
            if kind == KAFKA:
                raise
            click.echo(str(error), err=True)
        else:
            by = "Docker" if isinstance(broker, DockerKafka) else "Java"
            return broker, f"Apache Kafka {VERSION} ({by}), on the same cores"
    return EmbeddedBroker(log), "embedded (Tansu, in memory), on the same cores"


def _inside_container() -> int | None:
    found = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"kafka.Kafka" in _read(path)
    ]
    return found[0] if len(found) == 1 else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
