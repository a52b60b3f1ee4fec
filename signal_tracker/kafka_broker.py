"""Run Apache Kafka on this machine: by a Docker engine, else by Java 17 and Maven.

The same interface as the embedded broker. What it holds lives in the container
or in a temporary folder, and goes with it.
"""

import re
import shutil
import signal
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import click

from signal_tracker import children
from signal_tracker.broker import HOST, EmbeddedBroker, free_port
from signal_tracker.errors import BrokerError

VERSION = "4.1.0"
IMAGE = f"apache/kafka:{VERSION}"

_JAVA = 17
_CLUSTER_ID = "5L6g3nShT-eMCtK--X86sw"
_CONTROLLER_PORT = 9093


class DockerKafka(EmbeddedBroker):
    """Apache Kafka in a container, published on 127.0.0.1."""

    start_seconds = 90.0
    # the container needs a moment, and would stay behind if its client were killed
    stop_seconds = 30.0

    def _launch(self) -> subprocess.Popen[bytes]:
        variables = [
            f"--env=KAFKA_{_variable(k)}={v}"
            # in the container on every interface; out of it only where it is published
            for k, v in properties_of(self.port, _CONTROLLER_PORT, bind="").items()
        ]
        publish = f"--publish={HOST}:{self.port}:{self.port}"
        argv = ["docker", "run", "--rm", publish, *variables, IMAGE]
        # docker passes SIGTERM on to the container; killed, it would leave it behind
        return children.start(argv, log=self.log, death_signal=signal.SIGTERM)


class JavaKafka(EmbeddedBroker):
    """Apache Kafka from its jars, which Maven brings once into the user's cache."""

    start_seconds = 90.0

    def properties(self) -> dict[str, str]:
        """Return the broker's configuration but for the folder of its logs."""
        return properties_of(self.port, free_port())

    def _launch(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.TemporaryDirectory(prefix="signal-tracker-kafka-")
        config = Path(self._folder.name) / "server.properties"
        properties = {**self.properties(), "log.dirs": f"{self._folder.name}/data"}
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        java = ["java", "-Xms256m", "-Xmx512m", "-cp", f"{_jars(self.log)}/*"]
        tool = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(config)]
        with self.log.open("ab") as out:
            formatted = subprocess.run([*java, *tool], check=False, stdout=out, stderr=out)
        if formatted.returncode:
            msg = f"Kafka could not format its storage; its log is {self.log}"
            raise BrokerError(msg)
        return children.start([*java, "kafka.Kafka", str(config)], log=self.log)

    def stop(self) -> None:
        """Stop the broker and remove what it held."""
        super().stop()
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def kafka_broker(log: Path, *, port: int = 0) -> EmbeddedBroker:
    """Return the Apache Kafka that this machine can run; say what is missing if none."""
    docker = _docker_trouble()
    if not docker:
        return DockerKafka(log, port=port)
    java = java_trouble()
    if not java:
        return JavaKafka(log, port=port)
    msg = f"no Apache Kafka can be run here: {docker}; {java}. The embedded broker needs neither."
    raise BrokerError(msg)


def _docker_trouble() -> str:
    if shutil.which("docker") is None:
        return "there is no docker command"
    if not _succeeds(["docker", "info"], seconds=15):
        return "no Docker engine answers"
    if not _succeeds(["docker", "image", "inspect", IMAGE], seconds=15):
        click.echo(f"pulling {IMAGE}", err=True)
        if not _succeeds(["docker", "pull", "--quiet", IMAGE], seconds=600):
            return f"{IMAGE} could not be pulled"
    return ""


def java_trouble() -> str:
    """Return why Apache Kafka cannot be run by Java here; nothing where it can."""
    if shutil.which("java") is None:
        return f"there is no Java {_JAVA}"
    argv = ["java", "-version"]
    told = subprocess.run(argv, check=False, capture_output=True, text=True)
    found = re.search(r'version "(\d+)', told.stderr)
    if not found or int(found[1]) < _JAVA:
        return f"expected Java {_JAVA} or newer, was {found[1] if found else 'unknown'}"
    if not _cache().is_dir() and shutil.which("mvn") is None:
        return "there is no Maven to bring Kafka's jars"
    return ""


def _succeeds(argv: list[str], *, seconds: float) -> bool:
    try:
        done = subprocess.run(argv, check=False, timeout=seconds, capture_output=True)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _cache() -> Path:
    return Path.home() / ".cache" / "signal-tracker" / f"kafka-{VERSION}"


def _jars(log: Path) -> Path:
    cache = _cache()
    if cache.is_dir():
        return cache
    click.echo("bringing Kafka's jars with Maven, once", err=True)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as folder, log.open("ab") as out:
        pom = Path(folder) / "pom.xml"
        pom.write_text((files("signal_tracker") / "data" / "kafka-pom.xml").read_text())
        argv = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        jars = Path(folder) / "libs"
        brought = subprocess.run(
            [*argv, f"-DoutputDirectory={jars}"], check=False, stdout=out, stderr=out
        )
        if brought.returncode:
            msg = f"Maven could not bring Kafka's jars; its words are in {log}"
            raise BrokerError(msg)
        jars.rename(cache)
    return cache


def properties_of(port: int, controller: int, *, bind: str = HOST) -> dict[str, str]:
    """Return the configuration of one broker that is its own controller."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{bind}:{port},CONTROLLER://{bind}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }


def _variable(key: str) -> str:
    return key.upper().replace(".", "_")
