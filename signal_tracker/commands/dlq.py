"""`signal-tracker dlq`: the dead letters, and publishing them again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas.topics import INBOUND
from signal_tracker.columns import counted
from signal_tracker.logs import PipelineLog
from signal_tracker.options import DEFAULT_APP_ID, broker_option, data_option, option, prefix_option
from signal_tracker.progress import say

if TYPE_CHECKING:
    from signal_tracker.dead_letters import Letter, Letters, Place, Wanted
    from signal_tracker.replaying import Replay

_SHOWN_AGAIN = 20

_reason_option = option(
    "--reason",
    metavar="NAME",
    # SIGNAL_TRACKER_REASON is that of a decision
    envvar="SIGNAL_TRACKER_DLQ_REASON",
    help="Only letters of this reason, as BadJson.",
)
_topic_option = option(
    "--topic",
    type=click.Choice([each.name for each in INBOUND]),
    help="Only letters of records of this topic.",
)
_format_option = option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Text for people, or JSON for programs.",
)


def _checked_places(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> "frozenset[Place]":
    from signal_tracker.dead_letters import Place

    found = set()
    for value in values:
        place = Place.parse(value)
        if place is None:
            msg = f"expected TOPIC/PARTITION/OFFSET[/INDEX], was {value!r}"
            raise click.BadParameter(msg)
        found.add(place)
    return frozenset(found)


@click.group("dlq")
def command() -> None:
    """List, show and replay dead letters: records, or elements of them, that were refused.

    PLACE is where a record lies, as `list` and the worker's log show it:
    TOPIC/PARTITION/OFFSET, and /INDEX for one element of a list or a TickBatch.
    """


@command.command("list")
@_reason_option
@_topic_option
@option("--limit", metavar="N", type=click.IntRange(0), default=50, help="How many rows.")
@_format_option
@broker_option
@prefix_option
def list_letters(
    *, reason: str | None, topic: str | None, limit: int, format_: str, broker: Any, prefix: str
) -> None:
    """Count the dead letters by reason and by origin, and show the last of them."""
    from signal_tracker.dead_letter_lines import tally_json, tally_lines
    from signal_tracker.dead_letters import Tally
    from signal_tracker.printing import say_lines

    wanted = _wanted(prefix, reason, topic)
    with _letters(broker, prefix) as letters:
        tally = Tally(limit=limit).take(each for each in letters if wanted.has(each))
    if format_ == "json":
        _say_json(tally_json(tally))
    else:
        say_lines(tally_lines(tally))


@command.command("show")
@click.argument("places", metavar="PLACE", nargs=-1, required=True, callback=_checked_places)
@option(
    "--bytes",
    "encoding",
    type=click.Choice(["text", "base64", "hex"]),
    default="text",
    help="How bytes are written; as text, with control characters escaped.",
)
@_format_option
@broker_option
@prefix_option
def show(
    *, places: "frozenset[Place]", encoding: str, format_: str, broker: Any, prefix: str
) -> None:
    """Show whole dead letters: reason, time, key, headers and the original bytes.

    As JSON it is one object a line, with bytes in base64.
    """
    from signal_tracker.dead_letter_lines import letter_json, letter_lines
    from signal_tracker.dead_letters import Wanted, names_of
    from signal_tracker.printing import say_lines

    wanted, missing = Wanted(places=places), set(places)
    with _letters(broker, prefix) as letters:
        for letter in letters:
            if not wanted.has(letter):
                continue
            missing -= names_of(letter)
            if format_ == "json":
                click.echo(json.dumps(letter_json(letter)))
            else:
                say_lines([*letter_lines(letter, encoding), ""])
    _name_missing(missing)


@command.command("replay")
@click.argument("places", metavar="[PLACE]...", nargs=-1, callback=_checked_places)
@option("--all", "all_", is_flag=True, envvar="SIGNAL_TRACKER_DLQ_ALL", help="Every dead letter.")
@_reason_option
@_topic_option
@option("--dry-run", is_flag=True, help="Publish nothing; show what would be.")
@option(
    "--wait",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(0),
    default=15.0,
    help="How long to wait for workers to judge what was replayed.",
)
@option("--app-id", metavar="TEXT", default=DEFAULT_APP_ID, help="The workers' consumer group.")
@broker_option
@prefix_option
@data_option
def replay(  # noqa: PLR0917 click passes options by name
    places: "frozenset[Place]",
    all_: bool,
    reason: str | None,
    topic: str | None,
    dry_run: bool,
    seconds: float,
    app_id: str,
    broker: Any,
    prefix: str,
    data: Path,
) -> None:
    """Publish dead letters again, each as it came: bytes, key, headers, partition and time.

    Useful after what refused them has changed: an upgraded worker, a wider limit. Replaying
    twice changes nothing: an accepted record is the same record again, and a letter that dies
    again is known as the same letter by a header and not replayed beside it.
    """
    if bool(places) + (all_ or reason is not None or topic is not None) != 1:
        msg = "name either PLACE..., or --all, --reason NAME, --topic NAME"
        raise click.UsageError(msg)
    from signal_tracker.printing import say_lines

    wanted = _wanted(prefix, reason, topic, places)
    if dry_run:
        done = _dry_run(broker, prefix, wanted)
    else:
        done = _replay(broker, prefix, wanted, prefix + app_id, seconds)
        PipelineLog(data).pipeline(f"replayed dead letters: {_told(done)}")
    say_lines([_told(done)])
    _name_missing(done.missing)
    if done.refused or done.again:
        raise click.exceptions.Exit(1)


def _dry_run(broker: Any, prefix: str, wanted: "Wanted") -> "Replay":
    from signal_tracker.dead_letter_lines import row_line
    from signal_tracker.printing import say_lines
    from signal_tracker.replaying import Replay

    run = Replay(
        prefix=prefix,
        wanted=wanted,
        publisher=None,
        on_sent=lambda letter: say_lines([row_line(letter)]),
        on_refused=_name_refused,
    )
    with _letters(broker, prefix) as letters:
        run.take(letters)
    return run


def _replay(broker: Any, prefix: str, wanted: "Wanted", group: str, seconds: float) -> "Replay":
    from signal_tracker.commands.publish import publishing
    from signal_tracker.dead_letter_lines import row_line
    from signal_tracker.replaying import Replay, Watch

    watch = Watch.begin(broker, prefix, group)
    with publishing(broker, prefix) as publisher, _letters(broker, prefix) as letters:
        run = Replay(
            prefix=prefix,
            wanted=wanted,
            publisher=publisher,
            on_sent=lambda _letter: None,
            on_refused=_name_refused,
        )
        run.take(letters)
        ends = publisher.ends
    if not run.sent or not seconds:
        return run
    again = watch.died_again(ends, seconds=seconds, limit=_SHOWN_AGAIN)
    if again is None:
        say(f"No worker has judged all of it within {seconds:.0f} s; `dlq list` shows what dies")
        return run
    run.again = again.letters
    for letter in again.rows:
        say(f"died again: {row_line(letter)}")
    return run


def _told(done: "Replay") -> str:
    told = f"{counted(done.sent, 'dead letter')} replayed, {done.refused} refused"
    told += "" if done.again is None else f", {done.again} died again"
    return told + (f" ({done.before} of replays before left out)" if done.before else "")


def _name_refused(letter: "Letter", reason: str) -> None:
    from signal_tracker.printing import plain

    say(plain(f"{letter.place}: {reason}"))


def _name_missing(places: "Iterable[Place]") -> None:
    for place in sorted(map(str, places)):
        say(f"there is no dead letter of {place}")
    if places:
        raise click.exceptions.Exit(1)


def _wanted(
    prefix: str,
    reason: str | None,
    topic: str | None,
    places: "frozenset[Place]" = frozenset(),
) -> "Wanted":
    from signal_tracker.dead_letters import Wanted

    return Wanted(reason=reason, topic=None if topic is None else prefix + topic, places=places)


@contextmanager
def _letters(broker: Any, prefix: str) -> "Iterator[Letters]":
    from signal_tracker.remedies import topics_remedied
    from signal_tracker.replaying import letters_of

    with topics_remedied(broker, prefix):
        letters = letters_of(broker, prefix)
        yield letters
    if letters.unreadable:
        say(f"{counted(letters.unreadable, 'record')} of dead-letters could not be read")


def _say_json(content: Any) -> None:
    # pure ASCII, so that nothing in it can write on a terminal
    click.echo(json.dumps(content, indent=2))
