"""The first words with a Kafka broker, by hand: may this connection speak, and log in?

The three requests that a broker answers before a login (ApiVersions,
SaslHandshake, SaslAuthenticate), and one that it does not. `doors` says what
the answers mean.
"""

import socket
import struct
from typing import Final, NamedTuple

from schemas.cluster import Security

NO_ERROR: Final = 0
UNKNOWN_MECHANISM: Final = 33
WRONG_STATE: Final = 34

_METADATA: Final = (3, 1)
_API_VERSIONS: Final = (18, 0)
_HANDSHAKE: Final = (17, 1)
_AUTHENTICATE: Final = (36, 0)
_NO_TOPICS: Final = struct.pack(">i", 0)
_HEADER: Final = struct.Struct(">hhih")
_CORRELATION: Final = 1
_MAX_ANSWER: Final = 1 << 20
_TLS_ALERT: Final = 0x15


class SilentError(OSError):
    """The other side ended the connection, or what it said is no Kafka."""


class AlertError(SilentError):
    """The other side answered plain words with an alert of TLS."""


class Offer(NamedTuple):
    """What a broker says of a mechanism: an error code, and the mechanisms it has."""

    code: int
    mechanisms: str


def greet(connection: socket.socket) -> None:
    """Ask for the versions; raise SilentError where no Kafka answers."""
    _ask(connection, _API_VERSIONS, b"")


def offer_of(connection: socket.socket, mechanism: str) -> Offer:
    """Return what the broker says of logging in by a mechanism."""
    answer = _ask(connection, _HANDSHAKE, _text(mechanism))
    code, count = struct.unpack_from(">hi", answer)
    at, names = 6, []
    for _ in range(count):
        (size,) = struct.unpack_from(">h", answer, at)
        names.append(answer[at + 2 : at + 2 + size].decode(errors="replace"))
        at += 2 + size
    return Offer(code, ", ".join(names))


def is_served(connection: socket.socket) -> bool:
    """Say whether the broker names the brokers, which it tells only those whom it let in."""
    try:
        answer = _ask(connection, _METADATA, _NO_TOPICS)
    except (SilentError, ConnectionResetError):
        return False
    (brokers,) = struct.unpack_from(">i", answer)
    return bool(brokers > 0)


def log_in(connection: socket.socket, host: str, security: Security) -> str:
    """Log in after an accepted offer; return why it failed, nothing if it did not."""
    from kafka.errors import KafkaError
    from kafka.net.sasl import get_sasl_mechanism

    mechanism = get_sasl_mechanism(security.mechanism)(
        host=host,
        sasl_mechanism=security.mechanism,
        sasl_plain_username=security.username,
        sasl_plain_password=security.password,
    )
    while not mechanism.is_done():
        words = mechanism.auth_bytes()
        answer = _ask(connection, _AUTHENTICATE, struct.pack(">i", len(words)) + words)
        code, size = struct.unpack_from(">hh", answer)
        told = answer[4 : 4 + max(size, 0)].decode(errors="replace")
        if code != NO_ERROR:
            return told or f"error {code}"
        at = 4 + max(size, 0)
        (length,) = struct.unpack_from(">i", answer, at)
        try:
            mechanism.receive(answer[at + 4 : at + 4 + length])
        except (KafkaError, ValueError, KeyError, AssertionError):
            return "the broker's own proof is wrong"
    return "" if mechanism.is_authenticated() else "the broker's own proof is wrong"


def _ask(connection: socket.socket, api: tuple[int, int], body: bytes) -> bytes:
    words = _HEADER.pack(*api, _CORRELATION, -1) + body
    connection.sendall(struct.pack(">i", len(words)) + words)
    head = _receive(connection, 4)
    if head[0] == _TLS_ALERT:
        raise AlertError
    (size,) = struct.unpack(">i", head)
    if not 4 <= size <= _MAX_ANSWER:  # noqa: PLR2004 the correlation id
        raise SilentError
    return _receive(connection, size)[4:]


def _receive(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise SilentError
        received += part
    return bytes(received)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded
