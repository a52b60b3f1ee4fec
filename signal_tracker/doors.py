"""Why a broker does not let this process in, in one line: certificate, password or protocol.

Kafka clients try again what they do not understand until their time is up, and
then say that nobody answered. So the way in is tried here once, by hand: TLS,
then SASL. What may pass by itself (nobody listens, nobody answers) is not judged.
"""

import socket
import ssl
import struct
import time
from typing import Final

from schemas.cluster import Broker, Cluster, Security, cluster_of
from signal_tracker import knocking
from signal_tracker.errors import BrokerError, SilentBrokerError
from signal_tracker.knocking import AlertError, SilentError
from signal_tracker.security import PREFIX

_TIMEOUT_S: Final = 5.0
# A proxy accepts before the broker behind it does, and then hangs up.
_TRIES: Final = 3
_PAUSE_S: Final = 0.5
_PROTOCOL: Final = f"{PREFIX}SECURITY_PROTOCOL"


_entered: Final[set[Cluster]] = set()


class RefusedError(BrokerError):
    """Say why a broker refuses this process, now and whenever it is asked again."""


def check_once(broker: Broker) -> None:
    """Check the door before the first client of this process does."""
    cluster = cluster_of(broker)
    if cluster not in _entered:
        check_door(cluster)
        _entered.add(cluster)


def explained(broker: Broker, message: str) -> BrokerError:
    """Return the error for a client that was not answered: the reason where it can be found."""
    try:
        check_door(broker)
    except RefusedError as refused:
        return refused
    return SilentBrokerError(message)


def check_door(broker: Broker) -> None:
    """Raise RefusedError where a broker refuses this process, and no other one lets it in."""
    cluster = cluster_of(broker)
    refused: RefusedError | None = None
    for address in cluster.addresses:
        try:
            _try_to_enter(address, cluster.security)
        except RefusedError as error:
            refused = refused or error
        except (OSError, struct.error):
            continue
        else:
            return
    if refused is not None:
        raise refused


def _try_to_enter(address: str, security: Security) -> None:
    for left in reversed(range(_TRIES if security.has_tls else 1)):
        try:
            return _enter(address, security)
        except SilentError as error:
            if left:
                time.sleep(_PAUSE_S)
            elif str(error):
                raise RefusedError(str(error)) from None
            else:
                raise


def _enter(address: str, security: Security) -> None:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    with socket.create_connection((host, int(port)), timeout=_TIMEOUT_S) as plain:
        if security.ssl_context is None:
            _enter_plain(plain, address, security)
            return
        try:
            connection = security.ssl_context.wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            msg = f"the certificate of the broker at {address} is not accepted: {_why(error)}"
            raise RefusedError(msg) from None
        except (ssl.SSLError, ConnectionResetError) as error:
            msg = (
                f"the broker at {address} does not speak TLS there ({_reason(error)}): "
                f"another port, or another {_PROTOCOL}"
            )
            raise SilentError(msg) from None
        with connection:
            _enter_encrypted(connection, address, security)


def _enter_plain(connection: socket.socket, address: str, security: Security) -> None:
    try:
        knocking.greet(connection)
    except AlertError:
        msg = (
            f"the broker at {address} speaks TLS there: "
            f"expected {_PROTOCOL} SASL_SSL or SSL, was {security.protocol}"
        )
        raise RefusedError(msg) from None
    _log_in(connection, address, security)


def _enter_encrypted(connection: ssl.SSLSocket, address: str, security: Security) -> None:
    try:
        knocking.greet(connection)
    except (SilentError, ssl.SSLError, ConnectionResetError) as error:
        told = f" ({_reason(error)})" if isinstance(error, ssl.SSLError) else ""
        msg = (
            f"the broker at {address} hung up after the TLS handshake{told}: it may ask for a "
            f"client's certificate, {PREFIX}SSL_CERTFILE, or this one is expired or unknown to it"
        )
        raise SilentError(msg) from None
    _log_in(connection, address, security)


def _log_in(connection: socket.socket, address: str, security: Security) -> None:
    asked = security.mechanism if security.has_sasl else "PLAIN"
    code, mechanisms = knocking.offer_of(connection, asked)
    tls = "SSL" if security.has_tls else "PLAINTEXT"
    if not security.has_sasl:
        # Tansu takes a login, but needs none
        if code != knocking.WRONG_STATE and not knocking.is_served(connection):
            msg = (
                f"the broker at {address} asks for a login by {mechanisms}: "
                f"expected {_PROTOCOL} SASL_{tls}, was {tls}"
            )
            raise RefusedError(msg)
        return
    if code == knocking.WRONG_STATE:
        msg = f"the broker at {address} takes no login there: another port, or {_PROTOCOL} {tls}"
        raise RefusedError(msg)
    if code == knocking.UNKNOWN_MECHANISM:
        msg = (
            f"{PREFIX}SASL_MECHANISM: expected one that the broker at {address} has "
            f"({mechanisms}), was {asked}"
        )
        raise RefusedError(msg)
    failure = knocking.log_in(connection, address.rpartition(":")[0], security)
    if failure:
        msg = f"the broker at {address} refused the login of {security.username!r}: {failure}"
        raise RefusedError(msg)


def _why(error: ssl.SSLCertVerificationError) -> str:
    told = str(error.verify_message).rstrip(".")
    if "issuer" in told or "self-signed" in told:
        told += f" (is {PREFIX}SSL_CAFILE the authority that signed it?)"
    return told


def _reason(error: OSError) -> str:
    reason = getattr(error, "reason", None) or "it hung up"
    return str(reason).lower().replace("_", " ")
