"""`signal-tracker events`: the validation events as JSON lines, for people and programs."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from schemas.cluster import Cluster
from schemas.errors import DecodeError
from schemas.topics import VALIDATION_EVENTS, prefixed
from signal_tracker.options import broker_option, option, prefix_option
from signal_tracker.printing import plain_json
from signal_tracker.progress import say
from signal_tracker.stopping import until_stopped


@click.group("events")
def command() -> None:
    """Read the validation events."""


@command.command("tail")
@broker_option
@prefix_option
@option("--follow", is_flag=True, help="Wait for more until Ctrl-C.")
@option("--signal", "signal_id", metavar="ID", help="Only events of this signal.")
@option("--ticker", metavar="T", help="Only events of this ticker.")
@option(
    "--from",
    "start",
    type=click.Choice(["earliest", "latest"]),
    default="earliest",
    help="Where to begin.",
)
def tail(
    *,
    broker: Cluster,
    prefix: str,
    follow: bool,
    signal_id: str | None,
    ticker: str | None,
    start: str,
) -> None:
    """Print validation-events as JSON lines, in each partition's order.

    Without --follow it ends at the end of the topic at the time of the call.
    An event can come more than once: event_id names it, revision marks a
    re-emission.
    """
    from signal_tracker.remedies import topics_remedied

    topic = prefixed(prefix, VALIDATION_EVENTS)
    with until_stopped(), topics_remedied(broker, prefix):
        for value, place in _values(broker, topic, start, follow):
            event = _event(value, place)
            if event is not None and _is_wanted(event, signal_id, ticker):
                _print(event)


def _values(broker: Cluster, topic: str, start: str, follow: bool) -> Iterator[tuple[Any, str]]:
    from signal_tracker.reading import read

    for record in read(broker, topic, from_end=start == "latest", follow=follow):
        yield record.value, f"{record.topic}[{record.partition}]@{record.offset}"


def _event(value: bytes | None, place: str) -> dict[str, Any] | None:
    from schemas.codec import decode_fields

    try:
        return decode_fields(value or b"")[1]
    except DecodeError as error:
        say(f"{place}: {error}")
        return None


def _is_wanted(event: dict[str, Any], signal_id: str | None, ticker: str | None) -> bool:
    return signal_id in (None, event["signal_id"]) and ticker in (None, event["ticker"])


def _print(event: dict[str, Any]) -> None:
    import orjson

    line = plain_json(orjson.dumps(event).decode())
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()
