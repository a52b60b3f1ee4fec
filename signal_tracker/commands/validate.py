"""`signal-tracker validate`: each signal's checks, as they stand in signals.db."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from signal_tracker.columns import aligned, counted
from signal_tracker.options import data_option, option

if TYPE_CHECKING:
    from sinks.rows import SignalRow

_INSUFFICIENT = "insufficient"


@click.command("validate")
@data_option
@option("--signal", "signal_id", metavar="ID", help="Only this signal.")
@option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table for people, or JSON for programs.",
)
def command(*, data: Path, signal_id: str | None, format_: str) -> None:
    """Print each signal's checks: required, actual, status and reason.

    For a matured signal these are the checks of its stored verdict, for any
    other how far it is: it is insufficient until the end of its window,
    whatever its return is today. Nothing is judged again; no broker is needed.
    """
    from sinks.snapshot import DATABASE

    judged = [_judged(each) for each in _signals(data / DATABASE, signal_id)]
    if format_ == "json":
        click.echo(json.dumps(judged, indent=2, sort_keys=True, ensure_ascii=False))
        return
    for line in _table(judged):
        click.echo(line)


def checks_of(signal: "SignalRow") -> list[dict[str, Any]]:
    """Return the checks of the stored verdict, or what they wait for."""
    if signal.verdict is not None:
        return [dict(each) for each in signal.verdict["checks"]]
    return [
        {
            "name": name,
            "op": op,
            "required": required,
            "actual": _seen(signal, name),
            "status": _INSUFFICIENT,
            "reason": _waits_for(signal, name),
        }
        for name, op, required in _rules_of(signal)
    ]


def _signals(path: Path, signal_id: str | None) -> "list[SignalRow]":
    from sinks.sqlite_queries import read_signal, read_signals, reading

    with reading(path) as connection:
        if signal_id is None:
            return read_signals(connection)
        found = read_signal(connection, signal_id)
    if found is None:
        msg = f"there is no signal {signal_id!r} in {path}"
        raise click.ClickException(msg)
    return [found]


def _judged(signal: "SignalRow") -> dict[str, Any]:
    from sinks.report import ready_reasons

    reasons = ready_reasons(signal)
    return {
        "signal_id": signal.signal_id,
        "ticker": signal.ticker,
        "action": signal.action,
        "status": signal.status,
        "validation_status": signal.validation_status,
        "verdict": signal.verdict_status or _INSUFFICIENT,
        "observations": signal.observations,
        "window_sessions": signal.window_sessions,
        "checks": checks_of(signal),
        "policy": signal.policy,
        "ready_for_trading": not reasons,
        "reasons": reasons,
    }


def _rules_of(signal: "SignalRow") -> Sequence[tuple[str, str, float]]:
    from streams.domain.policy import applies
    from streams.policy_files import PolicyError, load_policy

    try:
        policy = load_policy(signal.policy).at(signal.generated_at_ms)
    except PolicyError:
        policy = None
    if policy is None or policy.hash != signal.policy_hash:
        # a policy file of the worker's own: only its window is known from the rows
        return [("validation_period", ">=", float(signal.window_sessions))]
    return [
        (each.name, each.op, each.required)
        for each in policy.checks
        if applies(each, signal.action)
    ]


def _seen(signal: "SignalRow", name: str) -> float | None:
    match name:
        case "validation_period":
            return float(signal.observations)
        case "annual_return":
            return signal.annual_return
        case "max_drawdown":
            return signal.max_drawdown
        case "stayed_flat" if signal.raw_return is not None:
            return abs(signal.raw_return)
    return None


def _waits_for(signal: "SignalRow", name: str) -> str:
    if signal.status == "cancelled":
        return "cancelled before its entry"
    if signal.entry_session is None:
        return "no entry price yet"
    if name == "validation_period":
        return f"{signal.observations} of {signal.window_sessions} sessions observed"
    return "judged at the end of the window"


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
        rows = [
            (
                f"  {check['name']}",
                check["op"],
                check["required"],
                check["actual"],
                check["status"],
                check["reason"],
            )
            for check in each["checks"]
        ]
        yield from aligned(("  check", "op", "required", "actual", "status", "reason"), rows)
        yield ""
    passed = sum(each["verdict"] == "passed" for each in judged)
    failed = sum(each["verdict"] == "failed" for each in judged)
    yield (
        f"{counted(len(judged), 'signal')}: {passed} passed, {failed} failed, "
        f"{len(judged) - passed - failed} insufficient, "
        f"{sum(each['ready_for_trading'] for each in judged)} ready for trading"
    )
    reasons = sorted({reason for each in judged for reason in each["reasons"]})
    if reasons:
        yield f"not ready: {', '.join(reasons)}"
