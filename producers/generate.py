"""Signals from a model, or from the deterministic fallback where there is none.

Knows no clock, no environment and no database: the time, the model and the
closes up to that time are arguments.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from producers.chat_model import Answer
from producers.errors import ModelError
from producers.fallback import Claim, fallback_claim
from schemas.records import Signal
from schemas.rules import check_signal

ExecutionMode: TypeAlias = Literal["live", "synthetic", "auto"]
EXECUTION_MODES: tuple[ExecutionMode, ...] = ("live", "synthetic", "auto")

SOURCE = "generate"
DEFAULT_MODEL = "deterministic"


class Model(Protocol):
    """What can be asked for a claim; raises ModelError where it has none."""

    @property
    def model(self) -> str:
        """Return the model's name."""

    def ask(self, ticker: str, closes: Sequence[float]) -> Answer:
        """Return the model's claim from the closes up to now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions:
    """What all signals of one run share."""

    generated_at_ms: int
    data_kind: str
    model: str = DEFAULT_MODEL
    source: str = SOURCE
    horizon_sessions: int | None = None


def data_kind_of(mode: ExecutionMode, *, has_model: bool) -> str:
    """Return live or synthetic; `auto` is live where a model is there to be asked."""
    if mode == "auto":
        return "live" if has_model else "synthetic"
    return mode


def generate_signals(
    tickers: Iterable[str],
    closes_of: Callable[[str], Sequence[float]],
    options: GenerateOptions,
    *,
    model: Model | None = None,
    on_fallback: Callable[[str, str], None] | None = None,
) -> Iterator[Signal]:
    """Yield one signal a ticker; raise DecodeError for a ticker that breaks the rules.

    `on_fallback` hears (ticker, reason) where the model was asked in vain.
    """
    for ticker in tickers:
        closes = closes_of(ticker)
        answer = None
        if model is not None:
            try:
                answer = model.ask(ticker, closes)
            except ModelError as error:
                if on_fallback is not None:
                    on_fallback(ticker, str(error))
        if answer is None:
            yield fallback_signal(ticker, closes, options)
        else:
            yield _llm_signal(ticker, closes, options, answer)


def fallback_signal(ticker: str, closes: Sequence[float], options: GenerateOptions) -> Signal:
    """Return the deterministic fallback's signal, marked as what it is."""
    claim = fallback_claim(ticker, closes)
    return _signal(
        ticker, closes, options, claim, source_kind="fallback", model=f"fallback:{options.model}"
    )


def _llm_signal(
    ticker: str, closes: Sequence[float], options: GenerateOptions, answer: Answer
) -> Signal:
    return _signal(
        ticker,
        closes,
        options,
        answer.claim,
        source_kind="llm",
        model=options.model,
        model_version=answer.model_version,
        latency_seconds=answer.latency_seconds,
    )


def _signal(
    ticker: str,
    closes: Sequence[float],
    options: GenerateOptions,
    claim: Claim,
    *,
    source_kind: str,
    model: str,
    model_version: str = "",
    latency_seconds: float | None = None,
) -> Signal:
    return check_signal(
        Signal(
            ticker=ticker,
            action=claim.action,
            confidence=claim.confidence,
            generated_at_ms=options.generated_at_ms,
            source=options.source,
            source_kind=source_kind,
            model=model,
            horizon_sessions=options.horizon_sessions,
            model_version=model_version,
            data_kind=options.data_kind,
            reasoning=claim.reasoning,
            risk_level=claim.risk_level,
            entry_price=closes[-1] if closes else None,
            latency_seconds=latency_seconds,
            indicators=dict(claim.indicators) or None,
        )
    )
