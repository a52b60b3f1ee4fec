"""Identities are hashes of canonical JSON, computed here by hand."""

import hashlib
import json
from dataclasses import replace

import pytest

from schemas.codec import decode, encode
from schemas.identity import canonical_json, complete_payload, digest, payload_hash, signal_id_of
from tests.builders import make_signal
from tests.oracle.identity import complete_payload as oracle_payload
from tests.oracle.identity import record_hash


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_canonical_json_is_one_text() -> None:
    value = {"b": 1, "a": [True, None, "é", 0.1, -0.0, 1e22, 1.0]}

    assert canonical_json(value) == '{"a":[true,null,"é",0.1,-0.0,1e+22,1.0],"b":1}'.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_canonical_json_has_no_word_for_nan(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": number})


def test_a_published_id_is_kept() -> None:
    assert signal_id_of(make_signal(signal_id="mine")) == "mine"


def test_the_id_is_a_hash_of_what_makes_the_claim() -> None:
    signal = make_signal(signal_id=None, model="Modèle-3", horizon_sessions=30)
    claim = '["tests","Modèle-3","","AAPL","BUY",30,1704207600000]'

    assert signal_id_of(signal) == f"s-{sha256(claim)[:24]}" == "s-cc5c9be2a8ad38d4b72e9b29"


def test_a_horizon_that_was_not_published_is_null_in_the_id() -> None:
    signal = make_signal(signal_id=None, horizon_sessions=None)
    claim = '["tests","m","","AAPL","BUY",null,1704207600000]'

    complete = complete_payload(signal, 30)

    assert complete.signal_id == f"s-{sha256(claim)[:24]}"
    assert complete.horizon_sessions == 30
    assert complete != complete_payload(replace(signal, horizon_sessions=30), 30)


def test_the_id_takes_in_nothing_else() -> None:
    signal = make_signal(signal_id=None)

    other = replace(signal, confidence=0.1, reasoning="x", source_kind="human", data_kind="replay")

    assert signal_id_of(other) == signal_id_of(signal)
    assert payload_hash(other) != payload_hash(signal)


def test_the_payload_hash_is_of_every_field_with_its_default() -> None:
    payload = complete_payload(make_signal(confidence=1.0, reasoning="買い"), 30)
    content = {
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 1.0,
        "generated_at_ms": 1_704_207_600_000,
        "source": "tests",
        "source_kind": "rule",
        "model": "m",
        "signal_id": "s-1",
        "horizon_sessions": 5,
        "model_version": "",
        "data_kind": "live",
        "reasoning": "買い",
        "risk_level": None,
        "entry_price": None,
        "target_price": None,
        "stop_loss": None,
        "position_size": None,
        "expected_return": None,
        "latency_seconds": None,
        "indicators": None,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert (
        payload_hash(payload)
        == sha256(text)
        == "22e9140a448c0e39171e9c7f5bbd85cf371020926fa0f53c6de859ea475bc02f"
    )


def test_the_order_of_indicators_is_no_matter() -> None:
    one = make_signal(indicators={"b": 2.0, "a": 1.0})
    two = make_signal(indicators={"a": 1.0, "b": 2.0})

    assert payload_hash(one) == payload_hash(two)


def test_negative_zero_is_another_payload() -> None:
    """As canonical JSON writes it; it survives the wire, so every reader sees the same."""
    signal = make_signal(expected_return=-0.0)

    assert payload_hash(signal) != payload_hash(make_signal(expected_return=0.0))
    assert payload_hash(decode(encode(signal))) == payload_hash(signal)


def test_the_second_implementation_finds_the_same_hash() -> None:
    published = {
        "ticker": "AAPL",
        "action": "buy",
        "confidence": 1,
        "generated_at_ms": 5,
        "source": "É",
        "source_kind": "LLM",
        "model": "m",
        "indicators": {"rsi": 3},
    }
    signal = make_signal(
        confidence=1.0,
        generated_at_ms=5,
        source="É",
        source_kind="llm",
        signal_id=None,
        horizon_sessions=None,
        indicators={"rsi": 3.0},
    )

    assert payload_hash(complete_payload(signal, 30)) == record_hash(oracle_payload(published))


def test_a_digest_is_of_the_canonical_text() -> None:
    assert digest({"b": 1, "a": "ü"}) == sha256('{"a":"ü","b":1}')
