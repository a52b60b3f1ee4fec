"""`signal-tracker publish`: files or standard input onto the inbound topics."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from producers.formats import FORMATS
from schemas.cluster import Cluster
from signal_tracker.logs import PipelineLog
from signal_tracker.options import broker_option, data_option, option, prefix_option
from signal_tracker.progress import say, shown

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from producers.publisher import KafkaPublisher
    from producers.results import PublishResult, Refusal

F = TypeVar("F", bound=Callable[..., Any])


def checked_tz(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> "ZoneInfo | None":
    """Return the time zone of an IANA name, or say that there is none."""
    from zoneinfo import ZoneInfo

    if value is None:
        return None
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        msg = f"expected a time zone as America/New_York, was {value!r}"
        raise click.BadParameter(msg) from None


def file_options(command: F) -> F:
    """Add what every kind of file takes."""
    for decorate in reversed(
        (
            click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True)),
            broker_option,
            prefix_option,
            data_option,
            option(
                "--format",
                "format_",
                type=click.Choice(list(FORMATS)),
                # SIGNAL_TRACKER_FORMAT is that of the report
                envvar="SIGNAL_TRACKER_INPUT_FORMAT",
                help="The file's format; by default its suffix or content says it.",
            ),
            option("--ticker", metavar="TEXT", help="The ticker of rows that name none."),
            option(
                "--tz",
                metavar="NAME",
                callback=checked_tz,
                help="The time zone of times without an offset, as America/New_York.",
            ),
        )
    ):
        command = decorate(command)
    return command


@click.group("publish")
def command() -> None:
    """Publish signals, ticks, corporate actions or decisions: CSV, Parquet or JSON lines.

    Prints how many lines were sent and refused. A refused line is named on
    stderr with its number and reason, the rest goes on, and the exit status is 1.
    """


@command.command("signals")
@file_options
def signals(**options: Any) -> None:
    """Publish signals: the field names of Signal, or generated_at in ISO 8601."""
    from schemas.records import Signal

    _publish_records("signals", Signal, **options)


@command.command("actions")
@file_options
def actions(**options: Any) -> None:
    """Publish splits and dividends: the field names of CorporateAction."""
    from schemas.records import CorporateAction

    _publish_records("actions", CorporateAction, **options)


@command.command("decisions")
@file_options
def decisions(**options: Any) -> None:
    """Publish decisions on signals: the field names of Decision."""
    from schemas.records import Decision

    _publish_records("decisions", Decision, **options)


@command.command("ticks")
@file_options
@option("--adjusted", is_flag=True, help="Take the column 'Adj Close' as the close.")
def ticks(  # noqa: PLR0917 click passes options by name
    file: str,
    broker: Cluster,
    prefix: str,
    data: Path,
    format_: str | None,
    ticker: str | None,
    tz: "ZoneInfo | None",
    adjusted: bool,
) -> None:
    """Publish prices: ticker, date or time, close or price, optionally open, high, low.

    A row with a date and no time is its session's final price.
    """
    from producers.files import publish_ticks_file
    from producers.tick_cells import TickOptions

    with publishing(broker, prefix) as publisher, shown(_label("ticks", file)) as show:
        result = publish_ticks_file(
            publisher,
            file,
            prefix=prefix,
            options=TickOptions(ticker=ticker, tz=tz, adjusted=adjusted),
            format_=format_,
            on_refused=name_refused,
            on_progress=show,
        )
    _finish("ticks", file, data, result)


@contextmanager
def publishing(broker: Cluster, prefix: str) -> "Iterator[KafkaPublisher]":
    """Yield a publisher on the broker; where a topic is missing, say how to make it."""
    from producers.publisher import KafkaPublisher
    from signal_tracker.remedies import topics_remedied

    # the client logs each retry; what it gives up on is raised, and shown once
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)
    with topics_remedied(broker, prefix), KafkaPublisher.connect(broker) as publisher:
        yield publisher


def name_refused(refusal: "Refusal") -> None:
    """Write a refused line's number and the reason on stderr."""
    say(str(refusal))


def _publish_records(
    kind: str,
    cls: type[Any],
    *,
    file: str,
    broker: Cluster,
    prefix: str,
    data: Path,
    format_: str | None,
    ticker: str | None,
    tz: "ZoneInfo | None",
) -> None:
    from producers.files import publish_records_file
    from producers.record_columns import RowOptions

    with publishing(broker, prefix) as publisher, shown(_label(kind, file)) as show:
        result = publish_records_file(
            publisher,
            cls,
            file,
            prefix=prefix,
            options=RowOptions(ticker=ticker, tz=tz),
            format_=format_,
            on_refused=name_refused,
            on_progress=show,
        )
    _finish(kind, file, data, result)


def _label(kind: str, file: str) -> str:
    return f"publishing {kind} of {'standard input' if file == '-' else file}"


def _finish(kind: str, file: str, data: Path, result: "PublishResult") -> None:
    more = "" if result.records == result.sent else f" as {result.records} ticks"
    text = f"{kind}: {result.sent} sent{more}, {result.refused} refused"
    PipelineLog(data).pipeline(f"published {text} ({file})")
    click.echo(text)
    if result.refused:
        raise click.exceptions.Exit(1)
