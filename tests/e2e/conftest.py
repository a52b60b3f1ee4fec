"""The brokers that more than one file of this tier uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from signal_tracker.broker import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """An Apache Kafka in a container."""

    address: str
    container: Any

    def shell(self, script: str) -> str:
        """Run a shell script in the container, Kafka's tools in its path; return what it says."""
        words = ["bash", "-c", f"PATH=$PATH:/opt/kafka/bin; set -e -o pipefail; {script}"]
        status, said = self.container.exec(words)
        assert status == 0, said.decode()
        return str(said.decode())


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """One Apache Kafka for the whole run: use a prefix of your own."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = free_port()
    container = (
        DockerContainer("apache/kafka:4.1.0")
        .with_bind_ports(port, port)
        .with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_LISTENERS=f"PLAINTEXT://:{port},CONTROLLER://:9093",
            KAFKA_ADVERTISED_LISTENERS=f"PLAINTEXT://127.0.0.1:{port}",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:9093",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
        )
        .waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(90))
    )
    with container:
        yield Kafka(address=f"127.0.0.1:{port}", container=container)
