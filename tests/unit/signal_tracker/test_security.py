"""What the variables of security say, and what is refused, with no secret in the words."""

from pathlib import Path

import click
import pytest

from schemas.cluster import Security
from signal_tracker.security import security_of, variables_of, without_security
from signal_tracker.settings import Settings

PASSWORD = "hunter2-and-more"
LOGIN = {"SECURITY_PROTOCOL": "sasl_ssl", "SASL_USERNAME": "worker", "SASL_PASSWORD": PASSWORD}


def read(**given: str) -> Security:
    return security_of(variables_of({f"SIGNAL_TRACKER_{name}": given[name] for name in given}))


def refusal(**given: str) -> str:
    with pytest.raises(click.UsageError) as refused:
        read(**given)
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


def test_without_variables_nothing_is_secured() -> None:
    assert read() == Security()


def test_a_login_over_tls_checks_certificate_and_host() -> None:
    security = read(**LOGIN)

    assert (security.protocol, security.mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (security.username, security.password.encode()) == ("worker", PASSWORD.encode())
    context = security.ssl_context
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.minimum_version.name == "TLSv1_2"


def test_a_password_file_loses_its_line_end_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f" {PASSWORD} \r\n")

    security = read(
        SECURITY_PROTOCOL="SASL_PLAINTEXT", SASL_USERNAME="u", SASL_PASSWORD_FILE=str(file)
    )

    assert security.password.encode() == f" {PASSWORD} ".encode()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"SECURITY_PROTOCOL": "TLS"}, "SECURITY_PROTOCOL: expected one of PLAINTEXT, SSL"),
        ({"SASL_USERNAME": "worker"}, "SASL_USERNAME is set: expected"),
        ({"SSL_CAFILE": "ca.pem"}, "SSL_CAFILE is set: expected"),
        ({"SECURITY_PROTOCOL": "SSL", "SASL_PASSWORD": PASSWORD}, "SASL_PASSWORD is set"),
        ({**LOGIN, "SASL_USERNAME": ""}, "SASL_SSL needs SIGNAL_TRACKER_SASL_USERNAME"),
        ({**LOGIN, "SASL_PASSWORD": ""}, "SASL_SSL needs SIGNAL_TRACKER_SASL_PASSWORD_FILE"),
        ({**LOGIN, "SASL_PASSWORD_FILE": "p"}, "expected one of SIGNAL_TRACKER_SASL_PASSWORD"),
        ({**LOGIN, "SASL_MECHANISM": PASSWORD}, "SASL_MECHANISM: expected one of SCRAM-SHA-512"),
        ({**LOGIN, "SSL_CAFILE": "/nowhere/ca.pem"}, "SSL_CAFILE: /nowhere/ca.pem cannot be read"),
        ({**LOGIN, "SSL_KEYFILE": "k.pem"}, "needs SIGNAL_TRACKER_SSL_CERTFILE"),
        (
            {**LOGIN, "SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "PLAIN"},
            "would send the password in clear",
        ),
    ],
)
def test_what_is_wrong_is_named_without_the_secret(given: dict[str, str], wanted: str) -> None:
    assert wanted in refusal(**given)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")

    assert "expected certificates in PEM" in refusal(**LOGIN, SSL_CAFILE=str(wrong))
    assert "SSL_CERTFILE: expected" in refusal(**LOGIN, SSL_CERTFILE=str(wrong))


@pytest.mark.parametrize("content", [b"x" * 5000, b"\xff\xfe"])
def test_a_password_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)

    assert "expected" in refusal(**{**LOGIN, "SASL_PASSWORD": ""}, SASL_PASSWORD_FILE=str(file))


def test_settings_never_show_a_password() -> None:
    settings = Settings.from_env({f"SIGNAL_TRACKER_{name}": LOGIN[name] for name in LOGIN})

    assert PASSWORD not in repr(settings)
    assert PASSWORD not in str(settings.security)


def test_children_on_a_broker_of_our_own_get_no_way_in() -> None:
    environ = {"HOME": "/", "SIGNAL_TRACKER_DATA": "d", "SIGNAL_TRACKER_SASL_PASSWORD": PASSWORD}

    assert without_security(environ) == {"HOME": "/", "SIGNAL_TRACKER_DATA": "d"}
