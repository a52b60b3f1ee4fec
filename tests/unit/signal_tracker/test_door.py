"""The door before a broker: who is let in, whose answers wait, and what it is not moved by."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from signal_tracker import door as module
from signal_tracker.broker import HOST
from signal_tracker.door import Door, Ends
from tests.unit.signal_tracker.test_door_answers import NAMES, TOPIC_ID, fetched, produced

PRODUCE, FETCH, METADATA = 0, 1, 3
VERSION = {PRODUCE: 9, FETCH: 11, METADATA: 5}


class Inner:
    """A broker that keeps what it was asked, and answers what it was told to."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answers: dict[int, bytes | None] = {}
        self._server = socket.create_server((HOST, 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while content := received(connection):
                self.asked.append(content)
                api_key, _, correlation = struct.unpack_from(">hhi", content)
                body = self.answers.get(api_key, b"")
                if body is not None:
                    connection.sendall(framed(struct.pack(">i", correlation) + body[4:]))


class Desk:
    """What the journal knows: whether all is kept, and of what it was asked."""

    def __init__(self) -> None:
        self.kept = False
        self.asked = threading.Event()
        self.ends: list[Ends] = []

    def ends_of(self, topic: str) -> Ends:
        return {(topic, 3): 77}

    def is_kept(self, ends: Ends) -> bool:
        self.ends.append(dict(ends))
        self.asked.set()
        return self.kept


@pytest.fixture
def inner() -> Iterator[Inner]:
    found = Inner()
    found.answers[PRODUCE] = produced(9, "signals", TOPIC_ID, offset=39)
    found.answers[FETCH] = fetched(11, "signals", TOPIC_ID, records=b"x" * 80)
    yield found
    found.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def door(inner: Inner, desk: Desk) -> Iterator[Door]:
    with Door(0, inside="journal-", is_kept=desk.is_kept, ends_of=desk.ends_of) as found:
        found.inner_port = inner.port
        found.names = NAMES
        yield found


def framed(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def request(api_key: int, client_id: str = "c", correlation: int = 5) -> bytes:
    name = client_id.encode()
    head = struct.pack(">hhih", api_key, VERSION[api_key], correlation, len(name))
    return framed(head + name)


def received(connection: socket.socket) -> bytes:
    head = exactly(connection, 4)
    return exactly(connection, struct.unpack(">i", head)[0]) if head else b""


def exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        try:
            part = connection.recv(size - len(content))
        except OSError:
            return b""
        if not part:
            return b""
        content += part
    return content


def connect(door: Door) -> socket.socket:
    return socket.create_connection((HOST, door.port), timeout=20)


def has_nothing_yet(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        connection.recv(1)
    except BlockingIOError:
        return True
    finally:
        connection.settimeout(20)
    return False


def test_a_shut_door_lets_the_journal_in_alone(door: Door, inner: Inner) -> None:
    with connect(door) as outside, connect(door) as inside:
        outside.sendall(request(METADATA, "somebody"))
        inside.sendall(request(METADATA, "journal-1"))
        assert received(inside)
        assert all(b"somebody" not in each for each in inner.asked)

        door.open()

        assert received(outside)
        assert any(b"somebody" in each for each in inner.asked)


@pytest.mark.parametrize("api_key", [PRODUCE, FETCH])
def test_nobody_hears_of_a_record_before_it_is_kept(api_key: int, door: Door, desk: Desk) -> None:
    door.open()
    with connect(door) as client:
        client.sendall(request(api_key))
        assert desk.asked.wait(20)
        assert has_nothing_yet(client)

        desk.kept = True
        door.moved()

        assert received(client)
    assert desk.ends[-1] == {("signals", 3): 40}


def test_a_batch_sent_again_waits_for_all_that_its_partition_holds(
    door: Door, inner: Inner, desk: Desk
) -> None:
    """Its first answer was cut off, perhaps because the disk was slow."""
    inner.answers[PRODUCE] = produced(9, "signals", TOPIC_ID, offset=-1, error=46)
    door.open()
    with connect(door) as client:
        client.sendall(request(PRODUCE))
        assert desk.asked.wait(20)
        assert has_nothing_yet(client)

        desk.kept = True
        door.moved()

        assert received(client)
    assert desk.ends[-1] == {("signals", 3): 77}


def test_the_journal_does_not_wait_for_itself(door: Door, desk: Desk) -> None:
    with connect(door) as inside:
        inside.sendall(request(FETCH, "journal-1"))

        assert received(inside)
    assert not desk.ends


def test_a_request_without_an_answer_does_not_shift_the_next_ones(
    door: Door, inner: Inner, desk: Desk
) -> None:
    """A publisher that asks for no acknowledgement gets none; its reads still wait."""
    inner.answers[PRODUCE] = None
    door.open()
    with connect(door) as client:
        client.sendall(request(PRODUCE, correlation=1) + request(METADATA, correlation=2))
        assert received(client)[:4] == struct.pack(">i", 2)
        client.sendall(request(FETCH, correlation=3))
        assert desk.asked.wait(20)

        desk.kept = True
        door.moved()

        assert received(client)[:4] == struct.pack(">i", 3)


def test_what_is_not_kept_in_time_is_not_answered(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_S", 0.05)
    door.open()
    with connect(door) as client:
        client.sendall(request(PRODUCE))

        assert received(client) == b""


def test_a_door_that_shuts_sends_everybody_away(door: Door) -> None:
    door.open()
    with connect(door) as client:
        client.sendall(request(METADATA))
        assert received(client)

        door.shut()

        assert received(client) == b""
    with connect(door) as inside:
        inside.sendall(request(METADATA, "journal-1"))
        assert received(inside)


@pytest.mark.parametrize(
    "content", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 40, framed(b"1234"), struct.pack(">i", 2**30)]
)
def test_what_is_no_request_is_sent_away_and_the_next_one_is_served(
    content: bytes, door: Door
) -> None:
    door.open()
    with connect(door) as stranger:
        stranger.sendall(content)
        assert received(stranger) == b""
    with connect(door) as client:
        client.sendall(request(METADATA))
        assert received(client)
