"""The system of docker/compose.yaml, from an image of this checkout, on ports of its own."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from signal_tracker.broker import free_port
from tests.e2e.by_hand import Offsets, Pipeline
from tests.e2e.processes import ROOT, Processes, wait_until

IMAGE = "signal-tracker-test"
FILE = ROOT / "docker" / "compose.yaml"
BROKERS = ("kafka-1", "kafka-2", "kafka-3")
OURS = ("worker", "sink-sqlite", "sink-reports")
PATIENCE_S = 180.0
# Brokers that live for two minutes are better not compiled twice.
_HEAP = "-Xms128m -Xmx256m -XX:TieredStopAtLevel=1"

_STORED = """
import json, sqlite3
rows = sqlite3.connect("file:/data/signals.db?mode=rw", timeout=30, uri=True).execute(
    'SELECT topic, "partition", next_offset FROM sink_offsets')
print(json.dumps(list(rows)))
"""


class System(Pipeline):
    """One project of docker compose; its pipeline is published to and asked from the host."""

    def __init__(self, folder: Path) -> None:
        self.project = f"tracker{uuid.uuid4().hex[:8]}"
        self.ports = [free_port() for _ in BROKERS]
        address = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        super().__init__(Processes(folder), address, folder / "published")
        self.patience = PATIENCE_S
        self.files = ["--file", str(FILE)]

    def compose(self, *words: str) -> str:
        """Run a command of docker compose; return what it prints."""
        ports = {f"KAFKA_PORT_{n}": str(port) for n, port in enumerate(self.ports, 1)}
        ours = {"SIGNAL_TRACKER_IMAGE": IMAGE, "KAFKA_HEAP_OPTS": _HEAP}
        env = {**os.environ, **ports, **ours}
        return docker("compose", "--project-name", self.project, *self.files, *words, env=env)

    def up(self, workers: int, *more: str) -> None:
        """Bring all services to what the files say."""
        words = ["--detach", "--no-build", "--scale", f"worker={workers}", *more]
        self.compose("up", *words)

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """Return what docker knows of the containers of services."""
        ids = self.compose("ps", "--all", "--quiet", *services).split()
        found: list[dict[str, Any]] = json.loads(docker("inspect", *ids))
        return found

    def run_in(self, service: str, *words: str) -> str:
        """Run a command in a service's container."""
        return self.compose("exec", "-T", service, *words)

    def stored(self) -> Offsets:
        """Return what the SQLite sink has committed."""
        try:
            rows = json.loads(self.run_in("sink-sqlite", "python", "-c", _STORED))
        except subprocess.CalledProcessError:
            # there is no database yet
            return {}
        return {(topic, partition): offset for topic, partition, offset in rows}

    def wait_until_healthy(self) -> None:
        """Return when every service that runs says that it is."""
        wait_until(
            "healthy containers",
            lambda: set(self.health().values()) == {"healthy"},
            seconds=PATIENCE_S,
            more=lambda: str(self.health()),
        )

    def health(self) -> dict[str, str]:
        """Return the health of each container, by its name."""
        found = self.containers(*BROKERS, *OURS)
        return {each["Name"]: each["State"]["Health"]["Status"] for each in found}

    def copy_data(self, folder: Path) -> Path:
        """Copy the volume `data` to a folder on the host."""
        (container,) = self.containers("sink-sqlite")
        docker("cp", f"{container['Id']}:/data", str(folder))
        return folder


@contextmanager
def composed(folder: Path) -> Iterator[System]:
    """Yield a system with an image of this checkout; it ends with its volumes."""
    docker("build", "--quiet", "--tag", IMAGE, "--file", str(ROOT / "docker/Dockerfile"), str(ROOT))
    system = System(folder)
    try:
        yield system
    finally:
        # shown where a test fails
        print(system.compose("logs", "--no-color", "--tail", "40"))
        system.compose("kill")
        system.compose("down", "--volumes", "--remove-orphans")


def docker(*words: str, env: dict[str, str] | None = None) -> str:
    """Run docker; return what it prints, or raise CalledProcessError with what went wrong."""
    done = subprocess.run(
        ["docker", *words],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=280,
        env=env,
        text=True,
    )
    if done.returncode:
        told = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        print(f"docker {' '.join(words[:8])}: {told}")
        done.check_returncode()
    return done.stdout


def with_code(folder: Path, code: Path) -> Path:
    """Write an override with which worker and SQLite sink run other code, mounted from a folder."""
    service = {
        "entrypoint": ["python", "-m", "signal_tracker"],
        "environment": {
            "PYTHONPATH": "/code",
            "PYTHONSAFEPATH": "1",
            # it took one address
            "SIGNAL_TRACKER_BROKER": "kafka-1:19092",
        },
        "volumes": [f"{code}:/code:ro"],
    }
    file = folder / "code.compose.json"
    file.write_text(json.dumps({"services": {"worker": service, "sink-sqlite": service}}))
    return file
