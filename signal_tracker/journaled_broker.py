"""The embedded broker with a journal: what is acknowledged is on the disk, and comes again.

Promise: a record of the four inbound topics that a publisher was told of, or that
anybody could read, is in the journal, after kill -9 of all processes and after a
power cut. At the next start the topics are made anew, hold the same records at the
same offsets, and only then is anybody let in.
"""

import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.sources import cluster_id_of
from schemas.topics import DEFAULT_PARTITIONS, INBOUND, prefixed
from signal_tracker import admin
from signal_tracker.broker import HOST, EmbeddedBroker, is_taken
from signal_tracker.columns import counted
from signal_tracker.door import Door
from signal_tracker.errors import BrokerError
from signal_tracker.journal import Journal
from signal_tracker.journal_flow import Tail, load

# The journal is what keeps ticks that the topic would let go of after some days.
_KEEP_ALL = {"retention.ms": "-1"}
_LOOK_S = 0.2


class JournaledBroker:
    """A broker of this process with its journal: a context manager, its address in `address`."""

    def __init__(
        self,
        log: Path,
        folder: Path,
        *,
        port: int = 0,
        prefix: str = "",
        partitions: int | None = None,
        say: Callable[[str], None],
    ) -> None:
        self._log = log
        self._folder = folder
        self._port = port
        self._prefix = prefix
        self._partitions = partitions
        self._say = say
        self._inside = f"journal-{uuid.uuid4().hex}"
        self._parts = ExitStack()
        self._journal: Journal
        self._door: Door
        self._tail: Tail
        self._broker: EmbeddedBroker

    @property
    def address(self) -> str:
        """Return HOST:PORT for clients on this machine."""
        return f"{HOST}:{self._door.port}"

    def __enter__(self) -> Self:
        with self._parts:
            self._start()
            self._parts = self._parts.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts.close()

    def wait(self) -> None:
        """Wait until the broker or its journal fails, which they should not do by themselves."""
        while True:
            self._tail.check()
            process = self._broker.process
            try:
                status = None if process is None else process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                continue
            msg = f"the broker ended by itself with status {status}; its log is {self._log}"
            raise BrokerError(msg)

    def _start(self) -> None:
        if self._port and is_taken(self._port):
            msg = f"port {self._port} of {HOST} is in use: choose another with --port"
            raise BrokerError(msg)
        self._journal = self._parts.enter_context(
            Journal.open(
                self._folder,
                prefix=self._prefix,
                partitions=self._partitions,
                default=DEFAULT_PARTITIONS,
            )
        )
        manifest = self._journal.manifest
        inner = EmbeddedBroker(self._log)
        self._door = self._parts.enter_context(
            Door(
                self._port,
                inside=self._inside,
                is_kept=self._is_kept,
                ends_of=lambda name: admin.end_offsets(self.address, [name]),
            )
        )
        inner.told_port = self._door.port
        inner.cluster_id = cluster_id_of(manifest.journal, manifest.starts)
        self._broker = self._parts.enter_context(inner)
        self._door.inner_port = inner.port
        self._fill()
        self._tail = Tail(self._journal, self.address, self._inside, self._door.moved)
        self._tail.start()
        self._parts.callback(self._stop)
        self._door.open()

    def _fill(self) -> None:
        started = time.monotonic()
        manifest = self._journal.manifest
        admin.create_topics(
            self.address,
            self._prefix,
            manifest.partitions,
            more_configs=_KEEP_ALL,
            client_id=self._inside,
        )
        names = [prefixed(self._prefix, each) for each in INBOUND]
        ids = admin.topic_ids(self.address, names, client_id=self._inside)
        self._door.names = {told.rpartition("/")[2]: name for name, told in ids.items()}
        count = load(self._journal, self.address, self._inside)
        seconds = time.monotonic() - started
        self._say(f"{self._about()}: {counted(count, 'record')} published again in {seconds:.1f} s")
        if self._journal.cut_bytes:
            self._say(
                f"{self._journal.cut_bytes} bytes of an unfinished write were cut off its end: "
                "nobody had been told of what they held"
            )

    def _stop(self) -> None:
        self._door.shut()
        self._tail.stop()
        self._say(f"{self._about()} is complete")

    def _is_kept(self, ends: Mapping[tuple[str, int], int]) -> bool:
        return self._tail.is_kept(ends)

    def _about(self) -> str:
        return f"journal {self._folder} ({self._journal.size() / 1e6:.1f} MB)"
