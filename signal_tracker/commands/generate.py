"""`signal-tracker generate`: signals from a model, or from the deterministic fallback."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.cluster import Cluster
from signal_tracker.columns import counted
from signal_tracker.commands.publish import name_refused, publishing
from signal_tracker.logs import PipelineLog
from signal_tracker.options import (
    ManyOption,
    broker_option,
    checked_output,
    data_option,
    option,
    prefix_option,
)
from signal_tracker.printing import say_lines
from signal_tracker.progress import say
from signal_tracker.settings import Settings

if TYPE_CHECKING:
    from producers.chat_model import ChatModel
    from producers.generate import ExecutionMode
    from schemas.records import Signal

_ClosesOf = Callable[[str], Sequence[float]]

_CLOSES = "SELECT close FROM bars WHERE ticker = ? AND close_ms <= ? ORDER BY session"


def checked_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the ms since 1970 of an ISO 8601 time with an offset."""
    from producers.values import to_ms
    from schemas.errors import DecodeError
    from schemas.rules import MAX_EVENT_MS, MIN_EVENT_MS

    if value is None:
        return None
    try:
        moment = to_ms("TIME", value, None)
    except DecodeError:
        msg = f"expected a time as 2024-03-01T21:30:00Z, was {value!r}"
        raise click.BadParameter(msg) from None
    if not MIN_EVENT_MS <= moment < MAX_EVENT_MS:
        msg = f"expected a time from 1980 to 2099, was {value!r}"
        raise click.BadParameter(msg)
    return moment


@click.command("generate")
@option("--tickers", cls=ManyOption, metavar="TICKER...", required=True, help="Whom to judge.")
@option("--model", metavar="NAME", help="The model's name; LLM_MODEL by default.")
@option(
    "--execution-mode",
    type=click.Choice(["live", "synthetic", "auto"]),
    default="auto",
    help="What the signals are marked as; auto is live where a model's endpoint is set.",
)
@option(
    "--prices",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Closes to look at; by default those in signals.db.",
)
@option("--as-of", metavar="TIME", callback=checked_time, help="Look at nothing after this time.")
@option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    help="Make up closes in synthetic mode without --prices; handed to a model, too.",
)
@option(
    "--output",
    metavar="FILE|-",
    type=click.Path(dir_okay=False, allow_dash=True),
    callback=checked_output,
    help="Write JSON lines there instead of publishing.",
)
@broker_option
@prefix_option
@data_option
@click.pass_obj
def command(  # noqa: PLR0917 click passes options by name
    settings: Settings,
    tickers: tuple[str, ...],
    model: str | None,
    execution_mode: "ExecutionMode",
    prices: str | None,
    as_of: int | None,
    seed: int | None,
    output: str | None,
    broker: Cluster,
    prefix: str,
    data: Path,
) -> None:
    """Make one signal a ticker and publish it.

    A model is asked where LLM_BASE_URL (or OPENAI_BASE_URL) names an
    OpenAI-compatible endpoint; LLM_API_KEY (or OPENAI_API_KEY) is its key.
    Without one, under LLM_FORCE_FALLBACK=1 and where it fails, the
    deterministic fallback speaks.
    """
    from producers.generate import (
        DEFAULT_MODEL,
        GenerateOptions,
        data_kind_of,
        generate_signals,
    )
    from schemas.errors import DecodeError

    if seed is not None and as_of is None:
        msg = "--seed requires --as-of: the same seed at another time is another signal"
        raise click.UsageError(msg)
    chat = _chat_model(settings, model, seed)
    options = GenerateOptions(
        generated_at_ms=time.time_ns() // 1_000_000 if as_of is None else as_of,
        data_kind=data_kind_of(execution_mode, has_model=chat is not None),
        model=model or settings.llm_model or DEFAULT_MODEL,
    )
    made_up = seed if options.data_kind == "synthetic" else None
    try:
        closes_of = _closes(prices, data, set(tickers), options.generated_at_ms, made_up)
        signals = list(
            generate_signals(
                dict.fromkeys(tickers), closes_of, options, model=chat, on_fallback=_say_fallback
            )
        )
    except DecodeError as error:
        raise click.UsageError(str(error)) from error
    if output is None:
        _publish(signals, broker, prefix, data)
    else:
        _write(signals, output, data)


def _chat_model(settings: Settings, name: str | None, seed: int | None) -> "ChatModel | None":
    if settings.llm_force_fallback or not settings.llm_base_url:
        return None
    from producers.chat_model import ChatModel

    if not (model := name or settings.llm_model):
        msg = "expected --model NAME for the endpoint, or LLM_FORCE_FALLBACK=1 to ask none"
        raise click.UsageError(msg)
    return ChatModel(
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key,
        model=model,
        seed=seed,
        timer=time.monotonic,
    )


def _closes(
    prices: str | None, data: Path, tickers: set[str], as_of_ms: int, seed: int | None
) -> _ClosesOf:
    """Return where closes come from: the file, the seed, signals.db, or nowhere."""
    if prices is not None:
        return _file_closes(prices, tickers, as_of_ms)
    if seed is not None:
        from producers.prices import synthetic_closes

        return partial(synthetic_closes, seed=seed)
    return partial(_stored_closes, data, as_of_ms)


def _file_closes(path: str, tickers: set[str], as_of_ms: int) -> _ClosesOf:
    from producers.prices import read_closes
    from schemas.rules import session_days
    from streams.sessions import CalendarBook

    book = CalendarBook()
    closes = read_closes(path, name_refused, tickers=tickers)

    def known(ticker: str) -> list[float]:
        if ticker not in closes:
            say(f"{ticker}: no close in {path}")
            return []
        calendar = book(ticker)
        pairs = (
            (calendar.index_of(session_days("session", session)), price)
            for session, price in closes[ticker]
        )
        return [
            price
            for index, price in pairs
            if index is not None and calendar.closes[index] <= as_of_ms
        ]

    return known


def _stored_closes(data: Path, as_of_ms: int, ticker: str) -> list[float]:
    from sinks.errors import NoDatabaseError
    from sinks.snapshot import DATABASE
    from sinks.sqlite_queries import reading

    try:
        with reading(data / DATABASE) as connection:
            return [close for (close,) in connection.execute(_CLOSES, (ticker, as_of_ms))]
    except NoDatabaseError:
        return []


def _publish(signals: "list[Signal]", broker: Cluster, prefix: str, data: Path) -> None:
    from producers.files import publish_records

    with publishing(broker, prefix) as publisher:
        result = publish_records(publisher, signals, prefix=prefix, on_refused=name_refused)
    _log(signals, data, "published")
    say_lines(map(_line, signals))
    say(f"signals: {result.sent} sent, {result.refused} refused")
    if result.refused:
        raise click.exceptions.Exit(1)


def _write(signals: "list[Signal]", output: str, data: Path) -> None:
    from schemas.codec import to_fields
    from schemas.identity import canonical_json, signal_id_of

    full = (to_fields(replace(each, signal_id=signal_id_of(each))) for each in signals)
    rows = ({name: value for name, value in row.items() if value is not None} for row in full)
    text = "".join(f"{canonical_json(row).decode()}\n" for row in rows)
    if output == "-":
        click.echo(text, nl=False)
        return
    from sinks.replacing import replace_file

    replace_file(Path(output), text)
    _log(signals, data, f"written to {output}")
    say(f"wrote {counted(len(signals), 'signal')} to {output}")


def _log(signals: "list[Signal]", data: Path, what: str) -> None:
    log = PipelineLog(data)
    log.pipeline(f"generated: {counted(len(signals), 'signal')} {what}")
    log.track(*(f"{_line(signal)}: generated, {what}" for signal in signals))


def _line(signal: "Signal") -> str:
    from schemas.identity import signal_id_of

    return (
        f"{signal_id_of(signal)} {signal.ticker} {signal.action} {signal.confidence:.2f} "
        f"{signal.model} ({signal.source_kind}, {signal.data_kind})"
    )


def _say_fallback(ticker: str, reason: str) -> None:
    say(f"{ticker}: the model was asked in vain, so the fallback speaks: {reason}")
