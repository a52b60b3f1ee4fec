"""`signal-tracker audit`: fold the source topics again, and compare every row of signals.db."""

import sys
from pathlib import Path

import click

from schemas.cluster import Cluster
from signal_tracker.commands.worker import (
    app_id_option,
    calendars_option,
    lateness_option,
    policy_option,
    publishing_times_option,
)
from signal_tracker.options import broker_option, data_option, option, prefix_option


@click.command("audit")
@broker_option
@prefix_option
@data_option
@policy_option
@app_id_option
@calendars_option
@lateness_option
@publishing_times_option
@option(
    "--wait",
    "seconds",
    metavar="SECONDS",
    envvar="SIGNAL_TRACKER_AUDIT_WAIT",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Wait up to so long until worker and sink have caught up.",
)
@option(
    "--format",
    "format_",
    envvar="SIGNAL_TRACKER_AUDIT_FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Tables for people, or JSON lines: each difference, and the summary as the last one.",
)
@option(
    "--show",
    metavar="N",
    envvar="SIGNAL_TRACKER_AUDIT_SHOW",
    type=click.IntRange(min=0),
    default=20,
    help="As text, show so many differences.",
)
def command(  # noqa: PLR0917 click passes options by name
    broker: Cluster,
    prefix: str,
    data: Path,
    policy: str,
    app_id: str,
    calendars: tuple[str, ...],
    lateness: float,
    ignore_publishing_times: bool,
    seconds: float,
    format_: str,
    show: int,
) -> None:
    """Fold the source topics from their beginning and compare every row of DATA/signals.db.

    Give policy, calendars and lateness as the worker has them. Nothing is
    written. Of tickers with records still on their way no row is compared, and
    they are named. Exit status 0 where all rows are as they should be, else 1.
    """
    from signal_tracker import audit_words as words
    from signal_tracker.audit_run import Judging, run_audit
    from signal_tracker.checks import check_judging
    from signal_tracker.looking import Place
    from signal_tracker.printing import plain, say_lines
    from signal_tracker.progress import say
    from signal_tracker.remedies import topics_remedied
    from sinks.differences import Comparison, Difference
    from sinks.snapshot import DATABASE

    policies, book = check_judging(policy, calendars)
    judging = Judging(
        policies=policies,
        calendars=book,
        lateness_ms=int(lateness * 60_000),
        judge_backdated=not ignore_publishing_times,
    )
    place = Place(broker=broker, prefix=prefix, group=prefix + app_id, path=data / DATABASE)
    shown: list[Difference] = []

    def found(difference: Difference) -> None:
        if format_ == "json":
            sys.stdout.buffer.write(words.as_json(words.difference_fields(difference)))
        elif len(shown) < show:
            shown.append(difference)

    comparison = Comparison(found)
    with topics_remedied(broker, prefix):
        outcome = run_audit(place, judging, comparison, seconds, lambda line: say(plain(line)))
    total = sum(comparison.differences.values())
    if format_ == "json":
        sys.stdout.buffer.write(words.as_json(words.summary(comparison, outcome)))
    else:
        say_lines(words.table_lines(comparison))
        if shown:
            say_lines(["", *words.difference_lines(shown, total), ""])
        click.echo(words.last_line(comparison, outcome))
    if total or outcome.unsettled:
        raise click.exceptions.Exit(1)
