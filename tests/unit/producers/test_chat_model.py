"""The endpoint's client against a real HTTP server that speaks chat completions."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from producers.chat_model import Answer, ChatModel, claim_of, said
from producers.errors import ModelError

GOOD = {
    "action": "buy",
    "confidence": 0.8,
    "reasoning": "The averages rise and the strength is moderate.",
    "risk_level": "medium",
}


class Endpoint(ThreadingHTTPServer):
    """Answers every request with `status` and `body`; keeps what was asked."""

    status: int
    body: bytes
    asked: list[tuple[str, str | None, dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        content = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append((self.path, self.headers["Authorization"], json.loads(content)))
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base's own name
        del format, args


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(("127.0.0.1", 0), Handler) as server:
        server.status, server.asked = 200, []
        say(server, json.dumps(GOOD))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def say(server: Endpoint, content: Any) -> None:
    message = {"role": "assistant", "content": content}
    answer = {"id": "1", "model": "gpt-x-2024", "choices": [{"index": 0, "message": message}]}
    server.body = json.dumps(answer).encode()


def model_at(server: Endpoint, **changes: Any) -> ChatModel:
    host, port = server.server_address[:2]
    seconds = iter([10.0, 12.5])
    settings = {"model": "gpt-x", "api_key": "secret", "timer": lambda: next(seconds)}
    return ChatModel(base_url=f"http://{host!s}:{port}/v1/", **{**settings, **changes})


def test_the_answer_is_a_claim_with_its_latency_and_version(endpoint: Endpoint) -> None:
    answer = model_at(endpoint, seed=7).ask("AAPL", [float(n) for n in range(1, 61)])

    assert isinstance(answer, Answer)
    assert (answer.claim.action, answer.claim.confidence) == ("BUY", 0.8)
    assert answer.claim.indicators["current_price"] == 60.0
    assert (answer.latency_seconds, answer.model_version) == (2.5, "gpt-x-2024")
    ((path, authorization, body),) = endpoint.asked
    assert (path, authorization) == ("/v1/chat/completions", "Bearer secret")
    assert (body["model"], body["seed"], body["temperature"]) == ("gpt-x", 7, 0)
    assert json.loads(body["messages"][1]["content"])["ticker"] == "AAPL"


def test_without_a_key_none_is_sent(endpoint: Endpoint) -> None:
    model_at(endpoint, api_key="").ask("AAPL", [])

    assert endpoint.asked[0][1] is None
    assert "seed" not in endpoint.asked[0][2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": "MAYBE"}, "action: expected one of BUY, SELL, HOLD, was 'MAYBE'"),
        ({"confidence": 1.5}, "confidence: expected 0 to 1, was 1.5"),
        ({"confidence": "0.8"}, "confidence: expected 0 to 1, was '0.8'"),
        ({"confidence": True}, "confidence: expected 0 to 1, was True"),
        ({"reasoning": "short"}, "reasoning: expected 30 to 20000 characters"),
        ({"risk_level": "none"}, "risk_level: expected one of low"),
        ({"action": 1}, "expected the JSON object asked for"),
    ],
)
def test_a_claim_that_breaks_the_form_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        claim_of(json.dumps({**GOOD, **change}), {})


@pytest.mark.parametrize("content", ["BUY!", "[1]", "{}", None, "NaN", '```json\n{"a": 1}\n```'])
def test_prose_is_no_answer(endpoint: Endpoint, content: Any) -> None:
    say(endpoint, content)

    with pytest.raises(ModelError):
        model_at(endpoint).ask("AAPL", [])


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"{}", b'{"choices": []}', b"[]", b'{"choices": 1}']
)
def test_another_shape_is_no_answer(endpoint: Endpoint, body: bytes) -> None:
    endpoint.body = body

    with pytest.raises(ModelError):
        model_at(endpoint).ask("AAPL", [])


def test_an_error_status_is_said(endpoint: Endpoint) -> None:
    endpoint.status = 429

    with pytest.raises(ModelError, match="the endpoint answered 429"):
        model_at(endpoint).ask("AAPL", [])


def test_a_key_is_not_sent_on_to_where_an_answer_points(endpoint: Endpoint) -> None:
    endpoint.status = 302

    with pytest.raises(ModelError, match="the endpoint answered 302"):
        model_at(endpoint).ask("AAPL", [])

    assert [path for path, *_ in endpoint.asked] == ["/v1/chat/completions"]


@pytest.mark.parametrize("key", ["hunter2\n", "hunter2\r\nX: y", "hünter2"])
def test_a_key_that_no_header_takes_is_refused_unseen(endpoint: Endpoint, key: str) -> None:
    model = model_at(endpoint, api_key=key)

    with pytest.raises(ModelError) as refused:
        model.ask("AAPL", [])

    assert "nter2" not in f"{refused.value!r} {model!r}"
    assert endpoint.asked == []


def test_an_answer_that_is_nested_too_deep_is_no_answer(endpoint: Endpoint) -> None:
    endpoint.body = b"[" * 100_000

    with pytest.raises(ModelError, match="no JSON"):
        model_at(endpoint).ask("AAPL", [])

    say(endpoint, "[" * 100_000)
    with pytest.raises(ModelError, match="expected the JSON object"):
        model_at(endpoint).ask("AAPL", [])


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "file:///etc", "nowhere"])
def test_an_endpoint_that_is_none_is_said(base_url: str) -> None:
    model = ChatModel(base_url=base_url, model="m", timer=lambda: 0.0)

    with pytest.raises(ModelError):
        model.ask("AAPL", [])


@pytest.mark.parametrize(
    "answer",
    [
        b"[" * 100_000,
        b'{"choices":[{"message":{"content":' + b"[" * 2_000,
        b'{"choices":[{"message":{"content":"\\ud800"}}]}',
        json.dumps({"model": "v" * 201, "choices": [{"message": {"content": "{}"}}]}).encode(),
    ],
)
def test_an_answer_that_no_signal_can_carry_is_none(answer: bytes) -> None:
    with pytest.raises(ModelError):
        said(answer)


@pytest.mark.parametrize("text", ["[" * 100_000, json.dumps({**GOOD, "reasoning": "\ud800" * 40})])
def test_a_claim_that_no_signal_can_carry_is_none(text: str) -> None:
    with pytest.raises(ModelError, match="expected the JSON object asked for"):
        claim_of(text, {})
