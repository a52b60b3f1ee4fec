"""The deterministic fallback, made-up closes, and the order in which models are asked."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.chat_model import Answer
from producers.errors import ModelError
from producers.fallback import Claim, fallback_claim
from producers.generate import GenerateOptions, data_kind_of, fallback_signal, generate_signals
from producers.indicators import rsi, rsi_series, sma
from producers.prices import synthetic_closes
from schemas.errors import DecodeError
from schemas.records import Signal

OPTIONS = GenerateOptions(generated_at_ms=1_577_998_860_000, data_kind="synthetic", model="gpt")

# one step down for two up: a trend whose RSI stays in between
RISING = [100.0 + 0.5 * n + (n % 3 == 0) * -2.0 for n in range(80)]
FALLING = [200.0 - close / 2 for close in RISING]
CLAIM = Claim(
    action="BUY",
    confidence=0.8,
    reasoning="a model said so, and at length, for once",
    risk_level="low",
    indicators={"current_price": 1.0},
)


class Fake:
    """A model that answers for some tickers only."""

    model = "gpt"

    def __init__(self, *known: str) -> None:
        self.known = known

    def ask(self, ticker: str, closes: Sequence[float]) -> Answer:
        del closes
        if ticker not in self.known:
            msg = "no answer"
            raise ModelError(msg)
        return Answer(claim=CLAIM, latency_seconds=0.25, model_version="gpt-1")


@pytest.mark.parametrize(
    ("closes", "action", "confidence"),
    [
        ([], "HOLD", 0.35),
        (RISING[:49], "HOLD", 0.35),
        (RISING, "BUY", 0.55),
        (FALLING, "SELL", 0.55),
        ([100.0] * 80, "HOLD", 0.35),
        ([100.0 + n for n in range(80)], "SELL", 0.5),
        ([200.0 - n for n in range(80)], "BUY", 0.5),
        ([100.0 + n for n in range(20)], "SELL", 0.5),
    ],
    ids=["none", "few", "rising", "falling", "flat", "overbought", "oversold", "few, overbought"],
)
def test_the_fallback_follows_its_rules(
    closes: list[float], action: str, confidence: float
) -> None:
    claim = fallback_claim("AAPL", closes)

    assert (claim.action, claim.confidence) == (action, confidence)
    assert len(claim.reasoning) >= 60


def test_a_fallback_signal_is_marked_as_one() -> None:
    signal = fallback_signal("AAPL", RISING, OPTIONS)

    assert signal.source_kind == "fallback"
    assert signal.model == "fallback:gpt"
    assert signal.data_kind == "synthetic"
    assert signal.entry_price == RISING[-1]
    assert signal.latency_seconds is None
    assert signal.indicators is not None
    assert sorted(signal.indicators) == ["current_price", "rsi_14", "sma_20", "sma_50"]


def test_without_prices_the_fallback_holds() -> None:
    (signal,) = generate_signals(["AAPL"], lambda _ticker: [], OPTIONS)

    assert signal == Signal(
        ticker="AAPL",
        action="HOLD",
        confidence=0.35,
        generated_at_ms=1_577_998_860_000,
        source="generate",
        source_kind="fallback",
        model="fallback:gpt",
        data_kind="synthetic",
        reasoning="AAPL: HOLD by the deterministic fallback, "
        "because it knows no price of this ticker.",
        risk_level="high",
    )


def test_a_model_is_asked_first_and_the_fallback_says_when_it_speaks() -> None:
    said: list[tuple[str, str]] = []

    first, second = generate_signals(
        ["AAPL", "MSFT"],
        lambda _ticker: RISING,
        OPTIONS,
        model=Fake("AAPL"),
        on_fallback=lambda ticker, reason: said.append((ticker, reason)),
    )

    assert (first.source_kind, first.model, first.model_version) == ("llm", "gpt", "gpt-1")
    assert (first.action, first.confidence, first.latency_seconds) == ("BUY", 0.8, 0.25)
    assert (second.source_kind, second.model) == ("fallback", "fallback:gpt")
    assert second.latency_seconds is None
    assert said == [("MSFT", "no answer")]


def test_a_ticker_that_breaks_the_rules_is_refused() -> None:
    with pytest.raises(DecodeError, match="ticker"):
        list(generate_signals(["A B"], lambda _ticker: [], OPTIONS))


@pytest.mark.parametrize(
    ("mode", "has_model", "kind"),
    [
        ("live", False, "live"),
        ("synthetic", True, "synthetic"),
        ("auto", True, "live"),
        ("auto", False, "synthetic"),
    ],
)
def test_the_mode_says_what_kind_of_data_it_is(mode: str, has_model: bool, kind: str) -> None:
    assert data_kind_of(mode, has_model=has_model) == kind  # type: ignore[arg-type]


def test_made_up_closes_are_the_same_for_the_same_seed_everywhere() -> None:
    closes = synthetic_closes("AAPL", 7)

    assert closes[:5] == GOLDEN
    assert closes == synthetic_closes("AAPL", 7)
    assert closes != synthetic_closes("AAPL", 8)
    assert closes != synthetic_closes("MSFT", 7)


def test_rsi_agrees_with_wilders_own_example_of_smoothing() -> None:
    # 14 changes: gains of 0.7 in all, losses of 0.35; then a gain of 0.1
    closes = [10.0]
    for change in [0.1, -0.05] * 7:
        closes.append(closes[-1] + change)
    first = rsi(closes)
    second = rsi([*closes, closes[-1] + 0.1])

    assert first == pytest.approx(100 * 0.7 / 1.05)
    gain, loss = (0.05 * 13 + 0.1) / 14, 0.025 * 13 / 14
    assert second == pytest.approx(100 * gain / (gain + loss))


@given(st.lists(st.floats(min_value=0.01, max_value=1e6), max_size=60))
def test_indicators_look_at_nothing_after_their_close(closes: list[float]) -> None:
    series = rsi_series(closes)

    assert len(series) == len(closes)
    assert series == [rsi(closes[: n + 1]) for n in range(len(closes))]
    assert sma(closes, 20) == (None if len(closes) < 20 else pytest.approx(sum(closes[-20:]) / 20))


GOLDEN = [196.0, 192.32, 194.79, 197.94, 199.84]
