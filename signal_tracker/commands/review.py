"""`signal-tracker review`: which signals are ready, and the decisions on staging that follow."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.cluster import Cluster
from signal_tracker.commands.publish import publishing
from signal_tracker.logs import PipelineLog
from signal_tracker.options import broker_option, data_option, option, prefix_option
from signal_tracker.printing import plain_json, say_lines
from signal_tracker.progress import say

if TYPE_CHECKING:
    from signal_tracker.review import Review


@click.command("review")
@broker_option
@prefix_option
@data_option
@option("--signal", "signal_id", metavar="ID", help="Only this signal.")
@option("--all", "everything", is_flag=True, help="List what is not ready, too.")
@option("--apply", "apply_", is_flag=True, help="Publish the decisions that are proposed.")
@option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table for people, or JSON for programs, always with every signal.",
)
def command(  # noqa: PLR0917 click passes options by name
    broker: Cluster,
    prefix: str,
    data: Path,
    signal_id: str | None,
    everything: bool,
    apply_: bool,
    format_: str,
) -> None:
    """Show which signals are ready for paper trading, with the reasons for and against.

    Proposed are: `stage` for what is ready, `start-paper` for what is filled on
    paper, and `promote` or `reject` by the policy's checks over a window of sessions
    after the staged one. With --apply they are published, by the name `review`; the
    same rows give the same decisions, so that applying them again changes nothing.
    """
    from signal_tracker.review import review_fields, review_of
    from signal_tracker.stored import read_stored
    from sinks.snapshot import DATABASE

    review = review_of(read_stored(data / DATABASE), signal_id)
    if format_ == "json":
        fields = review_fields(review)
        click.echo(plain_json(json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False)))
    else:
        _print_table(review, one=signal_id is not None, everything=everything)
    if apply_:
        _apply(review, broker, prefix, data)


def _print_table(review: "Review", *, one: bool, everything: bool) -> None:
    from signal_tracker.review_lines import review_lines, signal_lines

    if one:
        say_lines(signal_lines(review.signals[0]))
    else:
        say_lines(review_lines(review, everything=everything))


def _apply(review: "Review", broker: Cluster, prefix: str, data: Path) -> None:
    from signal_tracker.decisions import send
    from signal_tracker.review_lines import proposed_words
    from signal_tracker.same_topics import check_same_topics
    from sinks.snapshot import DATABASE

    decisions = review.decisions
    if decisions:
        with publishing(broker, prefix) as publisher:
            check_same_topics(broker, prefix, review.as_of.topic_ids, data / DATABASE)
            send(publisher, decisions, prefix)
        log = PipelineLog(data)
        log.pipeline(f"review: {proposed_words(decisions, 'published')}")
        log.track(*(f"{e.signal_id} {e.ticker}: {e.kind} decided, {e.reason}" for e in decisions))
    say(proposed_words(decisions, "published"))
