"""`signal-tracker validate`: each signal's checks, as stored, or as another policy would judge."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from signal_tracker.columns import counted
from signal_tracker.options import data_option, option
from signal_tracker.printing import check_lines, plain_json, say_lines

if TYPE_CHECKING:
    from signal_tracker.stored import Stored

_INSUFFICIENT = "insufficient"


@click.command("validate")
@data_option
@option("--signal", "signal_id", metavar="ID", help="Only this signal.")
@option(
    "--policy",
    metavar="NAME|FILE",
    # SIGNAL_TRACKER_POLICY is that of the worker
    envvar="SIGNAL_TRACKER_VALIDATE_POLICY",
    help="Judge by this policy instead; nothing is written.",
)
@option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table for people, or JSON for programs.",
)
def command(*, data: Path, signal_id: str | None, policy: str | None, format_: str) -> None:
    """Print each signal's checks: required, actual, status and reason.

    For a matured signal these are the checks of its stored verdict, for any
    other how far it is: it is insufficient until the end of its window,
    whatever its return is today. Nothing is judged again, unless --policy names
    another policy: then its verdict and screen stand beside the stored ones, and
    the counts of changes below. No broker is needed.
    """
    from signal_tracker.stored import read_stored
    from sinks.snapshot import DATABASE

    if policy is not None:
        _by_policy(data / DATABASE, signal_id, policy, format_)
        return
    stored = read_stored(data / DATABASE)
    judged = _judged(stored, signal_id)
    if format_ == "json":
        _print_json(judged)
    else:
        say_lines(_table(judged))


def _by_policy(path: Path, signal_id: str | None, policy: str, format_: str) -> None:
    from signal_tracker.rejudging import rejudge, rejudged_fields, rejudged_lines
    from signal_tracker.stored import read_stored
    from streams.policy_files import PolicyError, load_policy

    try:
        policies = load_policy(policy)
    except PolicyError as error:
        raise click.UsageError(str(error)) from None
    rejudged = rejudge(read_stored(path), policies, signal_id)
    if format_ == "json":
        _print_json(rejudged_fields(rejudged))
    else:
        say_lines(rejudged_lines(rejudged))


def _print_json(value: Any) -> None:
    click.echo(plain_json(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)))


def _judged(stored: "Stored", signal_id: str | None) -> list[dict[str, Any]]:
    from signal_tracker.judging import stored_checks

    return [
        {
            "signal_id": signal.signal_id,
            "ticker": signal.ticker,
            "action": signal.action,
            "status": signal.status,
            "validation_status": signal.validation_status,
            "verdict": signal.verdict_status or _INSUFFICIENT,
            "observations": signal.observations,
            "window_sessions": signal.window_sessions,
            "checks": stored_checks(signal, stored.policies.get(signal.policy_hash)),
            "policy": signal.policy,
            "ready_for_trading": stored.report.readiness[signal.signal_id].ready,
            "reasons": list(stored.report.readiness[signal.signal_id].against),
        }
        for signal in stored.signals(signal_id)
    ]


def _table(judged: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not judged:
        yield "no signals"
        return
    for each in judged:
        yield (
            f"{each['signal_id']}  {each['ticker']} {each['action']}  {each['status']}  "
            f"verdict {each['verdict']}  "
            f"observations {each['observations']} of {each['window_sessions']}"
        )
        yield from check_lines(each["checks"])
        if each["reasons"]:
            yield f"  not ready: {'; '.join(each['reasons'])}"
        yield ""
    passed = sum(each["verdict"] == "passed" for each in judged)
    failed = sum(each["verdict"] == "failed" for each in judged)
    yield (
        f"{counted(len(judged), 'signal')}: {passed} passed, {failed} failed, "
        f"{len(judged) - passed - failed} insufficient, "
        f"{sum(each['ready_for_trading'] for each in judged)} ready for trading"
    )
