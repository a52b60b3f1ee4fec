"""Three brokers in containers: started, killed, started again, taken down.

A broker that was killed keeps its data: the container stays, with its file system.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from chaos.errors import ChaosError, NoEngineError
from signal_tracker.broker import free_port

BROKERS = 3
_FILE = Path(__file__).with_name("cluster.compose.yaml")
_UP_SECONDS = 180.0
_ASK_SECONDS = 3.0
_LOOK_SECONDS = 0.5


class Cluster:
    """The brokers of one run; its ports and its name are its own."""

    def __init__(self, name: str, ports: Sequence[int]) -> None:
        self._name = name
        self._ports = ports
        self._ids: list[str] = []
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in ports)
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def up(self) -> None:
        """Start all brokers; return when each takes part."""
        self._compose("up", "--detach")
        self._ids = [self._compose("ps", "-q", f"kafka-{n + 1}").strip() for n in range(BROKERS)]
        self.wait_until_whole()

    def down(self) -> None:
        """Remove the brokers and what they hold."""
        # Killed first: a busy engine gives up on containers that take their time to stop.
        for words in (("kill",), ("rm", "--force", "-v"), ("down", "--volumes")):
            with suppress(ChaosError):
                self._compose(*words)

    def kill(self, *numbers: int) -> None:
        """Kill brokers as kill -9 does."""
        _docker("kill", *(self._ids[each] for each in numbers))

    def start(self, *numbers: int) -> None:
        """Start brokers that were killed."""
        _docker("start", *(self._ids[each] for each in numbers))

    def is_whole(self) -> bool:
        """Say whether every broker is there and every partition in sync on all its brokers."""
        try:
            found = self._admin.list_topics(timeout=_ASK_SECONDS)
        except KafkaException:
            return False
        partitions = [each for topic in found.topics.values() for each in topic.partitions.values()]
        return len(found.brokers) == BROKERS and all(
            each.leader >= 0 and len(each.isrs) == len(each.replicas) for each in partitions
        )

    def wait_until_whole(self, seconds: float = _UP_SECONDS) -> None:
        """Return when the cluster is whole."""
        deadline = time.monotonic() + seconds
        while not self.is_whole():
            if time.monotonic() > deadline:
                msg = f"expected three brokers in sync after {seconds:.0f} s, was otherwise"
                raise ChaosError(msg)
            time.sleep(_LOOK_SECONDS)

    def _compose(self, *words: str) -> str:
        ports = {f"CHAOS_PORT_{n}": str(port) for n, port in enumerate(self._ports, start=1)}
        return _docker("compose", "-p", self._name, "-f", str(_FILE), *words, more=ports)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield three brokers that are there for this block alone."""
    check_engine()
    found = Cluster(f"chaos{os.getpid()}", [free_port() for _ in range(BROKERS)])
    try:
        found.up()
        yield found
    finally:
        found.down()


def check_engine() -> None:
    """Raise NoEngineError where no container engine answers."""
    try:
        _docker("info", "--format", "{{.ServerVersion}}")
    except (ChaosError, OSError) as error:
        told = str(error).splitlines()[0]
        msg = f"the fault harness needs a Docker engine, and none answers here: {told}"
        raise NoEngineError(msg) from None


def _docker(*words: str, more: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["docker", *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(more or {})},
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        msg = f"docker {words[0]} failed: {lines[-1][:300]}"
        raise ChaosError(msg)
    return done.stdout
