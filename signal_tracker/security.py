"""How this process gets into Kafka: its variables and files, read once, at the edge.

No option carries a password: a process list shows options to everybody. The
processes of a run inherit the variables.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.cluster import MECHANISMS, PROTOCOLS, Secret, Security

if TYPE_CHECKING:
    import ssl

PREFIX = "SIGNAL_TRACKER_"
NAMES = (
    "SECURITY_PROTOCOL",
    "SASL_MECHANISM",
    "SASL_USERNAME",
    "SASL_PASSWORD",
    "SASL_PASSWORD_FILE",
    "SSL_CAFILE",
    "SSL_CERTFILE",
    "SSL_KEYFILE",
    "SSL_KEY_PASSWORD",
    "SSL_KEY_PASSWORD_FILE",
)

_MAX_SECRET_BYTES = 4096


def variables_of(environ: Mapping[str, str]) -> dict[str, Secret]:
    """Return the variables of this module that are set, by name without the prefix."""
    return {name: Secret(environ[PREFIX + name]) for name in NAMES if environ.get(PREFIX + name)}


def without_security(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of children that use a broker of our own, which has none.

    >>> without_security({"HOME": "/", "SIGNAL_TRACKER_SECURITY_PROTOCOL": "SSL"})
    {'HOME': '/'}
    """
    ours = {PREFIX + name for name in NAMES}
    return {name: value for name, value in environ.items() if name not in ours}


def security_of(given: Mapping[str, Secret]) -> Security:
    """Return what the variables say; raise UsageError, with no secret in it, where it is wrong."""
    protocol = _one_of(given, "SECURITY_PROTOCOL", PROTOCOLS)
    if not protocol.startswith("SASL_"):
        _refuse(given, protocol, "SASL_", "SASL_SSL")
    if not protocol.endswith("SSL"):
        _refuse(given, protocol, "SSL_", "SASL_SSL or SSL")
    context = _context(given) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL_"):
        return Security(protocol=protocol, ssl_context=context)
    mechanism = _one_of(given, "SASL_MECHANISM", MECHANISMS)
    if protocol == "SASL_PLAINTEXT" and mechanism == "PLAIN":
        msg = "PLAIN over SASL_PLAINTEXT would send the password in clear: use SASL_SSL, or SCRAM"
        raise click.UsageError(msg)
    return Security(
        protocol=protocol,
        ssl_context=context,
        mechanism=mechanism,
        username=_text(_required(given, "SASL_USERNAME", protocol)),
        password=_required_secret(given, protocol),
    )


def _one_of(given: Mapping[str, Secret], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(given[name]).upper() if name in given else allowed[0]
    if value not in allowed:
        # what stands there may be a password in the wrong place
        msg = f"{PREFIX}{name}: expected one of {', '.join(allowed)}"
        raise click.UsageError(msg)
    return value


def _refuse(given: Mapping[str, Secret], protocol: str, start: str, wanted: str) -> None:
    # a forgotten protocol must not mean that what should be encrypted is not
    for name in given:
        if name.startswith(start):
            msg = (
                f"{PREFIX}{name} is set: expected {PREFIX}SECURITY_PROTOCOL={wanted}, "
                f"was {protocol}"
            )
            raise click.UsageError(msg)


def _required(given: Mapping[str, Secret], name: str, protocol: str) -> Secret:
    if name not in given:
        msg = f"{protocol} needs {PREFIX}{name}"
        raise click.UsageError(msg)
    return given[name]


def _required_secret(given: Mapping[str, Secret], protocol: str) -> Secret:
    password = _secret(given, "SASL_PASSWORD")
    if not password:
        msg = f"{protocol} needs {PREFIX}SASL_PASSWORD_FILE, or {PREFIX}SASL_PASSWORD"
        raise click.UsageError(msg)
    return password


def _secret(given: Mapping[str, Secret], name: str) -> Secret | None:
    """Return a secret from its variable, or from the file that the other one names."""
    file = f"{name}_FILE"
    if file not in given:
        return given.get(name)
    if name in given:
        msg = f"expected one of {PREFIX}{name} and {PREFIX}{file}, was both"
        raise click.UsageError(msg)
    try:
        with Path(_text(given[file])).open("rb") as opened:
            content = opened.read(_MAX_SECRET_BYTES + 1)
        text = content.decode()
    except UnicodeDecodeError:
        msg = f"{PREFIX}{file}: expected text in UTF-8"
        raise click.UsageError(msg) from None
    except OSError as error:
        msg = f"{PREFIX}{file}: {_text(given[file])} cannot be read: {error.strerror}"
        raise click.UsageError(msg) from None
    if len(content) > _MAX_SECRET_BYTES:
        msg = f"{PREFIX}{file}: expected at most {_MAX_SECRET_BYTES} bytes"
        raise click.UsageError(msg)
    return Secret(text.rstrip("\r\n"))


def _context(given: Mapping[str, Secret]) -> "ssl.SSLContext":
    import ssl

    # Not the module's default context, which writes session keys to a file that a variable names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if "SSL_CAFILE" in given:
        path = _file(given, "SSL_CAFILE")
        try:
            context.load_verify_locations(path)
        except ssl.SSLError:
            msg = f"{PREFIX}SSL_CAFILE: expected certificates in PEM, was another content: {path}"
            raise click.UsageError(msg) from None
    else:
        context.load_default_certs()
    for name in ("SSL_KEYFILE", "SSL_KEY_PASSWORD", "SSL_KEY_PASSWORD_FILE"):
        if name in given:
            _required(given, "SSL_CERTFILE", f"{PREFIX}{name}")
    if "SSL_CERTFILE" in given:
        _load_own(context, given)
    return context


def _load_own(context: "ssl.SSLContext", given: Mapping[str, Secret]) -> None:
    import ssl

    certificate = _file(given, "SSL_CERTFILE")
    key = _file(given, "SSL_KEYFILE") if "SSL_KEYFILE" in given else certificate
    password = _secret(given, "SSL_KEY_PASSWORD")
    try:
        # without an answer of ours OpenSSL would ask on the terminal
        context.load_cert_chain(certificate, key, password=(password or "").encode)
    except (ssl.SSLError, ValueError):
        msg = (
            f"{PREFIX}SSL_CERTFILE: expected {certificate} and the key {key} in PEM, of one "
            f"another, and the password of the key ({PREFIX}SSL_KEY_PASSWORD_FILE) if it has one"
        )
        raise click.UsageError(msg) from None


def _file(given: Mapping[str, Secret], name: str) -> Path:
    path = Path(_text(given[name]))
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        msg = f"{PREFIX}{name}: {path} cannot be read: {error.strerror}"
        raise click.UsageError(msg) from None


def _text(secret: Secret) -> str:
    """Return the plain text of a variable that is no secret."""
    return "".join(secret)
