"""What is made of a broker's first words; the real ones are in tests/e2e/test_secured.py."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from signal_tracker.doors import RefusedError, check_door, explained
from signal_tracker.errors import SilentBrokerError


@contextmanager
def answering(words: bytes) -> Iterator[str]:
    """Serve one connection: take what it says, say these words, hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(words)

        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_an_alert_of_tls_is_named() -> None:
    with (
        answering(b"\x15\x03\x03\x00\x02\x02\x50") as address,
        pytest.raises(RefusedError, match=r"speaks TLS there: expected .* was PLAINTEXT"),
    ):
        check_door(address)


@pytest.mark.parametrize(
    "words",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\5", b"\0\0\0\1x", b"\x7f\xff\xff\xff"],
    ids=["silence", "another protocol", "cut short", "too small", "too large"],
)
def test_what_may_pass_or_is_no_kafka_is_left_to_the_client(words: bytes) -> None:
    with answering(words) as address:
        check_door(address)


def test_where_nobody_listens_the_client_s_own_words_stand() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    error = explained(f"127.0.0.1:{port}", "no Kafka broker answers")

    assert isinstance(error, SilentBrokerError)
    assert str(error) == "no Kafka broker answers"
