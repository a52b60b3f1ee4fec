"""Where the brokers are and how a client gets in: what every client of ours is given.

No variable is read and no file opened here: `signal_tracker.security` does that
once, at the edge. A bare HOST:PORT stands for a cluster without security.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ssl import SSLContext

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")

# what a broker answers about a topic that a client may not know of
TOPIC_DENIED = 29

_HIDDEN = "***"


class Secret(str):
    """A text that no log, traceback or format shows; clients join and encode it as it is.

    >>> secret = Secret("hunter2")
    >>> f"{secret} {secret!r} %s" % secret, secret.encode()
    ('*** *** ***', b'hunter2')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return stars."""
        return _HIDDEN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        """Return stars."""
        return _HIDDEN


_NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """How a client shows who it is, and makes sure of the broker; the names are Kafka's."""

    protocol: str = "PLAINTEXT"
    ssl_context: "SSLContext | None" = None
    mechanism: str = MECHANISMS[0]
    username: str = ""
    password: Secret = _NO_SECRET

    @property
    def has_tls(self) -> bool:
        """Say whether the connection is encrypted, and the broker's certificate checked."""
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def has_sasl(self) -> bool:
        """Say whether the client logs in by name and password."""
        return self.protocol in ("SASL_PLAINTEXT", "SASL_SSL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The addresses of a Kafka cluster as a user wrote them, and how to get in."""

    servers: str
    security: Security = Security()

    @property
    def addresses(self) -> list[str]:
        """Return each HOST:PORT.

        >>> Cluster(servers="a:1, b:2").addresses
        ['a:1', 'b:2']
        """
        return [each.strip() for each in self.servers.split(",")]

    def __str__(self) -> str:
        """Return the addresses as they were written."""
        return self.servers


Broker: TypeAlias = Cluster | str


def cluster_of(broker: Broker) -> Cluster:
    """Return the cluster; of a bare HOST:PORT one without security."""
    return Cluster(servers=broker) if isinstance(broker, str) else broker


def client_options(broker: Broker) -> dict[str, Any]:
    """Return what a client takes to connect: kafka-python's and aiokafka's names are the same.

    >>> client_options("a:1,b:2")
    {'bootstrap_servers': ['a:1', 'b:2']}
    """
    cluster = cluster_of(broker)
    security = cluster.security
    options: dict[str, Any] = {"bootstrap_servers": cluster.addresses}
    if security.protocol != "PLAINTEXT":
        options["security_protocol"] = security.protocol
    if security.has_tls:
        options["ssl_context"] = security.ssl_context
    if security.has_sasl:
        options["sasl_mechanism"] = security.mechanism
        options["sasl_plain_username"] = security.username
        options["sasl_plain_password"] = security.password
    return options


def denied(broker: Broker, what: str, names: Iterable[object] = ()) -> str:
    """Return the line for what a broker's access lists keep from this client.

    >>> denied("a:1", "read the topic", ["ticks"])
    'this client may not read the topic ticks at a:1: it needs an ACL, see docs/security.md'
    """
    what = " ".join([what, ", ".join(sorted(map(str, names)))]).rstrip()
    security = cluster_of(broker).security
    who = f"the user {security.username!r}" if security.has_sasl else "this client"
    return f"{who} may not {what} at {broker}: it needs an ACL, see docs/security.md"
