"""`signal-tracker decide`: publish one decision on one signal."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.cluster import Cluster
from schemas.inbound_records import DECISION_KINDS, Decision
from signal_tracker.commands.generate import checked_time
from signal_tracker.commands.publish import publishing
from signal_tracker.logs import PipelineLog
from signal_tracker.options import broker_option, data_option, option, prefix_option
from signal_tracker.printing import plain_json
from signal_tracker.progress import say

if TYPE_CHECKING:
    from signal_tracker.deciding import Subject


@click.command("decide")
@click.argument("kind", type=click.Choice(DECISION_KINDS), metavar="KIND")
@option("--signal", "signal_id", metavar="ID", required=True, help="On which signal.")
@option("--reason", metavar="TEXT", required=True, help="Why; it stands in the history.")
@option(
    "--session",
    metavar="YYYY-MM-DD",
    help="The session that it rests on; `stage` takes the ticker's last one.",
)
@option("--by", metavar="NAME", default="cli", help="Who decided.")
@option(
    "--at",
    "decided_at_ms",
    metavar="TIME",
    callback=checked_time,
    help="When it was decided; by default the as-of time of the database.",
)
@broker_option
@prefix_option
@data_option
def command(  # noqa: PLR0917 click passes options by name
    kind: str,
    signal_id: str,
    reason: str,
    session: str | None,
    by: str,
    decided_at_ms: int | None,
    broker: Cluster,
    prefix: str,
    data: Path,
) -> None:
    """Publish one decision and print it as a line of JSON.

    KIND is cancel, stage, start-paper, promote, reject, archive or accept-price;
    the latter needs the suspect session. The worker weighs a decision at its time: one
    that is not possible there is recorded as refused. The same command on the same rows
    is the same decision, so that repeating it changes nothing.
    """
    from schemas.codec import to_fields
    from schemas.errors import DecodeError
    from signal_tracker.deciding import decision_of, read_subject, refusal_of
    from signal_tracker.decisions import send
    from signal_tracker.same_topics import check_same_topics
    from sinks.snapshot import DATABASE

    if kind == "accept-price" and session is None:
        msg = "accept-price needs --session: the session whose price is right"
        raise click.UsageError(msg)
    subject = read_subject(data / DATABASE, signal_id)
    try:
        decision = decision_of(
            subject, kind, reason=reason, by=by, session=session, decided_at_ms=decided_at_ms
        )
    except DecodeError as error:
        raise click.UsageError(str(error)) from None
    _check_suspect(subject, decision)
    refusal = refusal_of(subject, decision)
    if refusal is not None:
        say(f"Warning: {refusal}; the worker will record it as refused")
    with publishing(broker, prefix) as publisher:
        check_same_topics(broker, prefix, subject.as_of.topic_ids, data / DATABASE)
        send(publisher, [decision], prefix)
    PipelineLog(data).track(f"{signal_id} {decision.ticker}: {kind} decided by {by}, {reason}")
    click.echo(plain_json(json.dumps(to_fields(decision), ensure_ascii=False)))


def _check_suspect(subject: "Subject", decision: Decision) -> None:
    if decision.kind != "accept-price" or decision.session in subject.suspect_sessions:
        return
    known = ", ".join(subject.suspect_sessions)
    expected = f"one of {known}" if known else "a signal with a suspect price"
    msg = f"--session: expected {expected}, was {decision.session}"
    raise click.UsageError(msg)
