"""What a client is given, and that a password in it never shows."""

import ssl
from dataclasses import asdict

from schemas.cluster import Cluster, Secret, Security, client_options, denied

PASSWORD = "hunter2-and-more"
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECURED = Cluster(
    servers="kafka:1,kafka:2",
    security=Security(
        protocol="SASL_SSL",
        ssl_context=CONTEXT,
        mechanism="SCRAM-SHA-256",
        username="worker",
        password=Secret(PASSWORD),
    ),
)


def test_clients_get_the_names_of_kafka() -> None:
    assert client_options(SECURED) == {
        "bootstrap_servers": ["kafka:1", "kafka:2"],
        "security_protocol": "SASL_SSL",
        "ssl_context": CONTEXT,
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "worker",
        "sasl_plain_password": PASSWORD,
    }


def test_tls_alone_sends_no_login() -> None:
    cluster = Cluster(servers="a:1", security=Security(protocol="SSL", ssl_context=CONTEXT))

    assert client_options(cluster) == {
        "bootstrap_servers": ["a:1"],
        "security_protocol": "SSL",
        "ssl_context": CONTEXT,
    }


def test_no_way_of_printing_shows_the_password() -> None:
    secret = SECURED.security.password

    shown = [
        str(secret),
        repr(secret),
        f"{secret} {secret!r} {secret!s} {secret:>40}",
        "{} %s" % secret,  # noqa: UP031 a library may write so
        repr(SECURED),
        str(SECURED),
        repr(asdict(Security(password=secret))),
        str(client_options(SECURED)),
        str([secret]),
    ]

    assert not [each for each in shown if PASSWORD in each]


def test_clients_send_the_password_itself() -> None:
    secret = SECURED.security.password

    assert secret.encode() == PASSWORD.encode()
    assert "\0".join(["worker", secret]) == f"worker\0{PASSWORD}"


def test_a_denial_names_the_user_and_all_that_is_denied() -> None:
    told = denied(SECURED, "read the topic", ["ticks", "bars"])

    assert told == (
        "the user 'worker' may not read the topic bars, ticks at kafka:1,kafka:2: "
        "it needs an ACL, see docs/security.md"
    )
