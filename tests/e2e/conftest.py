"""The brokers that more than one file of this tier uses."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from signal_tracker.broker import free_port
from signal_tracker.kafka_broker import java_trouble
from tests.e2e.acls import PREFIX, ROLES, acls_of, documented, give
from tests.e2e.secured import Secured, container_secured, java_secured


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


@pytest.fixture(
    scope="session", params=["java", pytest.param("container", marks=pytest.mark.containers)]
)
def secured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    started: AbstractContextManager[Secured]
    if request.param == "container":
        started = container_secured(folder)
    else:
        trouble = java_trouble()
        if trouble:
            pytest.skip(trouble)
        started = java_secured(folder)
    with started as broker:
        for prefix in (PREFIX, ""):
            grants = [
                acl
                for user, processes in ROLES.items()
                for acl in acls_of(user, documented(*processes), prefix)
            ]
            give(broker.address("PLAINTEXT"), grants)
        yield broker
