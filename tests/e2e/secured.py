"""An Apache Kafka with TLS, SCRAM and ACLs: its listeners, users, certificates and variables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion

from signal_tracker.broker import HOST, free_port
from signal_tracker.kafka_broker import JavaKafka, properties_of
from tests.e2e.authority import Authority

MECHANISM = "SCRAM-SHA-512"
USERS = (
    *("keeper", "producer", "worker", "sink", "reader", "reviewer", "replayer", "runner", "nobody"),
)
# name of a listener: its certificate, how it is entered
LISTENERS = {
    "SECURE": ("server", "SASL_SSL"),
    "EXPIRED": ("expired", "SASL_SSL"),
    "ELSEWHERE": ("elsewhere", "SASL_SSL"),
    "MUTUAL": ("server", "SSL"),
    "OPEN": ("", "SASL_PLAINTEXT"),
}


def password_of(user: str) -> str:
    """Return a user's password: long enough to be looked for in what is said."""
    return f"s3cret-of-{user}-7f1c"


class Pki:
    """The certificates of one cluster, and an authority that signed none of them."""

    def __init__(self, folder: Path) -> None:
        ours, other = Authority(folder / "ours"), Authority(folder / "other")
        here = ("DNS:localhost", f"IP:{HOST}")
        self.folder = ours.folder
        self.authority, self.stranger = ours.certificate, other.certificate
        ours.issue("server", *here)
        ours.issue("expired", *here, days=-1)
        ours.issue("elsewhere", "DNS:kafka.example")
        self.client = ours.issue("client")
        self.expired_client = ours.issue("expired-client", days=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A running broker: a port for each listener, and a plain one for itself."""

    ports: Mapping[str, int]
    pki: Pki

    def address(self, listener: str = "SECURE", host: str = HOST) -> str:
        """Return HOST:PORT of a listener."""
        return f"{host}:{self.ports[listener]}"

    def environ(self, user: str, **other: str) -> dict[str, str]:
        """Return the variables of a process that logs in as `user` on the secure listener."""
        given = {
            "SECURITY_PROTOCOL": "SASL_SSL",
            "SASL_MECHANISM": MECHANISM,
            "SASL_USERNAME": user,
            "SASL_PASSWORD": password_of(user),
            "SSL_CAFILE": str(self.pki.authority),
            **other,
        }
        return {f"SIGNAL_TRACKER_{name}": value for name, value in given.items() if value}

    def certified(self, certificate: Path) -> dict[str, str]:
        """Return the variables of a process that has a certificate instead of a password."""
        none = dict.fromkeys(("SASL_MECHANISM", "SASL_USERNAME", "SASL_PASSWORD"), "")
        return self.environ("", **none, SECURITY_PROTOCOL="SSL", SSL_CERTFILE=str(certificate))


def secured_properties(
    plain: int, controller: int, ports: Mapping[str, int], folder: str, *, bind: str = HOST
) -> dict[str, str]:
    """Return the configuration of a broker whose certificates lie in `folder`."""
    base = properties_of(plain, controller, bind=bind)
    mapped = {name: protocol for name, (_, protocol) in LISTENERS.items()}
    own = {
        "listeners": base["listeners"]
        + "".join(f",{name}://{bind}:{port}" for name, port in ports.items()),
        "advertised.listeners": base["advertised.listeners"]
        + "".join(f",{name}://{HOST}:{port}" for name, port in ports.items()),
        "listener.security.protocol.map": base["listener.security.protocol.map"]
        + "".join(f",{name}:{protocol}" for name, protocol in mapped.items()),
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": f"{folder}/authority.pem",
        "listener.name.mutual.ssl.client.auth": "required",
    }
    for name, (certificate, protocol) in LISTENERS.items():
        head = f"listener.name.{name.lower()}"
        if certificate:
            own[f"{head}.ssl.keystore.type"] = "PEM"
            own[f"{head}.ssl.keystore.location"] = f"{folder}/{certificate}.pem"
        if protocol.startswith("SASL"):
            own |= _logins(head)
    return {**base, **own}


def _logins(head: str) -> dict[str, str]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    known = " ".join(f'user_{user}="{password_of(user)}"' for user in USERS)
    plain = f"org.apache.kafka.common.security.plain.PlainLoginModule required {known};"
    return {
        f"{head}.scram-sha-512.sasl.jaas.config": scram,
        f"{head}.scram-sha-256.sasl.jaas.config": scram,
        f"{head}.plain.sasl.jaas.config": plain,
    }


def add_logins(plain_address: str) -> None:
    """Let every user in by both mechanisms of SCRAM."""
    admin = KafkaAdminClient(bootstrap_servers=[plain_address])
    try:
        # a request may name a user once
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            refused = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(user, mechanism, password_of(user)) for user in USERS]
            )
            assert not any(refused.values()), refused
    finally:
        admin.close()


class _SecuredJava(JavaKafka):
    def __init__(self, log: Path, pki: Pki, ports: Mapping[str, int]) -> None:
        super().__init__(log)
        self._pki, self._ports = pki, ports

    def properties(self) -> dict[str, str]:
        return secured_properties(self.port, free_port(), self._ports, str(self._pki.folder))


@contextmanager
def java_secured(folder: Path) -> Iterator[Secured]:
    """Run the broker from its jars."""
    pki = Pki(folder / "pki")
    ports = {name: free_port() for name in LISTENERS}
    with _SecuredJava(folder / "broker.log", pki, ports) as broker:
        add_logins(broker.address)
        yield Secured(ports={**ports, "PLAINTEXT": broker.port}, pki=pki)


@contextmanager
def container_secured(folder: Path) -> Iterator[Secured]:
    """Run the broker in a container, its certificates mounted into it."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    pki = Pki(folder / "pki")
    for each in (folder, folder / "pki", pki.folder):
        each.chmod(0o755)
    for each in pki.folder.glob("*.pem"):
        # the user in the container is another one
        each.chmod(0o644)
    ports = {name: free_port() for name in (*LISTENERS, "PLAINTEXT")}
    listeners = {name: ports[name] for name in LISTENERS}
    properties = secured_properties(ports["PLAINTEXT"], 9093, listeners, "/pki", bind="")
    container = DockerContainer("apache/kafka:4.1.0").with_envs(
        **{f"KAFKA_{_variable(key)}": value for key, value in properties.items()}
    )
    for port in ports.values():
        container = container.with_bind_ports(port, port)
    container = container.with_volume_mapping(str(pki.folder), "/pki", "ro")
    started = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(90)
    with container.waiting_for(started):
        secured = Secured(ports=ports, pki=pki)
        add_logins(secured.address("PLAINTEXT"))
        yield secured


def _variable(key: str) -> str:
    return key.replace("_", "__").replace("-", "___").replace(".", "_").upper()
