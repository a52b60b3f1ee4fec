"""Ask a model behind an OpenAI-compatible endpoint for a claim; strict about its answer."""

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import orjson

from producers.errors import ModelError
from producers.fallback import Claim, indicators_of
from schemas.records import ACTIONS
from schemas.rules import MAX_REASONING

TIMEOUT_S = 60.0
MIN_REASONING = 30
RISK_LEVELS = ("low", "medium", "high", "extreme")

_MAX_ANSWER_BYTES = 1_000_000
_MAX_VERSION = 200
_SHOWN_CLOSES = 30
_INSTRUCTIONS = """You judge whether a ticker's price will rise or fall over the coming sessions.
Answer with one JSON object and nothing else:
{"action": "BUY" | "SELL" | "HOLD", "confidence": 0..1, "reasoning": "one or two sentences",
 "risk_level": "low" | "medium" | "high" | "extreme"}
confidence is your probability that the action turns out right after costs."""


class _NoRedirect(HTTPRedirectHandler):
    """Urllib would send the key on to wherever an answer points."""

    def redirect_request(self, *_words: Any, **_named: Any) -> None:
        """Follow nothing: the status is the answer."""


_OPENER = build_opener(_NoRedirect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A claim, and what it took to get it."""

    claim: Claim
    latency_seconds: float
    model_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """A model at an endpoint; `timer` gives seconds and is the only clock here."""

    base_url: str
    model: str
    timer: Callable[[], float]
    api_key: str = field(default="", repr=False)
    seed: int | None = None
    timeout_s: float = TIMEOUT_S

    def ask(self, ticker: str, closes: Sequence[float]) -> Answer:
        """Return the model's claim; raise ModelError where there is none to be had."""
        started = self.timer()
        answer = self._post(_body(self.model, self.seed, ticker, closes))
        latency = self.timer() - started
        content, version = said(answer)
        return Answer(
            claim=claim_of(content, indicators_of(closes)),
            latency_seconds=latency,
            model_version=version,
        )

    def _post(self, body: Mapping[str, Any]) -> bytes:
        url = f"{self.base_url.rstrip('/')}/chat/completions"
        if urlsplit(url).scheme not in ("http", "https"):
            msg = f"expected an http or https endpoint, was {urlsplit(url).scheme or 'neither'}"
            raise ModelError(msg)
        headers = {"Content-Type": "application/json"}
        if not (self.api_key.isascii() and f"-{self.api_key}".isprintable()):
            # the client's own words would quote it
            msg = "the endpoint's key: expected printable ASCII"
            raise ModelError(msg)
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - checked above
        try:
            with _OPENER.open(request, timeout=self.timeout_s) as response:
                answer: bytes = response.read(_MAX_ANSWER_BYTES)
                return answer
        except HTTPError as error:
            msg = f"the endpoint answered {error.code} {error.reason}"
        except (URLError, OSError, http.client.HTTPException) as error:
            msg = f"the endpoint does not answer: {error}"
        except ValueError as error:
            # its text can quote what was sent
            msg = f"the endpoint cannot be asked: {type(error).__name__}"
        raise ModelError(msg)


def said(answer: bytes) -> tuple[Any, str]:
    """Return what the model said, and its version; raise ModelError where that is not there."""
    try:
        found = orjson.loads(answer)
        content = found["choices"][0]["message"]["content"]
    except orjson.JSONDecodeError as error:
        msg = f"the endpoint's answer is no JSON: {error}"
        raise ModelError(msg) from None
    except (KeyError, IndexError, TypeError):
        msg = "expected choices[0].message.content in the answer, was none"
        raise ModelError(msg) from None
    version = found.get("model")
    if not isinstance(version, str):
        return content, ""
    _expect(len(version) <= _MAX_VERSION, "model", f"at most {_MAX_VERSION} characters", version)
    return content, version


def claim_of(content: Any, indicators: Mapping[str, float]) -> Claim:
    """Return the claim of a model's text; raise ModelError unless it is exactly one."""
    try:
        claim = orjson.loads(content)
        action, confidence = claim["action"].upper(), claim["confidence"]
        reasoning, risk = claim["reasoning"], claim.get("risk_level", "high")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"expected the JSON object asked for, was {content!r:.200}"
        raise ModelError(msg) from error
    _expect(action in ACTIONS, "action", f"one of {', '.join(ACTIONS)}", action)
    is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    _expect(is_number and 0 <= confidence <= 1, "confidence", "0 to 1", confidence)
    length = len(reasoning.strip()) if isinstance(reasoning, str) else 0
    is_reason = MIN_REASONING <= length <= MAX_REASONING
    _expect(is_reason, "reasoning", f"{MIN_REASONING} to {MAX_REASONING} characters", reasoning)
    _expect(risk in RISK_LEVELS, "risk_level", f"one of {', '.join(RISK_LEVELS)}", risk)
    return Claim(
        action=action,
        confidence=float(confidence),
        reasoning=reasoning.strip(),
        risk_level=risk,
        indicators=indicators,
    )


def _expect(holds: bool, name: str, wanted: str, was: Any) -> None:
    if not holds:
        msg = f"{name}: expected {wanted}, was {was!r:.80}"
        raise ModelError(msg)


def _body(model: str, seed: int | None, ticker: str, closes: Sequence[float]) -> dict[str, Any]:
    facts = {
        "ticker": ticker,
        "indicators": indicators_of(closes),
        "last_closes": list(closes[-_SHOWN_CLOSES:]),
    }
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": _INSTRUCTIONS},
            {"role": "user", "content": json.dumps(facts)},
        ],
        "temperature": 0,
        "response_format": {"type": "json_object"},
    }
    return body if seed is None else {**body, "seed": seed}
